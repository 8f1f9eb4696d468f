#: modelled on: a base class with forward() and children that fill in encoder and decoder
#: shows: `self.encoder` comes from the child; abstract methods raise
import torch
from torch import nn
from abc import abstractmethod

class BaseAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = self.make_encoder()
        self.decoder = self.make_decoder()

    @abstractmethod
    def make_encoder(self):
        raise NotImplementedError

    @abstractmethod
    def make_decoder(self):
        raise NotImplementedError

    def forward(self, x):
        return self.decoder(self.encoder(x))

class ConvAE(BaseAE):
    def make_encoder(self):
        return nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 8, 4, 2, 1))

    def make_decoder(self):
        return nn.Sequential(nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())

class WideConvAE(ConvAE):
    def make_encoder(self):
        return nn.Sequential(nn.Conv2d(3, 96, 4, 2, 1), nn.ReLU(), nn.Conv2d(96, 8, 4, 2, 1))
