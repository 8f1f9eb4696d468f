"""PyTorch models of many habits: each source defines `Net` and says the sizes of an image."""

PLAIN = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1)
        self.conv2 = nn.Conv2d(64, 16, (3, 3), padding='same', bias=False)
        self.bn = nn.BatchNorm2d(16)
        self.pool = nn.MaxPool2d(2, 2)
        self.t1 = nn.ConvTranspose2d(16, 16, 2, stride=2)
        self.t2 = nn.ConvTranspose2d(16, 3, kernel_size=4, stride=2, padding=1)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = self.pool(x)
        x = self.bn(F.relu(self.conv2(x)))
        x = self.pool(x)
        x = F.relu(self.t1(x))
        return torch.sigmoid(self.t2(x))
"""

SEQUENTIALS = """
from collections import OrderedDict
from torch import nn

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 3, stride=2, padding=1), nn.ReLU(True),
            nn.Conv2d(width, width * 2, 3, stride=2, padding=1), nn.GroupNorm(4, width * 2), nn.SiLU(),
            nn.Conv2d(width * 2, width * 4, 7),
        )
        layers = [nn.ConvTranspose2d(width * 4, width * 2, 7), nn.InstanceNorm2d(width * 2, affine=True)]
        layers.append(nn.GELU())
        layers += [
            nn.ConvTranspose2d(width * 2, width, 3, stride=2, padding=1, output_padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        self.decoder = nn.Sequential(*layers)
        self.decoder.append(nn.ConvTranspose2d(width, 1, 3, stride=2, padding=1, output_padding=1))
        self.head = nn.Sequential(OrderedDict([("act", nn.Tanh()), ("drop", nn.Dropout(0.1))]))

    def forward(self, x):
        return self.head(self.decoder(self.encoder(x)))
"""

HELPERS = """
import torch.nn as nn

def conv_block(inp, out, *, norm=True, act=nn.ReLU):
    layers = [nn.Conv2d(inp, out, 3, padding=1, bias=not norm)]
    if norm:
        layers.append(nn.BatchNorm2d(out))
    layers.append(act())
    return nn.Sequential(*layers)

class Block(nn.Module):
    def __init__(self, channels):
        nn.Module.__init__(self)
        self.body = nn.Sequential(conv_block(channels, channels), nn.Conv2d(channels, channels, 1))

    def forward(self, x):
        return x + self.body(x)

class Net(nn.Module):
    def __init__(self, widths=(16, 32), depth=2):
        super().__init__()
        self.stem = conv_block(3, widths[0], act=nn.ELU)
        self.stages = nn.ModuleList()
        for a, b in zip(widths[:-1], widths[1:]):
            self.stages.append(nn.Conv2d(a, b, 4, 2, 1))
            self.stages.extend([Block(b) for _ in range(depth)])
        out = nn.Conv2d(widths[-1], 3, 3, 1, 1)
        self.ups = nn.ModuleDict({"up": nn.Upsample(scale_factor=2, mode="bilinear"), "out": out})

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        for name in ("up", "out"):
            x = self.ups[name](x)
        return x
"""

DENSE = """
import torch
from torch import nn
import torch.nn.functional as F

class Encoder(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 12, 4, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(12 * 16 * 16, latent))
    def forward(self, x):
        return self.net(x)

class Decoder(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.fc = nn.Linear(latent, 12 * 16 * 16)
        self.shape = nn.Unflatten(1, (12, 16, 16))
        self.up = nn.ConvTranspose2d(12, 3, 4, stride=2, padding=1)
    def forward(self, z):
        return self.up(self.shape(F.relu(self.fc(z))))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(24), Decoder(latent=24)
    def encode(self, x):
        return self.encoder(x)
    def decode(self, z):
        return self.decoder(z)
    def forward(self, x):
        z = self.encode(x)
        return self.decode(z), z
"""

VAE = """
import torch
import torch.nn as nn

class Base(nn.Module):
    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

class Net(Base):
    def __init__(self, z_dim=10, input_shape=(1, 28, 28)):
        super().__init__()
        c, h, w = input_shape
        self.conv = nn.Sequential(nn.Conv2d(c, 8, 3, 2, 1), nn.LeakyReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.LeakyReLU())
        self.flat = 16 * (h // 4) * (w // 4)
        self.mu, self.logvar = nn.Linear(self.flat, z_dim), nn.Linear(self.flat, z_dim)
        self.back = nn.Linear(z_dim, self.flat)
        self.deconv = nn.Sequential(
            nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.LeakyReLU(), nn.ConvTranspose2d(8, c, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        h = self.conv(x)
        h = h.view(h.size(0), -1)
        mu, logvar = self.mu(h), self.logvar(h)
        z = self.reparameterize(mu, logvar)
        y = self.back(z).view(-1, 16, 7, 7)
        return self.deconv(y), mu, logvar
"""

UNET = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Double(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
                         nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True))

class Net(nn.Module):
    def __init__(self, features=[8, 16]):
        super().__init__()
        self.downs, self.ups = nn.ModuleList(), nn.ModuleList()
        self.pool = nn.MaxPool2d(kernel_size=2)
        i = 3
        for f in features:
            self.downs.append(Double(i, f))
            i = f
        for f in reversed(features):
            self.ups.append(nn.ConvTranspose2d(f * 2, f, 2, 2))
            self.ups.append(Double(f * 2, f))
        self.bottleneck = Double(features[-1], features[-1] * 2)
        self.final = nn.Conv2d(features[0], 3, kernel_size=1)

    def forward(self, x):
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bottleneck(x)
        skips = skips[::-1]
        for i in range(0, len(self.ups), 2):
            x = self.ups[i](x)
            skip = skips[i // 2]
            if x.shape[2:] != skip.shape[2:]:
                x = F.interpolate(x, size=skip.shape[2:])
            x = self.ups[i + 1](torch.cat((skip, x), dim=1))
        return self.final(x)
"""

LATE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.depth = 3
        self._build()

    def _build(self):
        channels = 4
        for i in range(self.depth):
            setattr(self, f"down{i}", nn.Conv2d(3 if i == 0 else channels, channels * 2, 3, stride=2, padding=1))
            channels *= 2
        self.add_module("shuffle", nn.PixelShuffle(8))
        self.to_pixels = nn.Conv2d(channels, 3 * 64, kernel_size=1)

    def forward(self, x):
        for i in range(self.depth):
            x = getattr(self, f"down{i}")(x).relu_()
        x = self.to_pixels(x)
        return self.shuffle(x).clamp(0, 1)
"""

LAZY = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.LazyConv2d(8, 3, stride=2, padding=1)
        self.n = nn.LazyBatchNorm2d()
        self.flat = nn.Flatten()
        self.z = nn.LazyLinear(6)
        self.back = nn.Linear(6, 3 * 8 * 8)

    def forward(self, x):
        x = self.n(self.a(x)).relu()
        z = self.z(self.flat(x))
        return self.back(z).reshape(-1, 3, 8, 8)
"""

TIED = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 4, stride=2, padding=1)
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        z = torch.relu(self.conv(x))
        return F.conv_transpose2d(z, self.conv.weight, self.bias, stride=2, padding=1)
"""

MIXED = """
import torch
import torch.nn as nn

class SE(nn.Module):
    def __init__(self, c, r=4):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(c, c // r), nn.ReLU(), nn.Linear(c // r, c), nn.Sigmoid())
    def forward(self, x):
        b, c, _, _ = x.size()
        w = x.mean(dim=(2, 3))
        return x * self.fc(w).view(b, c, 1, 1)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc = nn.Conv2d(3, 16, kernel_size=5, padding=2, dilation=1)
        self.dw = nn.Conv2d(16, 16, 3, padding=2, dilation=2, groups=16)
        self.se = SE(16)
        self.pad = nn.ReflectionPad2d(1)
        self.down = nn.AvgPool2d(2)
        self.adaptive = nn.AdaptiveAvgPool2d((4, 4))
        self.out = nn.Conv2d(8, 3, 3)

    def forward(self, x):
        h = self.dw(self.inc(x))
        h = self.se(h)
        a, b = torch.chunk(self.down(h), 2, dim=1)
        h = a * torch.sigmoid(b)
        h = h.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
        side = self.adaptive(h)
        h = torch.nn.functional.interpolate(h, scale_factor=2, mode="nearest")
        return self.out(self.pad(h)), side
"""

MODELS: dict[str, tuple[str, tuple[int, ...]]] = {
    "plain": (PLAIN, (3, 32, 32)),
    "sequentials": (SEQUENTIALS, (1, 28, 28)),
    "helpers": (HELPERS, (3, 32, 32)),
    "dense": (DENSE, (3, 32, 32)),
    "vae": (VAE, (1, 28, 28)),
    "unet": (UNET, (3, 36, 28)),
    "late": (LATE, (3, 32, 32)),
    "lazy": (LAZY, (1, 16, 16)),
    "tied": (TIED, (3, 32, 32)),
    "mixed": (MIXED, (3, 24, 32)),
}
"""Source and (channels, height, width) by name."""
