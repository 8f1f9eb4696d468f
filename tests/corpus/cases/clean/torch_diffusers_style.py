#: modelled on: AutoencoderKL-like code: a distribution object between encoder and decoder
#: shows: chunk, clamp, sample() of a class of one's own, quant convolutions around the waist
import torch
from torch import nn

class DiagonalGaussian:
    def __init__(self, parameters):
        self.mean, self.logvar = torch.chunk(parameters, 2, dim=1)
        self.logvar = torch.clamp(self.logvar, -30.0, 20.0)
        self.std = torch.exp(0.5 * self.logvar)

    def sample(self):
        return self.mean + self.std * torch.randn_like(self.mean)

    def mode(self):
        return self.mean

    def kl(self):
        return 0.5 * torch.sum(self.mean ** 2 + self.logvar.exp() - 1.0 - self.logvar, dim=[1, 2, 3])

class ResnetBlock(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, cin), nn.Conv2d(cin, cout, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(8, cout), nn.Conv2d(cout, cout, 3, padding=1)
        self.short = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()
        self.act = nn.SiLU()

    def forward(self, x):
        h = self.conv1(self.act(self.norm1(x)))
        h = self.conv2(self.act(self.norm2(h)))
        return self.short(x) + h

class AutoencoderKL(nn.Module):
    def __init__(self, ch=32, z=4):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, ch, 3, padding=1), ResnetBlock(ch, ch), nn.Conv2d(ch, ch, 3, 2, 1),
                                     ResnetBlock(ch, 2 * ch), nn.Conv2d(2 * ch, 2 * ch, 3, 2, 1), nn.GroupNorm(8, 2 * ch), nn.SiLU(), nn.Conv2d(2 * ch, 2 * z, 3, padding=1))
        self.quant_conv = nn.Conv2d(2 * z, 2 * z, 1)
        self.post_quant_conv = nn.Conv2d(z, z, 1)
        self.decoder = nn.Sequential(nn.Conv2d(z, 2 * ch, 3, padding=1), ResnetBlock(2 * ch, ch), nn.Upsample(scale_factor=2), nn.Conv2d(ch, ch, 3, padding=1),
                                     ResnetBlock(ch, ch), nn.Upsample(scale_factor=2), nn.GroupNorm(8, ch), nn.SiLU(), nn.Conv2d(ch, 3, 3, padding=1))

    def encode(self, x):
        return DiagonalGaussian(self.quant_conv(self.encoder(x)))

    def decode(self, z):
        return self.decoder(self.post_quant_conv(z))

    def forward(self, sample, sample_posterior=True):
        posterior = self.encode(sample)
        z = posterior.sample() if sample_posterior else posterior.mode()
        return self.decode(z), posterior
