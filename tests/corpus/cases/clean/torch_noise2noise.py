#: modelled on: joeylitalien/noise2noise-pytorch, with blocks of their own
#: shows: skips with the input itself in the last one (denoising); Upsample blocks built by a helper
import torch
from torch import nn

def enc(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2))

def dec(i, m, o):
    return nn.Sequential(nn.Conv2d(i, m, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(m, m, 3, padding=1), nn.ReLU(inplace=True), nn.ConvTranspose2d(m, o, 2, stride=2))

class UNet(nn.Module):
    def __init__(self, ch=3):
        super().__init__()
        self.b1, self.b2, self.b3 = enc(ch, 48), enc(48, 48), enc(48, 48)
        self.mid = nn.Sequential(nn.Conv2d(48, 48, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2))
        self.b5, self.b6 = dec(96, 96, 96), dec(144, 96, 96)
        self.last = nn.Sequential(nn.Conv2d(96 + ch, 64, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(64, ch, 3, padding=1), nn.LeakyReLU(0.1))

    def forward(self, x):
        p1 = self.b1(x)
        p2 = self.b2(p1)
        p3 = self.b3(p2)
        u = self.mid(p3)
        u = self.b5(torch.cat((u, p2), dim=1))
        u = self.b6(torch.cat((u, p1), dim=1))
        return self.last(torch.cat((u, x), dim=1))

model = UNet()
optim = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8)
for source, target in loader:
    loss = nn.functional.mse_loss(model(source), target)
    optim.zero_grad()
    loss.backward()
    optim.step()
