#: modelled on: pix2pix generators: nested skip blocks that hold one another
#: shows: a recursive structure: each block wraps the next, `torch.cat([x, self.model(x)], 1)`
import torch
from torch import nn

class SkipBlock(nn.Module):
    def __init__(self, outer, inner, input_nc=None, submodule=None, outermost=False, innermost=False):
        super().__init__()
        self.outermost = outermost
        if input_nc is None:
            input_nc = outer
        downconv = nn.Conv2d(input_nc, inner, kernel_size=4, stride=2, padding=1, bias=False)
        downrelu, uprelu = nn.LeakyReLU(0.2, True), nn.ReLU(True)
        downnorm, upnorm = nn.BatchNorm2d(inner), nn.BatchNorm2d(outer)
        if outermost:
            up = nn.ConvTranspose2d(inner * 2, outer, kernel_size=4, stride=2, padding=1)
            model = [downconv] + [submodule] + [uprelu, up, nn.Tanh()]
        elif innermost:
            up = nn.ConvTranspose2d(inner, outer, kernel_size=4, stride=2, padding=1, bias=False)
            model = [downrelu, downconv] + [uprelu, up, upnorm]
        else:
            up = nn.ConvTranspose2d(inner * 2, outer, kernel_size=4, stride=2, padding=1, bias=False)
            model = [downrelu, downconv, downnorm] + [submodule] + [uprelu, up, upnorm]
        self.model = nn.Sequential(*model)

    def forward(self, x):
        if self.outermost:
            return self.model(x)
        return torch.cat([x, self.model(x)], 1)

class UnetGenerator(nn.Module):
    def __init__(self, input_nc=3, output_nc=3, ngf=64):
        super().__init__()
        block = SkipBlock(ngf * 2, ngf * 4, innermost=True)
        block = SkipBlock(ngf, ngf * 2, submodule=block)
        self.model = SkipBlock(output_nc, ngf, input_nc=input_nc, submodule=block, outermost=True)

    def forward(self, input):
        return self.model(input)

netG = UnetGenerator()
for a, b in pairs_loader:
    loss = nn.functional.l1_loss(netG(a), b)
