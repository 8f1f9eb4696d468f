#: modelled on: SConsul/Global_Convolutional_Network #1 and copy-and-paste in forward(): each line starts from the input
#: shows: `h` is worked out and thrown away in the next line
import torch
from torch import nn, optim

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.e1 = nn.Conv2d(1, 1, 5, padding=2)
        self.e2 = nn.Conv2d(1, 6, 5, stride=2, padding=2)
        self.e3 = nn.Conv2d(6, 3, 5, stride=2, padding=2)
        self.d1 = nn.ConvTranspose2d(3, 6, 4, stride=2, padding=1)
        self.d2 = nn.ConvTranspose2d(6, 1, 4, stride=2, padding=1)

    def forward(self, img):
        h = torch.relu(self.e1(img))  # expect: AE103/a
        h = torch.relu(self.e2(img))  # expect: AE103/a
        h = torch.relu(self.e3(h))
        h = torch.relu(self.d1(h))
        return torch.sigmoid(self.d2(h))

net = Net()
opt = optim.Adam(net.parameters(), lr=1e-3)
