#: modelled on: pochih/FCN-pytorch #21 ("why is bn behind relu?") with dropout in front of it
#: shows: three orders that deserve a note or a warning
from torch import nn

class Orders(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(32))  # expect: AE306
        self.two = nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Dropout2d(0.3), nn.BatchNorm2d(32))  # expect: AE310
        self.code = nn.Conv2d(32, 4, 1)
        self.three = nn.Sequential(nn.Conv2d(4, 32, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(32))  # expect: AE305
        self.last = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(32, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, x):
        x = self.code(self.two(self.one(x)))
        return self.last(self.three(x))
