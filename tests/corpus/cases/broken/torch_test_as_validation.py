#: modelled on: the best epoch chosen on the test set (FT-ZHOU-ZZZ/CMTA #8; Pythae does the same)
#: shows: the checkpoint is chosen by the test loss
import torch
from torch import nn
from torchvision import datasets, transforms

t = transforms.ToTensor()
train_loader = torch.utils.data.DataLoader(datasets.FashionMNIST('.', train=True, transform=t), batch_size=64, shuffle=True)
test_loader = torch.utils.data.DataLoader(datasets.FashionMNIST('.', train=False, transform=t), batch_size=64)  # expect: AE601/a
model = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 4, 4, 2, 1),
                      nn.ConvTranspose2d(4, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Sigmoid())
opt = torch.optim.Adam(model.parameters())
best = float('inf')
for epoch in range(50):
    model.train()
    for x, _ in train_loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x), x)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val = sum(nn.functional.mse_loss(model(x), x).item() for x, _ in test_loader) / len(test_loader)  # expect: AE601/a
    if val < best:  # expect: AE601/a
        best = val
        torch.save(model.state_dict(), 'best.pt')
