#: modelled on: tied autoencoders in PyTorch: `F.conv_transpose2d(x, self.conv.weight)`
#: shows: the decoder uses the encoder's weights on purpose
import torch
from torch import nn
import torch.nn.functional as F

class Tied(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 4, stride=2, padding=1)
        self.conv2 = nn.Conv2d(width, 8, 4, stride=2, padding=1)
        self.bias1 = nn.Parameter(torch.zeros(width))
        self.bias0 = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        h = F.elu(self.conv1(x))
        z = self.conv2(h)
        h = F.elu(F.conv_transpose2d(z, self.conv2.weight, self.bias1, stride=2, padding=1))
        return F.conv_transpose2d(h, self.conv1.weight, self.bias0, stride=2, padding=1)
