#: modelled on: variables mixed up in VAE code: the decoder is handed the features, not the code
#: shows: `z` is worked out and the reconstruction does not depend on it
#: may: AE101
import torch
from torch import nn

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU())
        self.to_code = nn.Conv2d(32, 8, 3, padding=1)
        self.decoder = nn.Sequential(nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())

    def forward(self, images):
        h = self.features(images)
        z = self.to_code(h)  # expect: AE105/a AE101/a
        return self.decoder(h)
