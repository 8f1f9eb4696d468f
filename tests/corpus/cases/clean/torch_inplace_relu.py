#: modelled on: `F.relu_(x)` and `nn.ReLU(inplace=True)(x)` whose results are dropped
#: shows: what works in place needs nobody to take its result
import torch
from torch import nn
import torch.nn.functional as F

class Inplace(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 16, 4, 2, 1)
        self.act = nn.ReLU(inplace=True)
        self.b = nn.Conv2d(16, 4, 3, padding=1)
        self.c = nn.ConvTranspose2d(4, 3, 4, 2, 1)

    def forward(self, x):
        x = self.a(x)
        self.act(x)
        x = self.b(x)
        F.relu_(x)
        x = self.c(x)
        x.sigmoid_()
        return x
