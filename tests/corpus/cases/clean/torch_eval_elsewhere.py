#: modelled on: networks without BatchNorm and Dropout
#: shows: eval() would change nothing here, so nobody needs to call it
import torch
from torch import nn

net = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.GroupNorm(4, 32), nn.Conv2d(32, 8, 4, 2, 1),
                    nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())
opt = torch.optim.Adam(net.parameters())
for epoch in range(10):
    for x, _ in train_loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x), x)
        loss.backward()
        opt.step()
    with torch.no_grad():
        print(epoch, sum(nn.functional.mse_loss(net(x), x).item() for x, _ in val_loader) / len(val_loader))
