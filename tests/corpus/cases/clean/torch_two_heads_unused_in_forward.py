#: modelled on: modules whose forward() is one of several ways in
#: shows: `classify` and `sample` use layers that forward() does not
import torch
from torch import nn

class SemiSupervised(nn.Module):
    def __init__(self, z=32):
        super().__init__()
        self.z = z
        self.encoder = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 14 * 14, z))
        self.decoder = nn.Sequential(nn.Linear(z, 16 * 14 * 14), nn.ReLU(), nn.Unflatten(1, (16, 14, 14)), nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Sigmoid())
        self.classifier = nn.Linear(z, 10)

    def forward(self, x):
        return self.decoder(self.encoder(x))

    def classify(self, x):
        return self.classifier(self.encoder(x))

    @torch.no_grad()
    def sample(self, n):
        return self.decoder(torch.randn(n, self.z))
