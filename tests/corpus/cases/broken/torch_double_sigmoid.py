#: modelled on: Turoad/lanedet #32, zijundeng/R3Net #3 (sigmoid in the model, BCEWithLogitsLoss outside)
#: shows: the output is squeezed into 0.5..0.73
import torch
import torch.nn as nn

class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.bottleneck = nn.Conv2d(8, 2, 3, stride=2, padding=1)
        self.t1 = nn.ConvTranspose2d(2, 8, 2, stride=2)
        self.t2 = nn.ConvTranspose2d(8, 1, 2, stride=2)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        x = self.bottleneck(x)
        x = torch.relu(self.t1(x))
        return torch.sigmoid(self.t2(x))  # expect: AE402/a

criterion = nn.BCEWithLogitsLoss()  # expect: AE402/a
net = AutoEncoder()
optim = torch.optim.Adam(net.parameters())
for epoch in range(5):
    for img, _ in loader:
        optim.zero_grad()
        loss = criterion(net(img), img)  # expect: AE402/a
        loss.backward()
        optim.step()
