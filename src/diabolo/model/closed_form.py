"""`initialisation=pca`: a line starts as the best linear map of blocks, computed from train images.

The main path of a line is what is left where every `res` is only its skip connection. It must be linear. On it each
layer that narrows becomes the leading principal directions of what comes into it, at the centre of its kernel, and one
layer behind the waist becomes the linear map that brings the latent nearest to the images; all others pass on what they
get. Branches of `res` end in zero weights, so that training starts at that linear map and adds to it what it cannot do;
blocks within a branch start at a tenth.

K. Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2(11), 1901.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from diabolo.errors import RecipeError
from diabolo.graph import Node
from diabolo.layers.convolution import Conv
from diabolo.layers.dense import Dense
from diabolo.model.autoencoder import AutoEncoder
from diabolo.model.main_path import main_path, quieten_branches, waist_on
from diabolo.model.moments import Moments, Pairs, rows_of

MOST_VALUES = 4096
"""Values at a position above which principal directions are not computed: their covariance would take over 128 MiB."""
_MOST_HELD = 2**25  # values that come into a layer with a `start` of its own: 128 MiB
Batches = Callable[[], Iterable[Tensor]]
"""Gives the same batches each time: Float[Tensor, "batch channels height width"] in [0, 1]."""


@torch.no_grad()
def initialise_closed_form(model: AutoEncoder, batches: Batches) -> None:
    """Sets the weights of a model's main path from images, and those that its branches end in to zero.

    A layer with a method `start(values)` is given what comes into it, in evaluation mode.

    Args:
        model: with weights from `initialise`; those of branches but their last ones are kept.
        batches: train images, on the model's device.

    Raises:
        RecipeError: the main path is not linear, or a branch cannot start at zero; the message says which layer.
    """
    path = main_path(model.graph)
    quieten_branches(model)
    was_training = model.training
    model.eval()
    try:
        _Start(model, path, batches).run()
    finally:
        model.train(was_training)


class _Start:
    def __init__(self, model: AutoEncoder, path: Sequence[Node], batches: Batches) -> None:
        self.model, self.path, self.batches = model, path, batches
        waist = waist_on(path)
        self.encoder, self.decoder = range(waist), range(waist, len(path))

    def run(self) -> None:
        weighted = [at for at in self.encoder if self._is_weighted(at)]
        narrowing = [at for at in weighted if self._narrows(at)] or weighted[-1:]
        for at in self.encoder:
            layer = self._layer(at)
            if at in narrowing:
                self._become_directions(at, scaled=at == narrowing[-1])
            elif self._is_weighted(at):
                _become_identity(layer)
            elif hasattr(layer, "start"):
                layer.start(self._values_into(at))  # type: ignore[operator]
        weighted = [at for at in self.decoder if self._is_weighted(at)]
        fitted = next((at for at in weighted if not any(self._grows(later) for later in weighted if later > at)), None)
        for at in weighted:
            if at != fitted:
                _become_identity(self._layer(at))
        if fitted is not None:
            self._become_decoder(fitted)

    def _layer(self, at: int) -> nn.Module:
        return self.model.layers[self.path[at].name]

    def _is_weighted(self, at: int) -> bool:
        return isinstance(self._layer(at), Conv | Dense)

    def _narrows(self, at: int) -> bool:
        return self.path[at].shape[-1] < self._width_into(at)

    def _grows(self, at: int) -> bool:
        return self.path[at].shape[-1] > self._width_into(at)

    def _width_into(self, at: int) -> int:
        return self.model.graph[self.path[at].inputs[0]].shape[-1]

    def _into(self, at: int) -> Iterable[Tensor]:
        """What comes into a layer of the path, batch by batch."""
        for batch in self.batches():
            yield self._through(range(at), batch)

    def _through(self, layers: range, x: Tensor) -> Tensor:
        for at in layers:
            x = self._layer(at)(x)
        return x

    def _values_into(self, at: int) -> Tensor:
        held, count = [], 0
        for values in self._into(at):
            held.append(values)
            count += values.numel()
            if count >= _MOST_HELD:
                break
        return torch.cat(held)

    def _become_directions(self, at: int, *, scaled: bool) -> None:
        """y = Vᵀ(x − mean), the leading directions V; the last such layer's output has a scale of about 1."""
        width = self._width_into(at)
        if width > MOST_VALUES:
            raise RecipeError(
                f"`initialisation=pca`: `{self.path[at].name}` gets {width:,} values at a position, and principal "
                f"directions are computed up to {MOST_VALUES:,}; write `unshuffle` and `conv` in place of a large "
                "`dense`, or take another `initialisation`"
            )
        moments = Moments(width)
        for values in self._into(at):
            moments.add(rows_of(values))
        directions, deviations = moments.directions(self.path[at].shape[-1])
        scale = float(deviations.mean()) if scaled else 1.0
        matrix = directions.T / (scale or 1.0)
        _set(self._layer(at), matrix, -matrix @ moments.mean)

    def _become_decoder(self, at: int) -> None:
        """The affine map from what comes into a layer to what the layers behind it turn into the image.

        Those only pass on, drop or rearrange values, so their transpose gives back what they must get.
        """
        behind = range(at + 1, len(self.path))
        layer = self._layer(at)
        pairs = Pairs(self._width_into(at), self.path[at].shape[-1])
        with torch.enable_grad():
            for batch in self.batches():
                before = self._through(range(at), batch).detach()
                probe = layer(before).detach().requires_grad_()
                (wanted,) = torch.autograd.grad(self._through(behind, probe), probe, batch)
                pairs.add(rows_of(before), rows_of(wanted))
        _set(layer, *pairs.affine_map(with_bias=layer.bias is not None))


def _become_identity(layer: nn.Module) -> None:
    assert isinstance(layer, Conv | Dense)
    out, width = layer.weight.shape[:2]
    _set(layer, torch.eye(out, width, dtype=torch.float64), torch.zeros(out, dtype=torch.float64))


def _set(layer: nn.Module, matrix: Tensor, bias: Tensor) -> None:
    """Makes a layer y = matrix · x + bias at each position; the bias is left out where the layer has none."""
    assert isinstance(layer, Conv | Dense)
    if isinstance(layer, Conv):
        layer.weight.zero_()
        top = layer.dilation * (layer.weight.shape[2] - 1) // 2
        centre = top // layer.dilation
        layer.weight[:, :, centre, centre] = matrix.to(layer.weight)
    else:
        layer.weight.copy_(matrix)
    if layer.bias is not None:
        layer.bias.copy_(bias)
