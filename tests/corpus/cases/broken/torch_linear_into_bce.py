#: modelled on: "all elements of input should be between 0 and 1" (BCELoss on a linear output)
#: shows: nn.BCELoss wants probabilities
import torch
from torch import nn

enc = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 4, 4, 2, 1))
dec = nn.Sequential(nn.ConvTranspose2d(4, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1))  # expect: AE403/a
model = nn.Sequential(enc, dec)
lossfn = nn.BCELoss()  # expect: AE403/a
opt = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for i, (x, y) in enumerate(loader):
    xr = model(x)
    L = lossfn(xr, x)  # expect: AE403/a
    opt.zero_grad()
    L.backward()
    opt.step()
