#: modelled on: modules with buffers, getattr loops and type annotations
#: shows: register_buffer, `setattr(self, f'block{i}', …)` and `getattr` in forward
import torch
from torch import nn, Tensor

class Net(nn.Module):
    def __init__(self, widths: tuple[int, ...] = (3, 32, 64)) -> None:
        super().__init__()
        self.register_buffer('mean', torch.tensor([0.49, 0.48, 0.45]).view(1, 3, 1, 1))
        self.n = len(widths) - 1
        for i in range(self.n):
            setattr(self, f'down{i}', nn.Conv2d(widths[i], widths[i + 1], 4, 2, 1))
            setattr(self, f'up{i}', nn.ConvTranspose2d(widths[-i - 1], widths[-i - 2], 4, 2, 1))
        self.code = nn.Conv2d(widths[-1], 8, 1)
        self.uncode = nn.Conv2d(8, widths[-1], 1)

    def forward(self, x: Tensor) -> Tensor:
        x = x - self.mean
        for i in range(self.n):
            x = getattr(self, f'down{i}')(x).relu()
        x = self.uncode(self.code(x)).relu()
        for i in range(self.n):
            x = getattr(self, f'up{i}')(x)
            if i < self.n - 1:
                x = x.relu()
        return x + self.mean
