#: modelled on: pytorch/pytorch #47175, yastrebksv/TennisCourtDetector #7, facebookresearch/nwm #16
#: shows: the gradients of all steps add up
import torch
from torch import nn

model = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 2, 3, 2, 1),
                      nn.ConvTranspose2d(2, 8, 2, 2), nn.ReLU(), nn.ConvTranspose2d(8, 1, 2, 2), nn.Sigmoid())
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    for x, _ in train_loader:
        loss = ((model(x) - x) ** 2).mean()
        loss.backward()  # expect: AE606/a
        opt.step()  # expect: AE606/a
