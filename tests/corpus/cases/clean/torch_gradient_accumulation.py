#: modelled on: bytetriper/RAE #67, gaozhihan/PreDiff PR 33: accumulation on purpose
#: shows: zero_grad every fourth step, together with step
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 4, 4, 2, 1),
                      nn.ConvTranspose2d(4, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1))
opt = torch.optim.Adam(model.parameters())
accumulate = 4
for i, (x, _) in enumerate(loader):
    loss = nn.functional.mse_loss(model(x), x) / accumulate
    loss.backward()
    if (i + 1) % accumulate == 0:
        opt.step()
        opt.zero_grad()
