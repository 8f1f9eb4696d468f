#: modelled on: loops that keep numbers for the log
#: shows: `.item()` and `.detach()` in the book-keeping are no holes in the loss
import torch
from torch import nn
import torch.nn.functional as F

class AE(nn.Module):
    def __init__(self, dim=64):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 16 * 16, dim))
        self.dec = nn.Sequential(nn.Linear(dim, 32 * 16 * 16), nn.ReLU(), nn.Unflatten(1, (32, 16, 16)), nn.ConvTranspose2d(32, 3, 4, 2, 1))

    def forward(self, x):
        z = self.enc(x)
        return self.dec(z), z

model = AE()
opt = torch.optim.Adam(model.parameters())
history = []
for x, _ in loader:
    rec, z = model(x)
    mse = F.mse_loss(rec, x)
    sparsity = z.abs().mean()
    loss = mse + 1e-3 * sparsity
    with torch.no_grad():
        psnr = -10 * torch.log10(F.mse_loss(rec.clamp(0, 1), x))
    opt.zero_grad()
    loss.backward()
    opt.step()
    history.append((loss.item(), mse.detach().cpu(), sparsity.item(), psnr.item()))
