#: modelled on: loss functions whose `beta` survived a rewrite only in the signature
#: shows: beta=4 has no effect
import torch
from torch import nn
import torch.nn.functional as F

class BetaVAE(nn.Module):
    def __init__(self, zdim=10, beta=4.0, gamma=1.0):
        nn.Module.__init__(self)
        self.beta = beta  # expect: AE108
        self.gamma = gamma
        self.enc = nn.Sequential(nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 32, 4, 2, 1), nn.ReLU(), nn.Flatten())
        self.stats = nn.Linear(32 * 16 * 16, 2 * zdim)
        self.dec = nn.Sequential(nn.Linear(zdim, 32 * 16 * 16), nn.ReLU(), nn.Unflatten(1, (32, 16, 16)),
                                 nn.ConvTranspose2d(32, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 1, 4, 2, 1))

    def forward(self, x):
        mu, logvar = self.stats(self.enc(x)).chunk(2, dim=1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        return self.dec(z), mu, logvar

    def loss(self, x):
        logits, mu, logvar = self(x)
        rec = F.binary_cross_entropy_with_logits(logits, x, reduction='sum') / len(x)
        kld = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum() / len(x)
        return self.gamma * rec + kld

model = BetaVAE()
opt = torch.optim.Adam(model.parameters())
for x, _ in loader:
    loss = model.loss(x)
    opt.zero_grad(); loss.backward(); opt.step()
