#: modelled on: mikesj-public/convolutional_autoencoder PR 9 (targets below zero that the output cannot reach)
#: shows: Normalize((0.5,), (0.5,)) gives [-1, 1]; the output ends in a sigmoid
import torch
import torch.nn as nn
from torchvision import transforms, datasets

tf = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
trainset = datasets.MNIST(root='data', train=True, download=True, transform=tf)
trainloader = torch.utils.data.DataLoader(trainset, batch_size=32, shuffle=True)

class autoencoder(nn.Module):
    def __init__(self):
        super(autoencoder, self).__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(True), nn.Conv2d(16, 8, 3, stride=2, padding=1))
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 16, 2, stride=2), nn.ReLU(True), nn.ConvTranspose2d(16, 1, 2, stride=2), nn.Sigmoid())  # expect: AE409/a

    def forward(self, x):
        x = self.encoder(x)
        x = self.decoder(x)
        return x

model = autoencoder().cuda()
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-5)
for epoch in range(100):
    for data in trainloader:
        img, _ = data
        img = img.cuda()
        output = model(img)
        loss = criterion(output, img)  # expect: AE409/a
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
