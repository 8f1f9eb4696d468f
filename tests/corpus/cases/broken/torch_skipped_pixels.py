#: modelled on: 1 x 1 convolutions with stride as "cheap pooling"
#: shows: three pixels in four are never looked at
from torch import nn

net = nn.Sequential(
    nn.Conv2d(3, 32, kernel_size=1, stride=2),  # expect: AE502
    nn.ReLU(),
    nn.Conv2d(32, 8, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.ConvTranspose2d(8, 32, kernel_size=4, stride=2, padding=1),
    nn.ReLU(),
    nn.ConvTranspose2d(32, 3, kernel_size=4, stride=2, padding=1),
    nn.Sigmoid(),
)
