#: modelled on: fine-tuning the decoder of a loaded autoencoder
#: shows: the encoder comes out of a file and is frozen on purpose
import torch
from torch import nn

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 8, 4, 2, 1))
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())

    def forward(self, x):
        with torch.no_grad():
            z = self.encoder(x)
        return self.decoder(z)

ae = AE()
ae.load_state_dict(torch.load('ae.pt', weights_only=True))
for p in ae.encoder.parameters():
    p.requires_grad = False
ae.encoder.eval()
opt = torch.optim.Adam(ae.decoder.parameters(), lr=1e-4)
for x, _ in loader:
    opt.zero_grad()
    loss = nn.functional.l1_loss(ae(x), x)
    loss.backward()
    opt.step()
