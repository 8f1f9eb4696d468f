#: modelled on: NVIDIA/DIGITS #1388, Rocketknight1/minimal_lczero #1 (two layers with nothing non-linear in between)
#: shows: decoder of two transposed convolutions that are one linear map
from torch import nn

class LinearDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 32, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 8, 4, stride=2, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(8, 64, 3, padding=1),  # expect: AE309/a
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),  # expect: AE309/a
            nn.ReLU(),
            nn.ConvTranspose2d(32, 3, 4, stride=2, padding=1),
        )

    def forward(self, x):
        return self.decoder(self.encoder(x))
