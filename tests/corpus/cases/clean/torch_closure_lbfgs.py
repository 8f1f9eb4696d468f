#: modelled on: L-BFGS with a closure
#: shows: zero_grad and backward live in the closure
import torch
from torch import nn

pca = nn.Sequential(nn.Conv2d(3, 16, 8, stride=8, bias=False), nn.ConvTranspose2d(16, 3, 8, stride=8, bias=False))
opt = torch.optim.LBFGS(pca.parameters(), lr=0.5)

def closure():
    opt.zero_grad()
    loss = (pca(images) - images).square().mean()
    loss.backward()
    return loss

for _ in range(50):
    opt.step(closure)
