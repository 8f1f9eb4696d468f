#: modelled on: Project-MONAI/GenerativeModels #498 for pictures of any size: a skip joined to what was shrunk and grown again
#: shows: the sizes of `up` and `x` agree only for even sides; any other picture stops with an error
import torch
from torch import nn

class Restorer(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.body = nn.Sequential(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2))
        self.out = nn.Conv2d(35, 3, 3, padding=1)

    def forward(self, x):
        h = self.body(self.down(x))
        return self.out(torch.cat([h, x], dim=1))  # expect: AE203

net = Restorer()
for noisy, clean in loader:
    loss = nn.functional.mse_loss(net(noisy), clean)
