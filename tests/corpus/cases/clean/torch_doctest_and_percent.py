#: modelled on: pythae's benchmark networks and taming's cond_transformer.py, which an earlier doctor could not read
#: shows: prompts in a docstring are no pasted session; a row that begins with `%` inside of brackets is no magic
from torch import nn

class AE(nn.Module):
    """A small autoencoder.

    .. code-block::

        >>> net = AE()
        >>> net
        ... AE(
        ...   (encoder): Sequential(
        ...     (0): Conv2d(3, 32, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))
    """

    def __init__(self, width=32):
        super().__init__()
        assert width % 2 == 0, "width is %s, and must be a multiple of %s" \
                               % (width, 2)
        self.encoder = nn.Sequential(nn.Conv2d(3, width, 4, 2, 1), nn.ReLU(), nn.Conv2d(width, 8, 4, 2, 1))
        self.decoder = nn.Sequential(nn.ConvTranspose2d(8, width, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(width, 3, 4, 2, 1))
        print("layers: %d" % (
            sum(1 for _ in self.modules())
            % 1000))

    def forward(self, x):
        return self.decoder(self.encoder(x))
