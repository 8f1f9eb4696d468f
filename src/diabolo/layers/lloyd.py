"""`lloyd`: each channel is rounded to levels of its own, which follow its values; bits go where they help most."""

import numpy as np
import torch
from torch import Tensor, nn

from diabolo.layers.lloyd_max import MAX_LEVELS, best_levels, share_bits
from diabolo.layers.quantizer import Quantizer, straight_through
from diabolo.layers.registry import Request, builds

_BEYOND = 1e30  # in place of levels that a channel does not have; finite, so that a checkpoint is
_DEAD = 1e-4  # of its fair share: a level that is used less is put to use elsewhere
_START_VALUES = 8192  # of a channel that a start looks at


class LloydQuantizer(Quantizer):
    """z → c[argmin |z − c|] by channel, the gradient passed straight through within the outer levels; no penalty.

    Channel j has L_j levels c, from 1 (a constant) to 256, with ∏ L_j ≤ 2^bits. In training each level follows the mean
    of the values that chose it, c ← c + (1 − decay) · Σ (z − c) / (n · share), and a level that nothing chooses any
    more halves the cell of the level that is chosen most. That is Lloyd's algorithm (Lloyd 1982,
    https://doi.org/10.1109/TIT.1982.1056489; Max 1960) by moving averages. With decay = 1 the levels stay where they
    were placed.

    Beyond a channel's lowest and highest level no gradient passes: there a step that seems to help changes no output,
    and the encoder's scale would run away. It is the gradient of z clamped to those levels.

    `start` shares the bits among the channels (Shoham & Gersho 1988, https://doi.org/10.1109/29.90373). Without it all
    channels have about equally many levels, placed on the first training batch.
    """

    centres: Tensor
    shares: Tensor
    levels: Tensor

    def __init__(self, channels: int, *, bits: int, decay: float) -> None:
        super().__init__()
        self.bits = bits
        self.decay = decay
        self.register_buffer("centres", torch.empty(channels, MAX_LEVELS))
        self.register_buffer("shares", torch.zeros(channels, MAX_LEVELS))
        self.register_buffer("levels", torch.tensor(equal_levels(channels, bits)))
        quantiles = torch.special.ndtri((torch.arange(2048, dtype=torch.float64) + 0.5) / 2048)
        self._place(quantiles.expand(channels, -1))
        self.shares.zero_()  # says that no data was seen

    @property
    def num_levels(self) -> tuple[int, ...]:
        """Levels of each channel."""
        return tuple(self.levels.tolist())

    @property
    def num_bytes(self) -> int:
        """Bytes of a position, whatever levels the channels have."""
        return -(-self.bits // 8)

    @torch.no_grad()
    def start(self, values: Tensor) -> None:
        """Shares the bits among the channels and places their levels on these values.

        Args:
            values: what comes in for some images, Float[Tensor, "batch channels height width"] or "batch channels".
        """
        ascending = _ascending(values)
        levels = share_bits(ascending.numpy(), self.bits)
        self.levels.copy_(torch.tensor(levels))
        self._place(ascending)

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape, in float32 at least."""
        if self.training and not self.shares.any():
            self._place(_ascending(x.detach()))
        z = _rows(x.detach()).to(self.centres.dtype)
        with torch.no_grad():
            chosen = self._nearest(z)
            rounded = self.centres.gather(1, chosen).where(~z.isnan(), z)  # a broken encoder must not look sound
            quantized = _like(rounded, x)
            if not self.training:
                return quantized
            passes = _like(self._within(z).to(quantized.dtype), x)
            if self.decay < 1:
                self._follow(z - rounded, chosen)
        return straight_through(x, quantized, passes)

    @torch.no_grad()
    def codes(self, x: Tensor) -> Tensor:
        """Index of the nearest level: Float[Tensor, "batch channels ..."] -> Int64 of the same shape."""
        chosen = self._nearest(_rows(x).to(self.centres.dtype))
        return _like(torch.minimum(chosen, (self.levels - 1)[:, None]), x)  # infinity is beyond the last level

    def from_codes(self, codes: Tensor) -> Tensor:
        """Int64[Tensor, "batch channels ..."] -> Float of the same shape."""
        return _like(self.centres.gather(1, _rows(codes)), codes)

    def _nearest(self, z: Tensor) -> Tensor:
        """Index of the nearest level, Int64["channels n"]: binary search for all values at once.

        Five times as fast as `torch.searchsorted`, which walks value by value.
        """
        on_host = z.device.type == "cpu"
        depth = max(1, int(self.levels.max()) - 1).bit_length() if on_host else 8  # elsewhere asking costs a wait
        width = 2**depth
        middles = torch.full((len(z), width), _BEYOND, dtype=z.dtype, device=z.device)
        last = min(width, MAX_LEVELS - 1)
        middles[:, :last] = (self.centres[:, :last] + self.centres[:, 1 : last + 1]) / 2
        chosen = torch.zeros_like(z, dtype=torch.int64)
        for power in reversed(range(depth)):
            step = 2**power
            chosen.add_(z > middles[:, step - 1 :].gather(1, chosen), alpha=step)
        return chosen

    def _within(self, z: Tensor) -> Tensor:
        """Whether values lie between the outer levels of a channel that has several: Bool["channels n"]."""
        low, high = self.centres[:, :1], self.centres.gather(1, self.levels[:, None] - 1)
        return (self.levels > 1)[:, None] & ~((z < low) | (z > high))

    @torch.no_grad()
    def _place(self, ascending: Tensor) -> None:
        """Levels, as many as each channel has, on its values: Float64["channels n"], each row ascending."""
        self.centres.fill_(_BEYOND)
        self.shares.zero_()
        known: dict[tuple[int, bytes], tuple[Tensor, Tensor]] = {}
        for channel, (row, count) in enumerate(zip(ascending.numpy(), self.num_levels, strict=True)):
            key = (count, row.tobytes())
            if key not in known:
                best = best_levels(row, count)
                known[key] = torch.from_numpy(best.centres), torch.from_numpy(best.shares)
            centres, shares = known[key]
            self.centres[channel, :count] = centres.to(self.centres)
            self.shares[channel, :count] = shares.to(self.shares)

    @torch.no_grad()
    def _follow(self, errors: Tensor, chosen: Tensor) -> None:
        """Moves levels to the means of their values, and brings back a dead one of each channel.

        Args:
            errors: z − c, Float[Tensor, "channels n"].
            chosen: index of each value's level, of the same shape.
        """
        fresh = 1 - self.decay
        one = torch.ones((), dtype=errors.dtype, device=errors.device)
        shares = torch.zeros_like(self.shares).scatter_add_(1, chosen, one.expand_as(errors)) / errors.shape[1]
        sums = torch.zeros_like(self.centres).scatter_add_(1, chosen, errors)
        self.shares.lerp_(shares, fresh)
        self.centres.add_(sums / (errors.shape[1] * self.shares.clamp_min(1e-12)), alpha=fresh)
        exists = torch.arange(MAX_LEVELS, device=errors.device) < self.levels[:, None]
        rarest, rare = torch.where(exists, self.shares, 2.0).min(dim=1)
        dead = (rarest * self.levels < _DEAD) & (self.levels > 1)
        if errors.device.type != "cpu" or dead.any():
            self._revive(dead, rare)

    def _revive(self, dead: Tensor, rare: Tensor) -> None:
        """The rare level of each dead channel, and the one chosen most, share that one's cell: a quarter from its ends.

        Args:
            dead: Bool["channels"].
            rare: index of the level to move, Int64["channels"].
        """
        share, busy = self.shares.max(dim=1)
        below = torch.where(busy > 0, busy - 1, busy)
        above = torch.minimum(busy + 1, self.levels - 1)
        rows = torch.arange(len(busy), device=busy.device)
        middle = self.centres[rows, busy]
        low, high = (middle + self.centres[rows, below]) / 2, (middle + self.centres[rows, above]) / 2
        low = torch.where(busy > 0, low, 2 * middle - high)  # an outermost cell has no end: as wide as to the inside
        high = torch.where(busy < self.levels - 1, high, 2 * middle - low)
        left, right = (3 * low + high) / 4, (low + 3 * high) / 4
        for index, centre in ((busy, left), (rare, right)):
            self.centres[rows, index] = torch.where(dead, centre, self.centres[rows, index])
            self.shares[rows, index] = torch.where(dead, share / 2, self.shares[rows, index])
        order = self.centres.argsort(dim=1, stable=True)
        self.centres.copy_(self.centres.gather(1, order))
        self.shares.copy_(self.shares.gather(1, order))

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{len(self.levels)}, bits={self.bits}, decay={self.decay}"


def equal_levels(channels: int, bits: int) -> list[int]:
    """Levels of each channel when nothing is known of them: ⌊2^(bits / channels)⌋, and what is left to the first ones.

    `equal_levels(3, 4)` is [3, 2, 2]: the product is at most 2⁴.
    """
    each = min(MAX_LEVELS, int(2 ** (bits / channels) + 1e-9))
    levels = [each] * channels
    product = each**channels
    for channel in range(channels):
        while levels[channel] < MAX_LEVELS and product // levels[channel] * (levels[channel] + 1) <= 2**bits:
            if levels[channel] > each:
                break
            product = product // levels[channel] * (levels[channel] + 1)
            levels[channel] += 1
    return levels


def _rows(x: Tensor) -> Tensor:
    """Tensor["batch channels ..."] -> Tensor["channels batch·positions"]."""
    return x.transpose(0, 1).reshape(x.shape[1], -1) if x.dim() == 2 else x.permute(1, 0, 2, 3).reshape(x.shape[1], -1)


def _like(rows: Tensor, x: Tensor) -> Tensor:
    """The inverse of `_rows`, for the shape of x; maps in channels-last memory."""
    if x.dim() == 2:
        return rows.T
    batch, channels, height, width = x.shape
    maps = rows.reshape(channels, batch, height, width).permute(1, 0, 2, 3)
    return maps.contiguous(memory_format=torch.channels_last)


def _ascending(values: Tensor) -> Tensor:
    """Values of each channel in order, evenly thinned out: Float64["channels n"] on the processor."""
    rows = _rows(values)
    chosen = np.linspace(0, rows.shape[1] - 1, min(rows.shape[1], _START_VALUES)).round().astype(np.int64)
    return rows[:, torch.from_numpy(chosen).to(rows.device)].double().cpu().sort(dim=1).values


@builds("lloyd")
def _lloyd(request: Request) -> nn.Module:
    return LloydQuantizer(request.channels, bits=request.whole("bits"), decay=request.number("decay"))
