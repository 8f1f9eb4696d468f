#: modelled on: Lightning-Universe/lightning-bolts #328 (`kl_coeff` is stored and never used)
#: shows: the user may set any weight; the loss is the same
import torch
import pytorch_lightning as pl
from torch import nn
from torch.nn import functional as F

class LitVAE(pl.LightningModule):
    def __init__(self, latent_dim=32, kl_coeff=0.1, lr=1e-4):
        super().__init__()
        self.lr = lr
        self.kl_coeff = kl_coeff  # expect: AE108
        self.encoder = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten())
        self.fc_mu = nn.Linear(64 * 8 * 8, latent_dim)
        self.fc_var = nn.Linear(64 * 8 * 8, latent_dim)
        self.decoder = nn.Sequential(nn.Linear(latent_dim, 64 * 8 * 8), nn.Unflatten(1, (64, 8, 8)),
                                     nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1))

    def forward(self, x):
        h = self.encoder(x)
        mu, log_var = self.fc_mu(h), self.fc_var(h)
        std = torch.exp(log_var / 2)
        z = mu + std * torch.randn_like(std)
        return self.decoder(z), mu, log_var

    def training_step(self, batch, batch_idx):
        x, _ = batch
        x_hat, mu, log_var = self(x)
        recon = F.mse_loss(x_hat, x, reduction="none").sum(dim=(1, 2, 3)).mean()
        kl = (-0.5 * (1 + log_var - mu.pow(2) - log_var.exp()).sum(1)).mean()
        return recon + kl

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.lr)
