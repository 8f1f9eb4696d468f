#: modelled on: mueller-franzes/medfusion #7, SeldonIO/alibi-detect #90 ("the loss is 48,000, is that normal?")
#: shows: reduction='sum' over pixels and batch: the step depends on the batch size
import torch
from torch import nn

class CAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Sequential(nn.Conv2d(3, 24, 4, 2, 1), nn.ReLU(), nn.Conv2d(24, 6, 4, 2, 1))
        self.d = nn.Sequential(nn.ConvTranspose2d(6, 24, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(24, 3, 4, 2, 1))

    def forward(self, x):
        return self.d(self.e(x))

cae = CAE()
sgd = torch.optim.SGD(cae.parameters(), lr=1e-2)
mse = nn.MSELoss(reduction='sum')  # expect: AE405/a
for x in loader:
    y = cae(x)
    l = mse(y, x)  # expect: AE405/a
    sgd.zero_grad()
    l.backward()
    sgd.step()
