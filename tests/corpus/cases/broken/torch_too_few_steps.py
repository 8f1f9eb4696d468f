#: modelled on: the whole data set as one batch
#: shows: 60,000 images, batch 30,000, 5 epochs: ten steps
import torch
from torch import nn
from torchvision import datasets, transforms

ds = datasets.FashionMNIST('.', train=True, transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(ds, batch_size=30000, shuffle=True)  # expect: AE604/a
net = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 4, 4, 2, 1),
                    nn.ConvTranspose2d(4, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Sigmoid())
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(5):  # expect: AE604/a
    for x, _ in loader:  # expect: AE604/a
        loss = nn.functional.l1_loss(net(x), x)
        opt.zero_grad()
        loss.backward()
        opt.step()
