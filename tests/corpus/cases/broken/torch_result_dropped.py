#: modelled on: feinanshan/FANet #5 (a normalisation that never normalises)
#: shows: `self.bn1(x)` returns a new tensor, and nobody takes it
from torch import nn

class Encoder(nn.Module):
    def __init__(self, ch=32):
        super(Encoder, self).__init__()
        self.c1 = nn.Conv2d(1, ch, 4, 2, 1)
        self.bn1 = nn.BatchNorm2d(ch)
        self.c2 = nn.Conv2d(ch, 4, 4, 2, 1)
        self.act = nn.LeakyReLU(0.2)

    def forward(self, x):
        x = self.c1(x)
        self.bn1(x)  # expect: AE101
        x = self.act(x)
        return self.c2(x)

class Decoder(nn.Module):
    def __init__(self, ch=32):
        super(Decoder, self).__init__()
        self.net = nn.Sequential(
            nn.ConvTranspose2d(4, ch, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(ch, 1, 4, 2, 1),
            nn.Sigmoid(),
        )

    def forward(self, z):
        return self.net(z)

class AE(nn.Module):
    def __init__(self):
        super(AE, self).__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, x):
        return self.decoder(self.encoder(x))
