#: modelled on: LID-DS/LID-DS #319 style: German names, Lightning
#: shows: `gewicht_kl` is stored and not used
import torch, torch.nn as nn, torch.nn.functional as F
import lightning as L

class Bildspeicher(L.LightningModule):
    """Variationeller Autoencoder für Fotos."""

    def __init__(self, latent=24, gewicht_kl=0.5, lernrate=3e-4):
        super().__init__()
        self.gewicht_kl = gewicht_kl  # expect: AE108
        self.lernrate = lernrate
        self.kodierer = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ELU(), nn.Conv2d(32, 32, 4, 2, 1), nn.ELU(), nn.Flatten())
        self.mittel = nn.Linear(32 * 16 * 16, latent)
        self.streuung = nn.Linear(32 * 16 * 16, latent)
        self.aufweiten = nn.Linear(latent, 32 * 16 * 16)
        self.dekodierer = nn.Sequential(nn.ELU(), nn.Unflatten(1, (32, 16, 16)), nn.ConvTranspose2d(32, 32, 4, 2, 1), nn.ELU(), nn.ConvTranspose2d(32, 3, 4, 2, 1))

    def ziehe(self, mu, logvar):
        return mu + torch.randn_like(mu) * (logvar / 2).exp()

    def forward(self, bild):
        h = self.kodierer(bild)
        mu, logvar = self.mittel(h), self.streuung(h)
        return self.dekodierer(self.aufweiten(self.ziehe(mu, logvar))), mu, logvar

    def training_step(self, stapel, nr):
        bild = stapel[0]
        rekonstruktion, mu, logvar = self(bild)
        fehler = F.mse_loss(rekonstruktion, bild, reduction='sum') / bild.shape[0]
        kl = -0.5 * torch.sum(1 + logvar - mu ** 2 - logvar.exp()) / bild.shape[0]
        self.log_dict({'fehler': fehler, 'kl': kl})
        return fehler + kl

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.lernrate)
