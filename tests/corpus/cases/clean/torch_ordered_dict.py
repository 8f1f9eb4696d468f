#: modelled on: Sequential with OrderedDict and add_module
#: shows: names instead of numbers, indexing and slices of a Sequential
from collections import OrderedDict
from torch import nn

class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(OrderedDict([
            ('conv1', nn.Conv2d(1, 16, 4, 2, 1)),
            ('relu1', nn.ReLU()),
            ('conv2', nn.Conv2d(16, 4, 4, 2, 1)),
        ]))
        self.dec = nn.Sequential()
        self.dec.add_module('deconv1', nn.ConvTranspose2d(4, 16, 4, 2, 1))
        self.dec.add_module('relu1', nn.ReLU())
        self.dec.add_module('deconv2', nn.ConvTranspose2d(16, 1, 4, 2, 1))

    def forward(self, x):
        h = self.enc[:2](x)
        z = self.enc.conv2(h)
        return self.dec(z)
