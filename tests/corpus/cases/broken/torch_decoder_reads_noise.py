#: modelled on: VAE code whose sampling test was left in forward()
#: may: AE101
#: shows: the output is made of fresh noise; the picture is encoded for nothing
import torch
from torch import nn

class SampleOnly(nn.Module):
    def __init__(self, d=12):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(1, 8, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, d))
        self.dec = nn.Sequential(nn.Linear(d, 8 * 14 * 14), nn.ReLU(), nn.Unflatten(1, (8, 14, 14)), nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Sigmoid())
        self.d = d

    def forward(self, x):
        z = self.enc(x)
        z_test = torch.randn(x.shape[0], self.d, device=x.device)
        return self.dec(z_test)  # expect: AE110
