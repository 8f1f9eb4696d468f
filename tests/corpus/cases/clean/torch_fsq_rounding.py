#: modelled on: finite scalar quantisation and binary codes with straight-through rounding
#: shows: round() is there, and `z + (q - z).detach()` carries the gradient past it
import torch
from torch import nn

class FSQ(nn.Module):
    def __init__(self, levels=8):
        super().__init__()
        self.half = (levels - 1) / 2

    def forward(self, z):
        z = torch.tanh(z) * self.half
        q = torch.round(z)
        return z + (q - z).detach()

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 5, 4, 2, 1))
        self.fsq = FSQ()
        self.dec = nn.Sequential(nn.ConvTranspose2d(5, 64, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(64, 3, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        return self.dec(self.fsq(self.enc(x)))
