#: modelled on: milesial/Pytorch-UNet PR 325, 4uiiurz1/pytorch-nested-unet #39, houqb/SPNet PR 11
#: shows: every stage has a bias that its BatchNorm subtracts
from torch import nn

def stage(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(inplace=True))  # expect: AE301

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = stage(3, 32), stage(32, 8), stage(8, 32)
        self.pool, self.up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2)
        self.out = nn.Conv2d(32, 3, 1)

    def forward(self, x):
        x = self.pool(self.a(x))
        x = self.b(x)
        x = self.c(self.up(x))
        return self.out(x).sigmoid()
