"""Live PyTorch modules: wiring, shapes, parameters and gradients from one real pass, and nothing left behind by it."""

import random
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.checks import Subject, diagnose
from diabolo.checks.live.torch_module import read_module
from diabolo.errors import DiaboloError
from diabolo.graph import ModelGraph


def read(module: nn.Module, **options: object) -> Subject:
    return read_module(module, **({"input_shape": (32, 32, 3)} | options))  # type: ignore[arg-type]


def graph_of(module: nn.Module, **options: object) -> ModelGraph:
    return read(module, **options).graphs[0]


def findings(module: nn.Module, **options: object) -> list[str]:
    """`AE101 name` of every error and warning."""
    return [
        f"{finding.code} {finding.node}".strip()
        for finding in diagnose(read(module, **options))
        if finding.severity != "note"
    ]


def errors(module: nn.Module, **options: object) -> list[str]:
    return [finding.code for finding in diagnose(read(module, **options)) if finding.severity == "error"]


class Question(nn.Module):
    """The question's network in PyTorch, by a habit of its own: lists of layers, a loop, functions between them."""

    def __init__(self, order: str) -> None:
        super().__init__()
        sizes = [3, 64, 16, 16, 32]
        self.order = order
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm2d(size) for size in sizes[1:])
        self.to_pixels = nn.Conv2d(32, 3, 3, padding="same")

    def forward(self, images: Tensor) -> Tensor:
        x = images
        for stage, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):

            def sample(value: Tensor, stage: int = stage) -> Tensor:
                return F.max_pool2d(value, 2) if stage < 2 else F.interpolate(value, scale_factor=2)

            x = convolution(x)
            if self.order == "bn-relu":
                x = sample(torch.relu(norm(x)))
            elif self.order == "pool-bn":
                x = norm(sample(torch.relu(x)))
            elif self.order == "method-2":
                x = sample(norm(torch.relu(x)))
            else:
                x = torch.relu(x)
                norm(x)
                x = sample(x)
        return torch.sigmoid(self.to_pixels(x))


def test_question_method_1():
    module = Question("method-1")
    graph = graph_of(module)
    assert sum(node.num_trainable for node in graph.layers) == 18_851
    assert sum(node.num_non_trainable for node in graph.layers) == 0
    assert sum(node.num_trainable + node.num_non_trainable for node in graph.nodes) == 18_851 + 512
    found = diagnose(read(module))
    assert [finding.message for finding in found if finding.severity == "error"] == [
        "result of `norms.0` (BatchNorm2d) is never used; `pool_1` takes `relu_1` instead",
        "result of `norms.1` (BatchNorm2d) is never used; `pool_2` takes `relu_2` instead",
        "result of `norms.2` (BatchNorm2d) is never used; `up_1` takes `relu_3` instead",
        "result of `norms.3` (BatchNorm2d) is never used; `up_2` takes `relu_4` instead",
    ]


@pytest.mark.parametrize("order", ["method-2", "pool-bn", "bn-relu"])
def test_question_other_orders(order: str):
    module = Question(order)
    graph = graph_of(module)
    assert (
        sum(node.num_trainable for node in graph.layers),
        sum(node.num_non_trainable for node in graph.layers),
    ) == (19_107, 256)
    assert errors(module) == []
    assert graph[graph.latent].shape == (8, 8, 16)
    assert graph[graph.output].section == "decoder"
    assert graph.input.shape == graph[graph.output].shape == (32, 32, 3)


class Wrapped(nn.Module):
    """A module with any `forward`."""

    def __init__(self, forward: Callable[..., object], **layers: nn.Module | Tensor) -> None:
        super().__init__()
        self.body = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *arguments: Tensor, **keywords: Tensor) -> object:
        return self.body(self, *arguments, **keywords)


def conv(into: int = 3, out: int = 3) -> nn.Conv2d:
    return nn.Conv2d(into, out, 3, padding=1)


CLEAN = {
    "in-place": Wrapped(lambda m, x: (F.relu_(y := m.a(x)), y)[1], a=conv()),
    "in-place layer, result dropped": Wrapped(lambda m, x: (m.r(y := m.a(x)), y)[1], a=conv(), r=nn.ReLU(inplace=True)),
    "in-place on a view": Wrapped(lambda m, x: (y := m.a(x), y[:, 0].mul_(2.0))[0], a=conv()),
    "assigned part": Wrapped(lambda m, x: (y := m.a(x) * 1, y.__setitem__((slice(None), 0), m.b(x)[:, 0]))[0],
                             a=conv(), b=conv()),
    "skip connection": Wrapped(lambda m, x: m.b(y := m.a(x)) + y, a=conv(), b=conv()),
    "several outputs": Wrapped(lambda m, x: {"image": m.a(x), "codes": [m.b(x)]}, a=conv(), b=conv(3, 1)),
    "loop over a split": Wrapped(lambda m, x: torch.cat([part * 2 for part in m.a(x)]), a=conv()),
    "iteration and unpacking": Wrapped(lambda m, x: sum(m.a(x).chunk(3, dim=1)).expand(-1, 3, -1, -1), a=conv()),
    "branch on data": Wrapped(lambda m, x: m.a(x) if x.mean() > -1 else m.b(x), a=conv(), b=conv()),
    "tied weights": Wrapped(
        lambda m, x: torch.sigmoid(F.conv_transpose2d(F.relu(m.a(x)), m.a.weight, padding=1)), a=conv(3, 8)
    ),
    "frozen encoder": Wrapped(lambda m, x: m.b(m.a(x)), a=conv(3, 8).requires_grad_(False), b=conv(8, 3)),
    "straight through": Wrapped(lambda m, x: m.b((y := m.a(x)) + (y.round() - y).detach()), a=conv(3, 8), b=conv(8, 3)),
    "kept in a list": Wrapped(lambda m, x: (m.kept.append(m.b(x)), m.a(x))[1], a=conv(), b=conv()),
    "monitored": Wrapped(lambda m, x: (setattr(m, "level", m.b(x).abs().mean().item()), m.a(x))[1], a=conv(), b=conv()),
    "by numpy": Wrapped(lambda m, x: m.a(x) * float(np.asarray(m.b(x).detach()).mean()), a=conv(),
                        b=conv().requires_grad_(False)),
    "own autograd function": Wrapped(lambda m, x: Doubled.apply(m.a(x)), a=conv()),
    "norm of weights": Wrapped(lambda m, x: m.a(x), a=nn.utils.parametrizations.weight_norm(conv())),
    "old norm of weights": Wrapped(lambda m, x: m.a(x), a=nn.utils.spectral_norm(conv())),
    "subclass with settings": Wrapped(lambda m, x: m.a(x), a=type("Conv3", (nn.Conv2d,), {})(3, 3, 3, padding=1)),
    "no-ops": Wrapped(lambda m, x: m.a(x.contiguous().to(x.dtype).float().clone()), a=conv()),
    "branches of an inception": Wrapped(
        lambda m, x: m.c(torch.cat([m.a(x), m.b(x)], 1)), a=conv(3, 4), b=conv(3, 4), c=conv(8, 3)
    ),
}  # fmt: skip
CLEAN["kept in a list"].kept = []


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(context: object, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient * 2


@pytest.mark.parametrize("name", CLEAN)
def test_no_false_alarm(name: str):
    assert [item for item in findings(CLEAN[name]) if item.startswith(("AE1", "AE201"))] == []
    assert errors(CLEAN[name]) == []


class Vae(nn.Module):
    """Written as most are: the decoder and the loss are methods, `eps` by `randn_like`."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(True), nn.Flatten())
        self.fc_mu, self.fc_var = nn.Linear(16 * 256, 24), nn.Linear(16 * 256, 24)
        self.fc = nn.Linear(24, 16 * 256)
        self.decoder = nn.Sequential(nn.ConvTranspose2d(16, 3, 4, 2, 1), nn.Sigmoid())
        self.kl_seen: Tensor | None = None

    def reparameterize(self, mu: Tensor, logvar: Tensor) -> Tensor:
        return mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = self.encoder(x)
        mu, logvar = self.fc_mu(hidden), self.fc_var(hidden)
        z = self.reparameterize(mu, logvar)
        self.kl_seen = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
        return self.decoder(self.fc(z).view(-1, 16, 16, 16)), mu, logvar


def test_variational_autoencoder():
    module = Vae().eval()  # in evaluation `fc_var` would have no part in the image
    graph = graph_of(module)
    assert errors(module) == []
    assert graph[graph.output].shape == (32, 32, 3)
    assert {graph[name].layer for name in graph.outputs} >= {"fc_mu", "fc_var"}
    assert any(node.kind == "sample" and node.is_random for node in graph.nodes)
    assert graph["encoder.0"].attributes == {
        "channels": 16, "k": 4, "stride": 2, "pad": 1, "dilation": 1, "groups": 1, "bias": True,
    }  # fmt: skip
    assert not module.training
    assert module.kl_seen is None


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, padding=1)
        self.unused = nn.Conv2d(8, 8, 3)
        self.block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.heads = nn.ModuleList([nn.Conv2d(8, 3, 1), nn.Conv2d(8, 3, 1)])
        self.loss = nn.MSELoss()

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(x)
        for _ in range(3):
            x = self.block(x)
        return self.heads[0](x)

    def sample(self, x: Tensor) -> Tensor:
        return self.heads[1](x)


def test_idle_and_shared_layers():
    graph = graph_of(Residual())
    assert [(node.name, node.title, node.num_trainable) for node in graph.idle] == [("unused", "Conv2d", 584)]
    shared = [node for node in graph.nodes if node.layer == "block.0"]
    assert [node.name for node in shared] == ["block.0", "block.0_2", "block.0_3"]
    assert [node.num_trainable for node in shared] == [584, 0, 0]
    assert "AE102 unused" in findings(Residual())


class NeverNormalises(nn.BatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        return x


def test_parameters_that_a_real_backward_leaves_out():
    module = nn.Sequential(conv(3, 8), NeverNormalises(8), nn.ReLU(), conv(8, 3))
    problems = read(module).problems
    assert [(problem.rule, problem.message) for problem in problems] == [
        ("AE106", "`weight` and `bias` of `1` (NeverNormalises) get no gradient: "
         "nothing that `forward` returns depends on them")
    ]  # fmt: skip
    assert errors(module) == ["AE106"]


def test_cut_gradient():
    cut = Wrapped(lambda m, x: m.b(m.a(x).detach()), a=conv(3, 8), b=conv(8, 3))
    found = [finding for finding in diagnose(read(cut)) if finding.severity in ("error", "warning")]
    assert [finding.code for finding in found if finding.code[:3] == "AE1"] == ["AE106"]
    assert "`a`" in next(finding for finding in found if finding.code == "AE106").message

    def frozen_by_mistake(module: nn.Module, x: Tensor) -> Tensor:
        with torch.no_grad():
            codes = module.a(x)
        return module.b(codes)

    assert any(item.startswith("AE106") for item in findings(Wrapped(frozen_by_mistake, a=conv(3, 8), b=conv(8, 3))))


def test_dropped_results():
    dropped = Wrapped(
        lambda m, x: (m.b(y := F.relu(m.a(x))), m.c(y))[1], a=conv(3, 8), b=nn.BatchNorm2d(8), c=conv(8, 3)
    )
    assert [item for item in findings(dropped) if item.startswith("AE101")] == ["AE101 b"]
    size_only = Wrapped(lambda m, x: m.a(x) * m.b(x).shape[0], a=conv(), b=conv())
    assert [item for item in findings(size_only) if item.startswith("AE101")] == ["AE101 b"]


def state(module: nn.Module) -> dict[str, object]:
    return {
        "tensors": {name: value.clone() for name, value in module.state_dict().items()},
        "modes": [part.training for part in module.modules()],
        "grads": [None if value.grad is None else value.grad.clone() for value in module.parameters()],
        "hooks": [(list(part._forward_hooks.values()), list(part._forward_pre_hooks)) for part in module.modules()],
        "needs": [value.requires_grad for value in module.parameters()],
        "attributes": [set(vars(part)) for part in module.modules()],
    }


def test_module_is_left_as_it_was():
    noisy = Wrapped(lambda m, x: x * random.random() + float(np.random.rand()) + torch.rand(1))
    module = nn.Sequential(conv(3, 8), nn.BatchNorm2d(8), nn.Dropout(0.5), nn.ReLU(inplace=True), noisy, conv(8, 3))
    module[2].eval()
    module(torch.rand(4, 3, 8, 8)).mean().backward()
    seen: list[object] = []
    module[0].register_forward_hook(lambda *arguments: seen.append(arguments))
    example = torch.rand(2, 3, 8, 8)
    kept = example.clone()
    before, numbers = state(module), (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist())
    read(module, example=example)
    after = state(module)
    torch.testing.assert_close(after.pop("tensors"), before.pop("tensors"), rtol=0, atol=0)
    torch.testing.assert_close(after.pop("grads"), before.pop("grads"), rtol=0, atol=0)
    assert after == before
    assert seen == []
    assert torch.equal(example, kept)
    assert torch.equal(torch.get_rng_state(), numbers[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == numbers[1:]
    from torch.nn.modules import module as registry

    assert not registry._global_forward_hooks
    assert not registry._global_forward_pre_hooks


def test_module_that_was_trained_before_is_copied():
    module = Vae()
    module(torch.rand(2, 3, 32, 32))
    assert module.kl_seen is not None
    assert module.kl_seen.grad_fn is not None
    assert errors(module) == []


def test_example_is_asked_for():
    with pytest.raises(DiaboloError, match=r"check\(model, input_shape=\(32, 32, 3\)\)"):
        read_module(conv())
    with pytest.raises(DiaboloError, match="holds no tensor"):
        read_module(conv(), example="image")


def test_other_examples():
    module = Wrapped(lambda m, image, noise=None: m.a(image + noise), a=conv())
    image = torch.rand(2, 3, 8, 8)
    named = graph_of(module, example={"image": image, "noise": image})
    assert [node.name for node in named.nodes if node.kind == "input"] == ["image", "noise"]
    assert graph_of(nn.Linear(12, 12), example=torch.rand(5, 12))[
        graph_of(nn.Linear(12, 12), example=torch.rand(5, 12)).output
    ].shape == (12,)


def test_what_stops():
    (problem,) = read(nn.Sequential(conv(3, 8), conv(4, 3))).problems
    assert problem.rule == "AE201"
    assert "stops in `1`" in problem.message
    (problem,) = read(Wrapped(lambda m, x: m.nothing(x), a=conv())).problems
    assert problem.rule == "AE002"
    assert "AttributeError" in problem.message
    (problem,) = read(Wrapped(lambda m, x: None, a=conv())).problems
    assert "gives no tensor" in problem.message


def test_what_cannot_be_copied():
    class Locked(nn.Conv2d):
        def __deepcopy__(self, memo: object) -> "Locked":
            raise RuntimeError("one of a kind")

    (problem,) = read(Locked(3, 3, 3)).problems
    assert problem.rule == "AE002"
    assert "one of a kind" in problem.message


def test_compiled_and_parallel_modules_are_looked_into():
    module = nn.DataParallel(nn.Sequential(conv(3, 8), nn.ReLU(), conv(8, 3)))
    assert [node.kind for node in graph_of(module).nodes] == ["input", "conv", "relu", "conv"]


def test_shapes_and_kinds_of_functions():
    def forward(module: nn.Module, x: Tensor) -> Tensor:
        x = F.conv2d(x, module.weight, stride=2, padding=1)
        x = F.leaky_relu(x, 0.1)
        x = F.pixel_shuffle(x, 2)
        x = F.interpolate(x, scale_factor=2, mode="bilinear")
        return F.avg_pool2d(2 * x, 2)

    module = Wrapped(forward, weight=nn.Parameter(torch.rand(12, 3, 3, 3)))
    nodes = graph_of(module).nodes
    assert [(node.kind, node.shape) for node in nodes] == [
        ("input", (32, 32, 3)),
        ("conv", (16, 16, 12)),
        ("leaky", (16, 16, 12)),
        ("shuffle", (32, 32, 3)),
        ("up", (64, 64, 3)),
        ("arithmetic", (64, 64, 3)),
        ("avgpool", (32, 32, 3)),
    ]
    assert nodes[1].num_trainable == 12 * 27
    assert nodes[1].attributes["stride"] == 2
    assert nodes[2].attributes == {"slope": 0.1}
    assert nodes[4].attributes == {"size": 2, "mode": "bilinear"}
    assert nodes[5].attributes == {"operator": "*", "constant": 2.0}
