#: modelled on: CIFAR classifiers: a file of the same folder
#: shows: everything that an autoencoder must not have is right here: accuracy, labels, cross-entropy, ReLU at the end of the trunk
import torch
from torch import nn
import torch.nn.functional as F
from torchvision import datasets, transforms

tf = transforms.Compose([transforms.RandomCrop(32, padding=4), transforms.ToTensor(), transforms.Normalize((0.49, 0.48, 0.45), (0.25, 0.24, 0.26))])
train_loader = torch.utils.data.DataLoader(datasets.CIFAR10('.', train=True, transform=tf), batch_size=128, shuffle=True)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 3, padding=1, bias=False), nn.BatchNorm2d(128), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Linear(128 * 8 * 8, 10)

    def forward(self, x):
        return self.head(self.trunk(x).flatten(1))

net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
for epoch in range(30):
    net.train()
    for x, y in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
