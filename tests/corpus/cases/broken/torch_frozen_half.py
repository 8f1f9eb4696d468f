#: modelled on: fine-tuning recipes on a network that was never trained before
#: shows: a fresh encoder's first half is frozen, its second half trained
import torch
from torch import nn

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 4, 2, 1)  # expect: AE106/a
        self.encoder = nn.Sequential(nn.ReLU(), nn.Conv2d(32, 8, 4, 2, 1))
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1))
        for p in self.stem.parameters():  # expect: AE106/a
            p.requires_grad = False  # expect: AE106/a

    def forward(self, x):
        h = self.stem(x)  # expect: AE106/a
        return self.decoder(self.encoder(h))
