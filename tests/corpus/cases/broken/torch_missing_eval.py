#: modelled on: samet-akcay/ganomaly #83, DuaneNielsen/DeepInfomaxPytorch #18, cvlab-stonybrook/DM-Count #3
#: shows: BatchNorm keeps the test batches' statistics while the test loss is taken
import torch
from torch import nn
import torch.nn.functional as F

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 4, 4, 2, 1))
        self.dec = nn.Sequential(nn.ConvTranspose2d(4, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1))

    def forward(self, x):
        return torch.sigmoid(self.dec(self.enc(x)))

ae = AE()
opt = torch.optim.Adam(ae.parameters())
for epoch in range(20):
    for x, _ in train_loader:
        opt.zero_grad()
        loss = F.mse_loss(ae(x), x)
        loss.backward()
        opt.step()
    total = 0.
    with torch.no_grad():
        for x, _ in test_loader:
            total += F.mse_loss(ae(x), x).item()  # expect: AE607/a
    print(epoch, total / len(test_loader))  # expect: AE607/a
