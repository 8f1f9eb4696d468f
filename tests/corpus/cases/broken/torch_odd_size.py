#: modelled on: Project-MONAI/GenerativeModels #498 (1225 x 966 comes back as 1224 x 964)
#: shows: MaxPool2d drops the last row of 225; Upsample cannot bring it back
#: may: AE203
import torch
from torch import nn

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 4, 3, padding=1))
        self.dec = nn.Sequential(nn.Conv2d(4, 16, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(16, 3, 3, padding=1))  # expect: AE202/a

    def forward(self, x):
        return self.dec(self.enc(x))  # expect: AE202/a

x = torch.randn(2, 3, 225, 225)
model = AE()
y = model(x)
