#: modelled on: denoising autoencoders that add their noise in forward()
#: shows: noise on the input and a clean target; noise on the latent in training only
import torch
from torch import nn

class Denoising(nn.Module):
    def __init__(self, sigma=0.1):
        super().__init__()
        self.sigma = sigma
        self.enc = nn.Sequential(nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 6, 4, 2, 1))
        self.dec = nn.Sequential(nn.ConvTranspose2d(6, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        noisy = x + torch.randn_like(x) * self.sigma
        z = self.enc(noisy)
        if self.training:
            z = z + 0.05 * torch.randn_like(z)
        return self.dec(z)

model = Denoising()
opt = torch.optim.Adam(model.parameters())
for x, _ in loader:
    loss = nn.functional.binary_cross_entropy(model(x), x)
    opt.zero_grad()
    loss.backward()
    opt.step()
