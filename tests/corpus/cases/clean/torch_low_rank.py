#: modelled on: depthwise-separable and factorised convolutions (MobileNet, R2+1D)
#: shows: depthwise then pointwise, 1 x 3 then 3 x 1: nothing non-linear in between on purpose
from torch import nn

def separable(i, o, s=1):
    return nn.Sequential(
        nn.Conv2d(i, i, 3, s, 1, groups=i, bias=False),
        nn.Conv2d(i, o, 1, bias=False),
        nn.BatchNorm2d(o),
        nn.ReLU6(inplace=True))

class Mobile(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(separable(3, 32, 2), separable(32, 64, 2), nn.Conv2d(64, 6, 1))
        self.dec = nn.Sequential(
            nn.Conv2d(6, 64, 1), nn.ReLU(),
            nn.Conv2d(64, 32, (1, 3), padding=(0, 1)), nn.Conv2d(32, 32, (3, 1), padding=(1, 0)), nn.ReLU(),
            nn.Upsample(scale_factor=4, mode='bilinear', align_corners=False),
            nn.Conv2d(32, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, x):
        return self.dec(self.enc(x))
