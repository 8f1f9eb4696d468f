#: modelled on: LPIPS under `no_grad` in a well-known AutoencoderKL training script; myscience/open-genie #6
#: shows: the perceptual term is added and moves nothing
import lpips
import torch
import torch.nn.functional as F
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.SiLU(), nn.Conv2d(32, 4, 4, 2, 1))
        self.up = nn.Sequential(nn.ConvTranspose2d(4, 32, 4, 2, 1), nn.SiLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Tanh())

    def forward(self, x):
        return self.up(self.down(x))

vae = Tiny().to(device)
lpips_loss = lpips.LPIPS(net="vgg").to(device)
opt = torch.optim.AdamW(vae.parameters(), lr=1e-4)
for batch in train_dataloader:
    pixels = batch["pixel_values"].to(device)  # in [-1, 1]
    rec = vae(pixels)
    mse = F.mse_loss(rec, pixels)
    with torch.no_grad():
        perceptual = lpips_loss(rec, pixels).mean()  # expect: AE107/a
    loss = mse + 0.1 * perceptual  # expect: AE107/a
    opt.zero_grad()
    loss.backward()
    opt.step()
