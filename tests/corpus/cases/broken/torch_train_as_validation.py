#: modelled on: `val_loader` built from the training set again
#: shows: train=True in both data sets
import torch
from torch import nn
from torchvision import datasets, transforms
from torch.utils.data import DataLoader

to = transforms.ToTensor()
train_loader = DataLoader(datasets.MNIST('d', train=True, transform=to), batch_size=128, shuffle=True)
val_loader = DataLoader(datasets.MNIST('d', train=True, transform=to), batch_size=128)  # expect: AE602/a
model = nn.Sequential(nn.Conv2d(1, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 2, 4, 2, 1),
                      nn.ConvTranspose2d(2, 8, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Sigmoid())
opt = torch.optim.Adam(model.parameters())
lowest = 1e9
for epoch in range(10):
    model.train()
    for x, _ in train_loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x), x)
        loss.backward()
        opt.step()
    model.eval()
    val_loss = 0
    with torch.no_grad():
        for x, _ in val_loader:  # expect: AE602/a
            val_loss += nn.functional.mse_loss(model(x), x).item()  # expect: AE602/a
    if val_loss < lowest:
        lowest = val_loss
        torch.save(model.state_dict(), 'm.pt')
