#: modelled on: the block map of space-to-depth autoencoders, with linear maps on purpose
#: shows: unshuffle, two convolutions around the waist without an activation (a linear latent), shuffle
from torch import nn

class Blocks(nn.Module):
    def __init__(self, k=16):
        super().__init__()
        self.encode = nn.Sequential(nn.PixelUnshuffle(4), nn.Conv2d(48, k, 3, padding=1))
        self.decode = nn.Sequential(nn.Conv2d(k, 48, 3, padding=1), nn.PixelShuffle(4))

    def forward(self, x):
        return self.decode(self.encode(x))
