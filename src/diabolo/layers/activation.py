"""Activations, and the sum at the end of a residual block."""

from torch import Tensor, nn

from diabolo.layers.registry import Request, builds

_KEEPS_NO_OUTPUT = frozenset({"conv", "deconv", "dense", "bn", "gn", "add"})
"""Layers whose backward pass does not read their own output, so that a ReLU may overwrite it."""


class Add(nn.Module):
    """x + f(x), the sum of a residual block. He et al. 2015, https://arxiv.org/abs/1512.03385."""

    def forward(self, skip: Tensor, branch: Tensor) -> Tensor:
        """Two tensors of one shape -> their sum."""
        return skip + branch


def _may_overwrite(request: Request) -> bool:
    source = request.node.inputs[0]
    return request.graph[source].kind in _KEEPS_NO_OUTPUT and len(request.graph.consumers(source)) == 1


@builds("relu")
def _relu(request: Request) -> nn.Module:
    return nn.ReLU(inplace=_may_overwrite(request))  # the largest tensors of a model, once instead of twice


@builds("leaky")
def _leaky(request: Request) -> nn.Module:
    return nn.LeakyReLU(request.number("slope"))


@builds("gelu")
def _gelu(request: Request) -> nn.Module:
    return nn.GELU()


@builds("silu")
def _silu(request: Request) -> nn.Module:
    return nn.SiLU()


@builds("sigmoid")
def _sigmoid(request: Request) -> nn.Module:
    return nn.Sigmoid()


@builds("tanh")
def _tanh(request: Request) -> nn.Module:
    return nn.Tanh()


@builds("add")
def _add(request: Request) -> nn.Module:
    return Add()
