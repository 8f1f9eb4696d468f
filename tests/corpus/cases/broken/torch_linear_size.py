#: modelled on: Flatten sizes worked out for 28 x 28 and used at 32 x 32
#: shows: 64 * 8 * 8 values come out of CIFAR-10's pictures, 64 * 7 * 7 are expected
import torch
from torch import nn
from torchvision import datasets, transforms

train = torch.utils.data.DataLoader(
    datasets.CIFAR10('data', train=True, download=True, transform=transforms.ToTensor()), batch_size=64, shuffle=True)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, stride=2, padding=1)
        self.to_z = nn.Linear(64 * 7 * 7, 32)
        self.from_z = nn.Linear(32, 64 * 7 * 7)
        self.up1 = nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1)
        self.up2 = nn.ConvTranspose2d(32, 3, 4, stride=2, padding=1)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        z = self.to_z(x.view(x.size(0), -1))  # expect: AE201/a
        x = torch.relu(self.from_z(z)).view(-1, 64, 7, 7)
        x = torch.relu(self.up1(x))
        return torch.sigmoid(self.up2(x))

model = Net()
crit, opt = nn.MSELoss(), torch.optim.Adam(model.parameters())
for img, _ in train:
    out = model(img)
    loss = crit(out, img)
    opt.zero_grad()
    loss.backward()
    opt.step()
