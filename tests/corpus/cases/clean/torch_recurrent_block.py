#: modelled on: iterative refinement: one block applied several times on purpose
#: shows: a loop says that the sharing is meant
from torch import nn

class Refiner(nn.Module):
    def __init__(self, steps=4, ch=32):
        super().__init__()
        self.steps = steps
        self.inp = nn.Conv2d(3, ch, 4, 2, 1)
        self.block = nn.Sequential(nn.ReLU(), nn.Conv2d(ch, ch, 3, padding=1))
        self.squeeze = nn.Conv2d(ch, 6, 1)
        self.out = nn.ConvTranspose2d(6, 3, 4, 2, 1)

    def forward(self, x):
        h = self.inp(x)
        for _ in range(self.steps):
            h = h + self.block(h)
        return self.out(self.squeeze(h).relu()).sigmoid()
