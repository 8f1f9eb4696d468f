#: modelled on: classifier loops turned into autoencoders: `criterion(output, y)` is left
#: shows: the second thing that MNIST yields is the class
import torch
from torch import nn
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

dl = torch.utils.data.DataLoader(MNIST('.', transform=ToTensor()), batch_size=100)
ae = nn.Sequential(nn.Conv2d(1, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 2, 4, 2, 1),
                   nn.ConvTranspose2d(2, 8, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(8, 1, 4, 2, 1), nn.Sigmoid())
opt, criterion = torch.optim.Adam(ae.parameters()), nn.MSELoss()  # expect: AE605/a
for x, y in dl:
    out = ae(x)
    loss = criterion(out, y.float())  # expect: AE605/a
    opt.zero_grad()
    loss.backward()
    opt.step()
