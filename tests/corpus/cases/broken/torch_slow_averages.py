#: modelled on: taldatech/soft-intro-vae-pytorch #13 (good in training, chaos after loading: BN)
#: may: AE604
#: shows: torch's momentum is the share of the new value: 0.001 over 2 epochs of 59 steps leaves 89% of the initial values
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

data = datasets.MNIST('.', train=True, transform=transforms.ToTensor())
loader = DataLoader(data, batch_size=1024, shuffle=True)

net = nn.Sequential(
    nn.Conv2d(1, 32, 4, 2, 1, bias=False),
    nn.BatchNorm2d(32, momentum=0.001),  # expect: AE307/a
    nn.ReLU(),
    nn.Conv2d(32, 4, 4, 2, 1),
    nn.ConvTranspose2d(4, 32, 4, 2, 1),
    nn.ReLU(),
    nn.ConvTranspose2d(32, 1, 4, 2, 1),
    nn.Sigmoid(),
)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(2):  # expect: AE307/a
    for x, _ in loader:  # expect: AE307/a
        loss = nn.functional.mse_loss(net(x), x)
        opt.zero_grad()
        loss.backward()
        opt.step()
net.eval()
torch.save(net.state_dict(), 'net.pt')
