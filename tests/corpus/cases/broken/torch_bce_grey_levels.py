#: modelled on: stats.stackexchange 441750 (why can't the loss reach zero?)
#: shows: binary cross-entropy of grey levels has a floor of about 0.55 here: worth a note; the training is sound
import torch, torch.nn as nn
from torchvision.datasets import CIFAR10
from torchvision.transforms import ToTensor
from torch.utils.data import DataLoader

loader = DataLoader(CIFAR10('~/data', transform=ToTensor()), batch_size=256, shuffle=True)
model = nn.Sequential(
    nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 8, 4, 2, 1),
    nn.ConvTranspose2d(8, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, 3, 4, 2, 1), nn.Sigmoid())
criterion = nn.BCELoss()  # expect: AE406/a
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(30):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), images)  # expect: AE406/a
        loss.backward()
        optimizer.step()
