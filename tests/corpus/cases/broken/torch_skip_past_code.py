#: modelled on: "my autoencoder is perfect after one epoch": U-Net skips in a network that is to compress
#: shows: the first features go to the decoder past `z`, and the targets are the inputs
import torch
from torch import nn

class CompressAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 32, 3, padding=1)
        self.c2 = nn.Conv2d(32, 4, 4, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 32, 4, stride=2, padding=1)
        self.out = nn.Conv2d(64, 3, 3, padding=1)

    def forward(self, x):
        h = torch.relu(self.c1(x))
        z = self.c2(h)
        u = torch.relu(self.up(z))
        u = torch.cat([u, h], dim=1)  # expect: AE105
        return torch.sigmoid(self.out(u))

model = CompressAE()
opt = torch.optim.Adam(model.parameters())
for x, _ in loader:
    loss = nn.functional.mse_loss(model(x), x)
    opt.zero_grad()
    loss.backward()
    opt.step()
