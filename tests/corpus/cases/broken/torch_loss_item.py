#: modelled on: "element 0 of tensors does not require grad" threads: `.item()` in the sum
#: shows: the KL term is turned into a number before it is added
import torch
import torch.nn.functional as F

def train(vae, loader, opt, beta=1.0):
    vae.train()
    for x, _ in loader:
        opt.zero_grad()
        x_hat, mu, logvar = vae(x)
        rec = F.binary_cross_entropy(x_hat, x, reduction='sum') / x.size(0)
        kl = (-0.5 * torch.sum(1 + logvar - mu ** 2 - logvar.exp()) / x.size(0)).item()  # expect: AE107/a
        loss = rec + beta * kl  # expect: AE107/a
        loss.backward()
        opt.step()

class VAE(torch.nn.Module):
    def __init__(self, n=16):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 32, 4, 2, 1)
        self.mu = torch.nn.Linear(32 * 14 * 14, n)
        self.lv = torch.nn.Linear(32 * 14 * 14, n)
        self.fc = torch.nn.Linear(n, 32 * 14 * 14)
        self.deconv = torch.nn.ConvTranspose2d(32, 1, 4, 2, 1)

    def forward(self, x):
        h = F.relu(self.conv(x)).flatten(1)
        mu, logvar = self.mu(h), self.lv(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        h = F.relu(self.fc(z)).view(-1, 32, 14, 14)
        return torch.sigmoid(self.deconv(h)), mu, logvar

m = VAE()
train(m, mnist_loader, torch.optim.Adam(m.parameters()))
