#: modelled on: Kaixhin-style VAE loops after an edit: the KL divergence is worked out and left lying
#: may: AE405
#: shows: `kld` reaches neither the loss nor the log
import torch
from torch import nn
from torch.nn import functional as F

class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(1, 16, 4, stride=2, padding=1)
        self.m = nn.Linear(16 * 14 * 14, 20)
        self.s = nn.Linear(16 * 14 * 14, 20)
        self.f = nn.Linear(20, 16 * 14 * 14)
        self.d = nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def forward(self, x):
        h = F.relu(self.c(x)).view(x.size(0), -1)
        mu, logvar = self.m(h), self.s(h)
        z = self.reparameterize(mu, logvar)
        h = F.relu(self.f(z)).view(-1, 16, 14, 14)
        return torch.sigmoid(self.d(h)), mu, logvar

def loss_function(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy(recon_x, x, reduction='sum')
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())  # expect: AE109
    return bce

model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for data, _ in train_loader:
    optimizer.zero_grad()
    recon_batch, mu, logvar = model(data)
    loss = loss_function(recon_batch, data, mu, logvar)
    loss.backward()
    optimizer.step()
