"""Training loops of PyTorch read from source text: terms, images, steps, and what a loop forgets."""

import pytest
from torch_threads_source import HEAD, IDLE_WEIGHT, NEVER_NORMALISES, ODD_SIZES, PERCEPTUAL, REUSED_BLOCK, small
from torch_threads_source import UNUSED_PARAMETERS as UNUSED

from diabolo.checks.source.read import read_source
from diabolo.checks.subject import LossTerm, Subject, Training


def read(source: str) -> Subject:
    return read_source(source, "train.py", is_guarded=False)


def training(source: str) -> Training:
    (found,) = read(source).trainings
    return found


def term(source: str, kind: str) -> LossTerm:
    (found,) = [loss for loss in training(source).losses if loss.kind == kind]
    return found


def row_of(source: str, text: str) -> int:
    return next(number for number, row in enumerate(source.split("\n"), start=1) if text in row)


def test_a_plain_loop() -> None:
    source = small()
    subject = read(source)
    found = training(source)
    assert found.graph == "AutoEncoder"
    assert (found.optimiser, found.learning_rate) == ("adam", 0.002)
    assert (found.batch_size, found.epochs) == (128, 12)
    assert found.zeroes_gradients is True
    assert found.evaluates_in_evaluation_mode is True
    assert found.inputs is not None
    assert (found.inputs.split, found.inputs.low, found.inputs.high, found.inputs.num_images) == ("train", 0, 1, 50_000)
    assert found.validation is None  # a loss that is only printed chooses nothing
    (loss,) = found.losses
    assert (loss.kind, loss.reduction, loss.weight, loss.has_gradient, loss.is_used) == ("mse", "mean", 1, True, True)
    assert (loss.graph, loss.output) == ("AutoEncoder", "")
    assert loss.place is not None
    assert loss.place.row == row_of(source, "criterion = ")
    assert loss.target is not None
    assert (loss.target.text, loss.target.split) == ("images", "train")
    assert subject.problems == ()


def test_an_evaluation_that_chooses_is_a_validation() -> None:
    source = small().replace("print(criterion(output, images).item())", "error = criterion(output, images).item()")
    found = training(source + "    if error < best_error:\n        torch.save(model.state_dict(), 'best.pt')\n")
    assert found.validation is not None
    assert found.validation.split == "test"
    assert found.chooses_by_validation


def test_an_evaluation_behind_the_last_epoch_is_no_validation() -> None:
    source = small().replace("    model.eval()\n    with", "model.eval()\nif True:\n    with")
    found = training(source)
    assert found.validation is None
    assert found.evaluation is not None


def test_gradients_that_are_never_set_to_zero() -> None:
    assert training(small(zero="pass")).zeroes_gradients is False
    assert training(small(zero="model.zero_grad()")).zeroes_gradients is True
    assert training(small(zero="optimizer.zero_grad(set_to_none=True)")).zeroes_gradients is True


def test_evaluation_without_eval() -> None:
    source = small(evaluate="pass")
    found = training(source)
    assert found.evaluates_in_evaluation_mode is False
    assert found.evaluation is not None
    assert found.evaluation.row > row_of(source, "torch.no_grad()")


@pytest.mark.parametrize(
    ("loss", "kind", "reduction"),
    [
        ("nn.MSELoss(reduction='sum')", "mse", "sum"),
        ("nn.MSELoss(size_average=False)", "mse", "sum"),
        ("nn.L1Loss()", "mae", "mean"),
        ("nn.SmoothL1Loss(reduction='none')", "huber", "none"),
        ("nn.BCELoss()", "bce", "mean"),
        ("nn.BCEWithLogitsLoss(reduction=chosen)", "bce-logits", "unknown"),
        ("nn.CrossEntropyLoss()", "cross-entropy", "mean"),
        ("F.mse_loss", "mse", "mean"),
    ],
)
def test_losses(loss: str, kind: str, reduction: str) -> None:
    found = term(small(loss=loss), kind)
    assert found.reduction == reduction
    assert found.target is not None


@pytest.mark.parametrize(
    ("expression", "kinds"),
    [
        ("((output - images) ** 2).mean()", [("mse", "mean", 1.0, True)]),
        ("torch.mean((images - output).pow(2))", [("mse", "mean", 1.0, True)]),
        ("torch.sum(torch.square(output - images)) / images.size(0)", [("mse", "image-sum", 1.0, True)]),
        ("((output - images) ** 2).sum(dim=(1, 2, 3)).mean()", [("mse", "image-sum", 1.0, True)]),
        ("0.3 * (output - images).abs().mean() + criterion(output, images)",
         [("mae", "mean", 0.3, True), ("mse", "mean", 1.0, True)]),
        ("criterion(output, images) / 4 - 0.5 * F.l1_loss(output, images)",
         [("mse", "mean", 0.25, True), ("mae", "mean", -0.5, True)]),
        ("F.mse_loss(output, images, reduction='none').sum([1, 2, 3]).mean()", [("mse", "image-sum", 1.0, True)]),
        ("sum([criterion(output, images), F.l1_loss(output, images)])",
         [("mse", "mean", 1.0, True), ("mae", "mean", 1.0, True)]),
        ("scale * criterion(output, images)", [("mse", "mean", None, True)]),
        ("criterion(output.detach(), images)", [("mse", "mean", 1.0, False)]),
        ("criterion(images, output)", [("mse", "mean", 1.0, True)]),
        ("criterion(output, images).item() * F.l1_loss(output, images)", [("other", "none", 1.0, True)]),
        ("criterion(output, images) + F.l1_loss(output, images).detach()",
         [("mse", "mean", 1.0, True), ("mae", "mean", 1.0, False)]),
        ("-(images * torch.log(output) + (1 - images) * torch.log(1 - output)).mean()", [("bce", "mean", -1.0, True)]),
    ],
)  # fmt: skip
def test_expressions_are_taken_apart(expression: str, kinds: list[tuple[str, str, float | None, bool]]) -> None:
    found = training(small(expression=expression)).losses
    assert [(loss.kind, loss.reduction, loss.weight, loss.has_gradient) for loss in found] == [
        (kind, reduction, None if weight is None else pytest.approx(weight), gradient)
        for kind, reduction, weight, gradient in kinds
    ]


@pytest.mark.parametrize(
    ("transform", "low", "high"),
    [
        ("transforms.ToTensor()", 0.0, 1.0),
        ("transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])", -1.0, 1.0),
        ("transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)])", -1.0, 1.0),
        ("transforms.Compose([transforms.RandomHorizontalFlip(), transforms.PILToTensor()])", 0.0, 255.0),
        ("transforms.Compose([transforms.ToTensor(), transforms.Lambda(lambda x: x * 2)])", None, None),
        ("unknown_transform", None, None),
    ],
)
def test_the_range_of_images(transform: str, low: float | None, high: float | None) -> None:
    target = term(small(transform=f"transform = {transform}"), "mse").target
    assert target is not None
    assert (target.low, target.high) == (low, high)


def test_images_that_are_scaled_in_the_loop() -> None:
    source = small(transform="transform = transforms.PILToTensor()")
    call = "        output = model(images)\n        loss"
    scaled = source.replace(call, f"        images = images.float() / 255\n{call}")
    assert scaled != source
    target = term(scaled, "mse").target
    assert target is not None
    assert (target.low, target.high) == (0.0, 1.0)


def test_kl_terms_written_out() -> None:
    source = IDLE_WEIGHT
    found = term(source, "kl")
    assert (found.reduction, found.weight, found.has_gradient) == ("sum", pytest.approx(1.0), True)
    assert found.text == "1 + logvar - mu.pow(2) - logvar.exp()"
    mean = source.replace("torch.sum(1 +", "0.01 * torch.mean(1 +")
    assert (term(mean, "kl").reduction, term(mean, "kl").weight) == ("mean", pytest.approx(0.01))
    image = source.replace(
        "-0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())",
        "torch.mean(0.5 * torch.sum(mu**2 + logvar.exp() - 1 - logvar, dim=1), dim=0)",
    )
    assert (term(image, "kl").reduction, term(image, "kl").weight) == ("image-sum", pytest.approx(1.0))


def test_a_loss_weight_that_nothing_reads() -> None:
    (weight,) = training(IDLE_WEIGHT).idle_weights
    assert weight.name == "self.kl_coeff"
    assert weight.place is not None
    assert weight.place.row == row_of(IDLE_WEIGHT, "self.kl_coeff = kl_coeff")
    assert training(IDLE_WEIGHT.replace("(bce + kld)", "(bce + vae.kl_coeff * kld)")).idle_weights == ()


def test_a_term_that_is_never_added() -> None:
    source = small(
        expression="criterion(output, images)", backward="extra = F.l1_loss(output, images); loss.backward()"
    )
    (extra,) = [loss for loss in training(source).losses if not loss.is_used]
    assert extra.kind == "mae"
    shown = source.replace("optimizer.step()", "optimizer.step(); print(extra)")
    assert all(loss.is_used for loss in training(shown).losses)


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


def test_a_perceptual_loss_under_no_grad() -> None:
    stopped = PERCEPTUAL.format(context="with torch.no_grad():")
    found = term(stopped, "perceptual")
    assert (found.has_gradient, found.weight) == (False, pytest.approx(0.1))
    assert term(stopped, "mae").has_gradient
    flowing = PERCEPTUAL.format(context="if True:")
    assert term(flowing, "perceptual").has_gradient
    (graph,) = read(flowing).graphs
    assert graph.name == "Net"
    assert read(flowing).loose == ()


def test_odd_sizes_do_not_come_back() -> None:
    (graph,) = read(ODD_SIZES).graphs
    assert graph.input_shape == (28, 28, 1)
    assert graph[graph.output].shape == (24, 24, 1)


def test_a_sigmoid_outside_of_the_model_is_what_the_loss_reads() -> None:
    source = small(last="", loss="nn.BCELoss()", expression="criterion(torch.sigmoid(output), images)")
    subject = read(source)
    (graph,) = subject.graphs
    (loss,) = subject.trainings[0].losses
    assert graph[loss.output or graph.output].kind == "sigmoid"


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


def test_lightning_modules_train_by_their_step() -> None:
    source = """
import torch, torch.nn as nn, pytorch_lightning as pl
class Lit(pl.LightningModule):
    def __init__(self, hidden=64):
        super().__init__()
        self.save_hyperparameters()
        self.encoder = nn.Sequential(nn.Linear(784, self.hparams.hidden), nn.ReLU(), nn.Linear(64, 3))
        self.decoder = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 784))
    def forward(self, x):
        return self.encoder(x)
    def training_step(self, batch, batch_idx):
        x, y = batch
        x = x.view(x.size(0), -1)
        loss = nn.functional.mse_loss(self.decoder(self.encoder(x)), x)
        self.log("train_loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)
"""
    subject = read(source)
    (graph,) = subject.graphs
    assert graph.name == "Lit"
    assert graph.latent_shape == (3,)
    assert sum(node.num_trainable for node in graph.nodes) == 784 * 64 + 64 + 64 * 3 + 3 + 3 * 64 + 64 + 64 * 784 + 784
    (found,) = subject.trainings
    assert (found.graph, found.optimiser, found.zeroes_gradients) == ("Lit", "adam", None)
    assert [loss.kind for loss in found.losses] == ["mse"]
