#: modelled on: memory-saving edits: the encoder's pass put under no_grad although it is to be trained
#: shows: one optimiser over all parameters, no gradient for half of them
import torch
import torch.nn as nn

class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(True), nn.Conv2d(16, 4, 3, stride=2, padding=1))
        self.decoder = nn.Sequential(nn.ConvTranspose2d(4, 16, 2, stride=2), nn.ReLU(True), nn.ConvTranspose2d(16, 1, 2, stride=2), nn.Sigmoid())

    def forward(self, x):
        with torch.no_grad():  # expect: AE106/a
            z = self.encoder(x)  # expect: AE106/a
        out = self.decoder(z)
        return out

net = Autoencoder().cuda()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
