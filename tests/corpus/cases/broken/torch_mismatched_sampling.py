#: modelled on: fully convolutional decoders with one stage less than the encoder
#: shows: down by 8, up by 4
import torch.nn as nn

class FCAE(nn.Module):
    def __init__(self):
        super().__init__()
        chans = [3, 16, 32, 8]
        self.down = nn.ModuleList([nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in zip(chans, chans[1:])])
        self.up1 = nn.ConvTranspose2d(8, 32, 4, stride=2, padding=1)
        self.up2 = nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1)
        self.out = nn.Conv2d(16, 3, 3, padding=1)  # expect: AE503/a AE202/a
        self.act = nn.ReLU()

    def forward(self, x):
        for layer in self.down:
            x = self.act(layer(x))
        x = self.act(self.up1(x))
        x = self.act(self.up2(x))
        return self.out(x).sigmoid()  # expect: AE503/a AE202/a

