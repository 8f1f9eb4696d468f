#: modelled on: video autoencoders
#: shows: three-dimensional layers give no alarms
from torch import nn

class VideoAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv3d(3, 32, (3, 4, 4), (1, 2, 2), 1), nn.ReLU(), nn.Conv3d(32, 8, (3, 4, 4), (1, 2, 2), 1))
        self.dec = nn.Sequential(nn.ConvTranspose3d(8, 32, (3, 4, 4), (1, 2, 2), 1), nn.ReLU(), nn.ConvTranspose3d(32, 3, (3, 4, 4), (1, 2, 2), 1))

    def forward(self, clip):
        return self.dec(self.enc(clip))
