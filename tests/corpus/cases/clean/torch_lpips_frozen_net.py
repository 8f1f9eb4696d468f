#: modelled on: perceptual losses with a frozen VGG (KupynOrest/DeblurGAN #77)
#: shows: the target's features under no_grad and frozen weights are right: the gradient goes through the prediction's features
import torch
from torch import nn
import torch.nn.functional as F
from torchvision.models import vgg16

class Perceptual(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = vgg16(weights='DEFAULT').features[:16].eval()
        for p in self.features.parameters():
            p.requires_grad_(False)

    def forward(self, rec, target):
        with torch.no_grad():
            wanted = self.features(target)
        return F.l1_loss(self.features(rec), wanted)

ae = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.SiLU(), nn.Conv2d(32, 8, 4, 2, 1),
                   nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.SiLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1))
perceptual = Perceptual()
opt = torch.optim.Adam(ae.parameters(), 1e-4)
for x, _ in loader:
    rec = ae(x)
    loss = F.mse_loss(rec, x) + 0.01 * perceptual(rec, x)
    opt.zero_grad()
    loss.backward()
    opt.step()
