"""Training loops of PyTorch read from source text: terms, images, steps, and what a loop forgets."""

import pytest
from torch_threads_source import IDLE_WEIGHT, PERCEPTUAL, small

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


def test_a_sigmoid_outside_of_the_model_is_what_the_loss_reads() -> None:
    source = small(last="", loss="nn.BCELoss()", expression="criterion(torch.sigmoid(output), images)")
    subject = read(source)
    (graph,) = subject.graphs
    (loss,) = subject.trainings[0].losses
    assert graph[loss.output or graph.output].kind == "sigmoid"


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
