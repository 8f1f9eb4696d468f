#: modelled on: modules that end in ReLU and a forward() that applies it again
#: shows: relu(relu(x)) twice, and a sigmoid on a sigmoid
import torch
import torch.nn as nn
import torch.nn.functional as F

class DoubleAct(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU())
        self.c2 = nn.Conv2d(16, 4, 3, 2, 1)
        self.d1 = nn.ConvTranspose2d(4, 16, 2, 2)
        self.d2 = nn.Sequential(nn.ConvTranspose2d(16, 1, 2, 2), nn.Sigmoid())

    def forward(self, x):
        x = F.relu(self.c1(x))  # expect: AE308
        x = self.c2(x)
        x = F.relu(self.d1(x))
        return torch.sigmoid(self.d2(x))  # expect: AE308
