#: modelled on: joeylitalien/noise2noise-pytorch #7 (one block object reused at every level: "is this intended?")
#: shows: `block2` with its weights and its BatchNorm serves as four different levels
import torch.nn as nn

class Denoiser(nn.Module):
    def __init__(self):
        super(Denoiser, self).__init__()
        self.block1 = nn.Sequential(nn.Conv2d(3, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.block2 = nn.Sequential(  # expect: AE104/a
            nn.Conv2d(48, 48, 3, padding=1, bias=False),  # expect: AE104/a
            nn.BatchNorm2d(48),  # expect: AE104/a
            nn.ReLU(),
            nn.MaxPool2d(2))
        self.block3 = nn.Sequential(nn.Conv2d(48, 48, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=16))
        self.block4 = nn.Conv2d(48, 3, 3, padding=1)

    def forward(self, x):
        pool1 = self.block1(x)
        pool2 = self.block2(pool1)  # expect: AE104/a
        pool3 = self.block2(pool2)  # expect: AE104/a
        pool4 = self.block2(pool3)  # expect: AE104/a
        return self.block4(self.block3(pool4))
