#: modelled on: alan-turing-institute/icenet-mp #276, soumith/ganhacks #59
#: shows: kernel 3 and stride 2 overlap unevenly; kernel 2 at stride 3 leaves holes
from torch import nn

class D(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(3, 32, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(32, 8, 3, stride=2, padding=1), nn.ReLU())
        self.t1 = nn.ConvTranspose2d(8, 32, kernel_size=3, stride=2, padding=1, output_padding=1)  # expect: AE501/a
        self.t2 = nn.ConvTranspose2d(32, 3, kernel_size=3, stride=2, padding=1, output_padding=1)  # expect: AE501/b

    def forward(self, x):
        x = self.enc(x)
        x = self.t1(x).relu()  # expect: AE501/a
        return self.t2(x).sigmoid()  # expect: AE501/b
