"""Activations, and the sum at the end of a residual block."""

from torch import Tensor, nn

from diabolo.layers.registry import Request, builds

_KEEPS_NO_OUTPUT = frozenset({"conv", "dwconv", "deconv", "dense", "bn", "gn", "add"})
"""Layers that put out a tensor of their own and whose backward pass does not read it: a ReLU may overwrite it."""


class Add(nn.Module):
    """x + f(x), the sum of a residual block. He et al. 2015, https://arxiv.org/abs/1512.03385."""

    def forward(self, skip: Tensor, branch: Tensor) -> Tensor:
        """Two tensors of one shape -> their sum."""
        return skip + branch


def _may_overwrite(request: Request) -> bool:
    """Whether nobody else sees the ReLU's input: no other layer, no autograd, no caller (latent and output are his)."""
    graph = request.graph
    source = request.node.inputs[0]
    return (
        graph[source].kind in _KEEPS_NO_OUTPUT
        and len(graph.consumers(source)) == 1
        and source not in (graph.latent, graph.output)
    )


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
