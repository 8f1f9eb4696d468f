#: modelled on: modules that keep one ReLU, one MaxPool and one Dropout for all stages
#: shows: layers without weights may be used as often as one likes
import torch
from torch import nn

class Stages(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2, 2)
        self.up = nn.UpsamplingNearest2d(scale_factor=2)
        self.drop = nn.Dropout2d(0.1)
        self.c1, self.c2 = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 4, 3, padding=1)
        self.c3, self.c4 = nn.Conv2d(4, 16, 3, padding=1), nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, x):
        x = self.pool(self.drop(self.relu(self.c1(x))))
        x = self.pool(self.drop(self.relu(self.c2(x))))
        x = self.up(self.relu(self.c3(x)))
        return torch.sigmoid(self.c4(self.up(x)))
