#: modelled on: L1aoXingyu/pytorch-beginner #38 (all white) and FluxML/model-zoo PR 34: the stage function is used for the last layer, too
#: shows: BatchNorm and ReLU behind the last convolution
import torch.nn as nn

def up(cin, cout):
    return [nn.ConvTranspose2d(cin, cout, 4, 2, 1, bias=False),
            nn.BatchNorm2d(cout),  # expect: AE302
            nn.ReLU()]  # expect: AE303

class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 8, 4, 2, 1))
        self.dec = nn.Sequential(*up(8, 32), *up(32, 3))

    def forward(self, x):
        return self.dec(self.enc(x))
