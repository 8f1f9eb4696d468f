"""Means and products of rows that come in batches, in float64: principal directions, and the best affine map."""

import torch
from torch import Tensor

_CUT = 1e-10  # of the largest variance: directions below it are rounding, and a map says nothing of them


def rows_of(values: Tensor) -> Tensor:
    """(batch, channels, height, width) -> (batch · height · width, channels); flat values stay as they are."""
    return values.permute(0, 2, 3, 1).flatten(0, 2) if values.dim() == 4 else values


class Moments:
    """Mean and covariance of rows; the rows are taken less the first batch's mean, so that little is cancelled."""

    def __init__(self, width: int) -> None:
        self._products = torch.zeros(width, width, dtype=torch.float64)
        self._sums = torch.zeros(width, dtype=torch.float64)
        self._centre: Tensor | None = None
        self._count = 0

    def add(self, rows: Tensor) -> None:
        """Takes in Float[Tensor, "rows width"], on any device."""
        rows = rows.cpu().double()
        if self._centre is None:
            self._centre = rows.mean(dim=0)
        centred = rows - self._centre
        self._products.addmm_(centred.T, centred)
        self._sums += centred.sum(dim=0)
        self._count += len(rows)

    @property
    def mean(self) -> Tensor:
        """Float64[Tensor, "width"]."""
        assert self._centre is not None
        return self._centre + self._sums / self._count

    @property
    def covariance(self) -> Tensor:
        """Float64[Tensor, "width width"]."""
        offset = self._sums / self._count
        return self._products / self._count - torch.outer(offset, offset)

    def directions(self, most: int) -> tuple[Tensor, Tensor]:
        """The leading principal directions as columns, and the deviations along those that there are.

        Where `most` is more than the width, the columns too many are zero. The largest part of each direction is
        positive, so that the same images give the same signs.

        Returns:
            Float64[Tensor, "width most"], Float64[Tensor, "min(width, most)"].
        """
        from scipy.linalg import eigh  # late: it takes longer to import than most of diabolo

        width = len(self._sums)
        kept = min(most, width)
        span = [width - kept, width - 1]
        variances, vectors = eigh(self.covariance.numpy(), subset_by_index=span)
        leading = torch.from_numpy(vectors).flip(1)
        largest = leading.gather(0, leading.abs().argmax(dim=0, keepdim=True))
        directions = torch.zeros(width, most, dtype=torch.float64)
        directions[:, :kept] = leading * torch.where(largest < 0, -1.0, 1.0)
        return directions, torch.from_numpy(variances).flip(0).clamp(min=0).sqrt()


class Pairs:
    """Rows and what is wanted of them, for the affine map that comes nearest in the mean square."""

    def __init__(self, width: int, wanted: int) -> None:
        self._moments = Moments(width + wanted)
        self._width = width

    def add(self, rows: Tensor, wanted: Tensor) -> None:
        """Takes in Float[Tensor, "rows width"] and Float[Tensor, "rows wanted"]."""
        self._moments.add(torch.cat([rows, wanted], dim=1))

    def affine_map(self, *, with_bias: bool = True) -> tuple[Tensor, Tensor]:
        """(matrix, bias) so that matrix · row + bias is nearest to what is wanted, the shortest such matrix.

        Args:
            with_bias: False: the map has to do without a bias; the one returned is then to be ignored.

        Returns:
            Float64[Tensor, "wanted width"], Float64[Tensor, "wanted"].
        """
        width, mean = self._width, self._moments.mean
        products = self._moments.covariance if with_bias else self._moments.covariance + torch.outer(mean, mean)
        inverse = torch.linalg.pinv(products[:width, :width], hermitian=True, rtol=_CUT)
        matrix = products[width:, :width] @ inverse
        return matrix, mean[width:] - matrix @ mean[:width]
