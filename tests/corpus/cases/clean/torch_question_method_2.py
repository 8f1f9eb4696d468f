#: modelled on: the question's Method 2 in PyTorch
#: shows: conv, relu, bn, pool; all passed on
import torch
from torch import nn

class Method2(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, padding='same'), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = nn.Conv2d(64, 16, 3, padding='same'), nn.BatchNorm2d(16)
        self.conv3, self.bn3 = nn.Conv2d(16, 16, 3, padding='same'), nn.BatchNorm2d(16)
        self.conv4, self.bn4 = nn.Conv2d(16, 32, 3, padding='same'), nn.BatchNorm2d(32)
        self.conv5 = nn.Conv2d(32, 3, 3, padding='same')
        self.pool, self.up, self.relu = nn.MaxPool2d(2), nn.Upsample(scale_factor=2), nn.ReLU()

    def forward(self, x):
        x = self.pool(self.bn1(self.relu(self.conv1(x))))
        x = self.pool(self.bn2(self.relu(self.conv2(x))))
        x = self.up(self.bn3(self.relu(self.conv3(x))))
        x = self.up(self.bn4(self.relu(self.conv4(x))))
        return torch.sigmoid(self.conv5(x))
