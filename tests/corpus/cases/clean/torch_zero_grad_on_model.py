#: modelled on: loops that zero through the model, or after the step
#: shows: `model.zero_grad()` is as good; so is zero_grad at the end of the body
import torch
from torch import nn
import torch.nn.functional as F

class AE(nn.Module):
    def __init__(s):
        super(AE, s).__init__()
        s.a = nn.Conv2d(1, 12, 4, 2, 1)
        s.b = nn.Conv2d(12, 3, 4, 2, 1)
        s.c = nn.ConvTranspose2d(3, 12, 4, 2, 1)
        s.d = nn.ConvTranspose2d(12, 1, 4, 2, 1)

    def forward(s, x):
        return s.d(F.relu(s.c(s.b(F.relu(s.a(x))))))

first, second = AE(), AE()
o1, o2 = torch.optim.Adam(first.parameters()), torch.optim.Adam(second.parameters())
for x, _ in loader:
    first.zero_grad()
    F.mse_loss(first(x), x).backward()
    o1.step()

    F.l1_loss(second(x), x).backward()
    o2.step()
    o2.zero_grad()
