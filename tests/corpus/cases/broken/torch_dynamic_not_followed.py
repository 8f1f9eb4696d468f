#: modelled on: networks that are put together from strings
#: shows: eval() builds the layers; what comes out is not known, and that is said
import torch.nn as nn

class FromText(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.body = eval(spec)  # expect: AE002/a
        self.head = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, x):
        return self.head(self.body(x))  # expect: AE002/a

SPEC = open('net.txt').read()
net = FromText(SPEC)
