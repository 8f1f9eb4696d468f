#: modelled on: Project-MONAI/GenerativeModels #498 and tyiannak/deep_audio_features #23 (129 comes back as 128)
#: shows: without output_padding a transposed convolution of kernel 3 gives 13 for 7 and 25 for 13
#: may: AE501 AE203
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(),
                                     nn.Conv2d(16, 8, 3, stride=2, padding=1), nn.ReLU())
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, 16, 3, stride=2, padding=1), nn.ReLU(),
                                     nn.ConvTranspose2d(16, 1, 3, stride=2, padding=1), nn.Sigmoid())  # expect: AE202/a

    def forward(self, x):
        return self.decoder(self.encoder(x))  # expect: AE202/a

m = Net()
x = torch.rand(8, 1, 28, 28)
print(m(x).shape)
