#: modelled on: pytorch/pytorch #22436 and #57776 (which parameters are unused?), ImprintLab/MedSegDiff #27
#: shows: `bn2` is in __init__ and not in forward; DDP would stop with a riddle
import torch
import torch.nn as nn
import torch.nn.functional as F

class ConvAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 8, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(8)  # expect: AE102
        self.deconv1 = nn.ConvTranspose2d(8, 32, 2, stride=2)
        self.deconv2 = nn.ConvTranspose2d(32, 3, 2, stride=2)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.deconv1(x))
        return torch.sigmoid(self.deconv2(x))
