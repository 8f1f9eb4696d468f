"""Modules of PyTorch read from source text: layers that do nothing, gradients that stop, shapes that do not fit."""

import pytest
from torch_threads_source import HEAD, NEVER_NORMALISES, ODD_SIZES, REUSED_BLOCK
from torch_threads_source import UNUSED_PARAMETERS as UNUSED

from diabolo.checks.source.read import read_source
from diabolo.checks.subject import Subject


def read(source: str) -> Subject:
    return read_source(source, "train.py", is_guarded=False)


def row_of(source: str, text: str) -> int:
    return next(number for number, row in enumerate(source.split("\n"), start=1) if text in row)


def test_layers_that_are_never_called() -> None:
    (graph,) = read(UNUSED).graphs
    assert [(node.variable, node.title, node.place and node.place.row) for node in graph.idle] == [
        ("self.skip", "Conv2d", row_of(UNUSED, "self.skip =")),
        ("self.heads[1]", "Conv2d", row_of(UNUSED, "self.heads =")),
    ]
    used = UNUSED.replace("return self.heads[0](h)", "return self.skip(x) @ self.heads[1](h) + self.heads[0](h)")
    assert read(used).graphs[0].idle == ()


def test_a_layer_that_another_method_uses_is_not_idle() -> None:
    source = UNUSED + "\n    def other(self, x):\n        return self.skip(x)\n"
    (graph,) = read(source).graphs
    assert [node.variable for node in graph.idle] == ["self.heads[1]"]


def test_a_normalisation_that_never_normalises() -> None:
    (graph,) = read(NEVER_NORMALISES).graphs
    assert [(node.title, node.variable) for node in graph.idle] == [("BatchNorm2d", "self.bn")]
    calls_super = NEVER_NORMALISES.replace("F.relu(x)", "F.relu(super().forward(x))")
    (graph,) = read(calls_super).graphs
    assert graph.idle == ()
    assert [node.kind for node in graph.nodes] == ["input", "conv", "bn", "relu", "conv"]


def test_one_layer_in_four_places_keeps_its_identity() -> None:
    (graph,) = read(REUSED_BLOCK).graphs
    layers = [node.layer for node in graph.nodes if node.kind == "conv"]
    assert len(layers) == 6
    assert len(set(layers)) == 3


def test_odd_sizes_do_not_come_back() -> None:
    (graph,) = read(ODD_SIZES).graphs
    assert graph.input_shape == (28, 28, 1)
    assert graph[graph.output].shape == (24, 24, 1)


def test_encoder_and_decoder_that_a_loop_puts_together() -> None:
    source = (
        HEAD
        + """
encoder = nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.ReLU())
decoder = nn.Sequential(nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(list(encoder.parameters()) + list(decoder.parameters()), lr=1e-3)
for epoch in range(3):
    for x, y in DataLoader(datasets.CIFAR10("d", transform=transforms.ToTensor()), batch_size=10):
        noisy = x + 0.1 * torch.randn_like(x)
        z = encoder(noisy)
        loss = F.mse_loss(decoder(z), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
    )
    subject = read(source)
    (graph,) = subject.graphs
    assert graph.name == "encoder + decoder"
    assert [node.kind for node in graph.nodes] == ["input", "conv", "relu", "deconv", "sigmoid"]
    assert graph.latent_shape == (16, 16, 8)
    assert subject.trainings[0].graph == graph.name
    assert subject.trainings[0].epochs == 3
    assert subject.trainings[0].targets is not None
    assert subject.trainings[0].targets.text == "x"


def test_frozen_parameters() -> None:
    source = (
        HEAD
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(3, 8, 3, padding=1)
        self.decoder = nn.Conv2d(8, 3, 3, padding=1)
        {freeze}
    def forward(self, x):
        return self.decoder(self.encoder(x))
"""
    )
    for freeze in (
        "self.encoder.requires_grad_(False)",
        "for p in self.encoder.parameters(): p.requires_grad = False",
        "for name, p in self.encoder.named_parameters(): p.requires_grad_(False)",
    ):
        (graph,) = read(source.format(freeze=freeze)).graphs
        assert [node.is_trainable for node in graph.nodes if node.kind == "conv"] == [False, True], freeze
        assert sum(node.num_trainable for node in graph.nodes) == 8 * 27 + 3
    (graph,) = read(source.format(freeze="pass")).graphs
    assert all(node.is_trainable for node in graph.nodes)


def test_detached_and_rounded_latents_block_the_gradient() -> None:
    source = (
        HEAD
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 3, 3)
    def forward(self, x):
        z = self.a(x)
        return self.b({})
"""
    )
    for expression, blocks in (
        ("z", False), ("z.detach()", True), ("z.data", True), ("torch.round(z)", True), ("z.clone()", False),
        ("z + (z.round() - z).detach()", True),
    ):  # fmt: skip
        (graph,) = read(source.format(expression)).graphs
        assert any(node.blocks_gradient for node in graph.nodes) is blocks, expression


def test_results_that_are_dropped_or_overwritten() -> None:
    source = (
        HEAD
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.act = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(True)
        self.out = nn.Conv2d(8, 3, 1)
    def forward(self, x):
        h = self.conv(x)
        self.bn(h)
        self.act(h)
        return self.out(h)
"""
    )
    (graph,) = read(source).graphs
    assert [node.kind for node in graph.unconnected] == ["bn"]  # the activation acts in place
    (dead,) = graph.unconnected
    assert dead.statement is not None
    assert [node.kind for node in graph.layers] == ["input", "conv", "relu", "conv"]


def test_misfits_name_both_places() -> None:
    source = (
        HEAD
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc1 = nn.Conv2d(3, 32, 3, padding=1)
        self.enc2 = nn.Conv2d(64, 16, 3, padding=1)
    def forward(self, x):
        return self.enc2(F.relu(self.enc1(x)))
"""
    )
    (problem,) = read(source).problems
    assert problem.rule == "AE201"
    assert problem.message == (
        "`self.enc2` (Conv2d) is made for 64 channels (`in_channels`), but it gets 32 from `relu` in row 14; "
        "it is built in row 12"
    )
    assert problem.place is not None
    assert problem.place.row == 14


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("nn.Linear(100, 10)(nn.Flatten()(nn.Conv2d(3, 4, 3)(x)))", "is made for 100 values"),
        ("nn.PixelShuffle(2)(nn.Conv2d(3, 6, 3)(x))", "6 channels"),
        ("nn.Conv2d(3, 4, 40)(x)", "has a kernel of 40 pixels"),
        ("nn.BatchNorm2d(8)(nn.Conv2d(3, 16, 1)(x))", "`num_features`"),
        ("torch.cat([nn.MaxPool2d(2)(x), x], dim=1)", "maps of different sizes"),
        ("nn.Conv2d(3, 4, 3)(x) + nn.Conv2d(3, 4, 3, padding=1)(x)", "combines tensors of"),
        ("nn.Conv2d(3, 8, 4, 2, 1)(x).view(-1, 100)", "which does not fit"),
        ("nn.Conv2d(3, 8, 4, 2, 1)(x).view(-1, 1024)", "the number of images changes"),
        ("nn.Conv2d(3, 4, 3, groups=2)(x)", "divisible by `groups`"),
        ("nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=2)(x)", "`output_padding`"),
        ("nn.Unflatten(1, (3, 9, 9))(nn.Flatten()(x))", "folds 243 values"),
    ],
)
def test_shapes_that_do_not_fit(body: str, words: str) -> None:
    loader = "DataLoader(datasets.CIFAR10('d', transform=transforms.ToTensor()), batch_size=4)"
    source = HEAD + f"for x, _ in {loader}:\n    y = {body}\n"
    problems = [problem for problem in read(source).problems if problem.rule == "AE201"]
    assert len(problems) == 1, problems
    assert words in problems[0].message
