#: modelled on: myscience/open-genie #6 (a detach() in the way of the gradient)
#: shows: the encoder is never trained
import torch
from torch import nn
import torch.nn.functional as F

class AE(nn.Module):
    def __init__(self, latent=64):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(),
            nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(64 * 8 * 8, latent))
        self.decoder = nn.Sequential(
            nn.Linear(latent, 64 * 8 * 8), nn.ReLU(), nn.Unflatten(1, (64, 8, 8)),
            nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        z = self.encoder(x).detach()  # expect: AE106
        return self.decoder(z)

model = AE()
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
for epoch in range(10):
    for x, _ in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), x)
        loss.backward()
        optimizer.step()
