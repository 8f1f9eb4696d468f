#: modelled on: "code" layers of full resolution in PyTorch tutorials
#: shows: 64 channels at half the size for 3 at the full one: five times the picture
import torch
from torch import nn

class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))  # expect: AE204/a
        self.decoder = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(64, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, x):
        return self.decoder(self.encoder(x))  # expect: AE204/a

net = Wide()
print(net(torch.zeros(1, 3, 32, 32)).shape)
