#: modelled on: zdebruine/MMVAE PR 19, podgorskiy/VAE #1, casperkaae/LVAE #2 (MSE as a mean over all, KL as a sum)
#: shows: the KL weighs 3,072 times what the evidence bound gives it
import torch
import torch.nn as nn
import torch.nn.functional as F

class VAE(nn.Module):
    def __init__(self, z=128):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten())
        self.mu, self.lv = nn.Linear(4096, z), nn.Linear(4096, z)
        self.fc = nn.Linear(z, 4096)
        self.dec = nn.Sequential(nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        h = self.enc(x)
        mu, lv = self.mu(h), self.lv(h)
        z = mu + torch.exp(0.5 * lv) * torch.randn_like(lv)
        return self.dec(self.fc(z).view(-1, 64, 8, 8)), mu, lv

net = VAE()
adam = torch.optim.Adam(net.parameters(), lr=1e-3)
for x, _ in cifar_loader:
    xh, mu, lv = net(x)
    rec = F.mse_loss(xh, x)
    kld = torch.mean(-0.5 * torch.sum(1 + lv - mu ** 2 - lv.exp(), dim=1), dim=0)  # expect: AE407/a
    loss = rec + kld  # expect: AE407/a
    adam.zero_grad()
    loss.backward()
    adam.step()
