#: modelled on: config-driven encoders and decoders (benchmark_VAE, diffusers)
#: shows: ModuleList, zip of reversed lists, setattr-free loops, a Sequential of *layers
from dataclasses import dataclass
import torch
from torch import nn

@dataclass
class Config:
    widths: tuple = (32, 64)
    latent: int = 4
    image_channels: int = 3

class Encoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.stages = nn.ModuleList()
        c = cfg.image_channels
        for w in cfg.widths:
            self.stages.append(nn.Sequential(nn.Conv2d(c, w, 4, 2, 1), nn.GroupNorm(8, w), nn.SiLU()))
            c = w
        self.head = nn.Conv2d(c, cfg.latent, 1)

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return self.head(x)

class Decoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        layers = [nn.Conv2d(cfg.latent, cfg.widths[-1], 1), nn.SiLU()]
        rev = list(reversed(cfg.widths))
        for i, w in enumerate(rev):
            nxt = rev[i + 1] if i + 1 < len(rev) else cfg.image_channels
            layers += [nn.ConvTranspose2d(w, nxt, 4, 2, 1)]
            if i + 1 < len(rev):
                layers += [nn.SiLU()]
        self.net = nn.Sequential(*layers)

    def forward(self, z):
        return torch.sigmoid(self.net(z))

class AutoEncoder(nn.Module):
    def __init__(self, cfg=Config()):
        super().__init__()
        self.encoder, self.decoder = Encoder(cfg), Decoder(cfg)

    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)

    def forward(self, x):
        return self.decode(self.encode(x))
