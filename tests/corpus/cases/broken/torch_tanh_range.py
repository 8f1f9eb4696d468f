#: modelled on: AntixK/PyTorch-VAE #48 and #108 (Tanh output, targets in [0, 1])
#: shows: ToTensor gives [0, 1], Tanh gives [-1, 1]
import torch
from torch import nn
from torchvision import datasets, transforms as T

ds = datasets.CIFAR10("./data", train=True, download=True, transform=T.Compose([T.RandomHorizontalFlip(), T.ToTensor()]))
dl = torch.utils.data.DataLoader(ds, batch_size=128, shuffle=True)

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 64, 4, 2, 1), nn.GELU(), nn.Conv2d(64, 16, 4, 2, 1))
        self.dec = nn.Sequential(nn.ConvTranspose2d(16, 64, 4, 2, 1), nn.GELU(), nn.ConvTranspose2d(64, 3, 4, 2, 1), nn.Tanh())  # expect: AE401/a

    def forward(self, x):
        return self.dec(self.enc(x))

ae = AE()
opt = torch.optim.Adam(ae.parameters(), 2e-4)
for _ in range(20):
    for imgs, _ in dl:
        rec = ae(imgs)
        loss = nn.functional.mse_loss(rec, imgs)  # expect: AE401/a
        opt.zero_grad()
        loss.backward()
        opt.step()
