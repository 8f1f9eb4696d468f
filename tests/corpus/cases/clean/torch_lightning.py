#: modelled on: Lightning autoencoders
#: shows: no loop of one's own: the trainer zeroes gradients and switches to eval mode
import torch
import pytorch_lightning as pl
from torch import nn
import torch.nn.functional as F

class LitAE(pl.LightningModule):
    def __init__(self, lr=1e-3, beta=0.5):
        super().__init__()
        self.save_hyperparameters()
        self.encoder = nn.Sequential(nn.Conv2d(1, 32, 3, 2, 1), nn.GELU(), nn.Conv2d(32, 8, 3, 2, 1))
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.GELU(), nn.ConvTranspose2d(32, 1, 4, 2, 1))

    def forward(self, x):
        return self.decoder(self.encoder(x))

    def _step(self, batch, stage):
        x, _ = batch
        x_hat = self(x)
        loss = F.mse_loss(x_hat, x) + self.hparams.beta * F.l1_loss(x_hat, x)
        self.log(f"{stage}_loss", loss)
        return loss

    def training_step(self, batch, batch_idx):
        return self._step(batch, "train")

    def validation_step(self, batch, batch_idx):
        self._step(batch, "val")

    def test_step(self, batch, batch_idx):
        self._step(batch, "test")

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)

pl.Trainer(max_epochs=10).fit(LitAE(), train_loader, val_loader)
