#: modelled on: training and evaluation in functions of their own
#: shows: eval() is called in the function that evaluates; train() in the one that trains; `run` does both by a flag
import torch
from torch import nn

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 4, 4, 2, 1),
            nn.ConvTranspose2d(4, 16, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        return self.net(x)

def run(model, loader, criterion, opt=None):
    training = opt is not None
    model.train(training)
    total = 0.0
    with torch.set_grad_enabled(training):
        for x, _ in loader:
            loss = criterion(model(x), x)
            if training:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item()
    return total / len(loader)

model, criterion = AE(), nn.MSELoss()
opt = torch.optim.Adam(model.parameters())
for epoch in range(10):
    train_loss = run(model, train_loader, criterion, opt)
    val_loss = run(model, val_loader, criterion)
    print(f"{epoch:3d} {train_loss:.5f} {val_loss:.5f}")
