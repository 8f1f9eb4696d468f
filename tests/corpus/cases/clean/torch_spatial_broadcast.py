#: modelled on: spatial broadcast decoders: coordinates beside the latent
#: shows: linspace, meshgrid, expand and cat; the coordinates are no second picture
import torch
from torch import nn

class SBD(nn.Module):
    def __init__(self, size=64, z=16):
        super().__init__()
        self.size, self.z = size, z
        self.enc = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 16 * 16, z))
        line = torch.linspace(-1, 1, size)
        gy, gx = torch.meshgrid(line, line, indexing='ij')
        self.register_buffer('grid', torch.stack([gx, gy])[None])
        self.dec = nn.Sequential(nn.Conv2d(z + 2, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 3, 1), nn.Sigmoid())

    def forward(self, x):
        z = self.enc(x)
        plane = z[:, :, None, None].expand(-1, -1, self.size, self.size)
        return self.dec(torch.cat([plane, self.grid.expand(len(x), -1, -1, -1)], dim=1))
