#: modelled on: hand-made vector quantisation without the straight-through estimator
#: shows: argmin passes no gradient: encoder stays as it was initialised
import torch
from torch import nn

class HardCodes(nn.Module):
    def __init__(self, K=256, D=16):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 64, 4, stride=2, padding=1), nn.ReLU(), nn.Conv2d(64, D, 4, stride=2, padding=1))
        self.codes = nn.Embedding(K, D)
        self.dec = nn.Sequential(nn.ConvTranspose2d(D, 64, 4, stride=2, padding=1), nn.ReLU(),
                                 nn.ConvTranspose2d(64, 3, 4, stride=2, padding=1), nn.Sigmoid())

    def forward(self, x):
        z = self.enc(x).permute(0, 2, 3, 1)
        dist = torch.cdist(z.flatten(0, 2), self.codes.weight)
        idx = dist.argmin(dim=1)  # expect: AE106
        q = self.codes(idx).view(z.shape)
        return self.dec(q.permute(0, 3, 1, 2))
