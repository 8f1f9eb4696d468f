#: modelled on: contractive and sparse autoencoders
#: shows: a penalty that reads weights; `retain_graph`; two terms, both used
import torch
from torch import nn
import torch.nn.functional as F

class CAE(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.fc1 = nn.Linear(784, hidden, bias=False)
        self.fc2 = nn.Linear(hidden, 784, bias=False)

    def forward(self, x):
        h = torch.sigmoid(self.fc1(x))
        return torch.sigmoid(self.fc2(h)), h

model = CAE()
opt = torch.optim.Adam(model.parameters())
lam = 1e-4
for x, _ in loader:
    x = x.view(-1, 784)
    rec, h = model(x)
    mse = F.mse_loss(rec, x)
    dh = h * (1 - h)
    w_sum = torch.sum(model.fc1.weight ** 2, dim=1).unsqueeze(1)
    penalty = torch.mean(torch.mm(dh ** 2, w_sum))
    loss = mse + lam * penalty
    opt.zero_grad()
    loss.backward()
    opt.step()
