"""AE405: a loss that is a sum over pixels, beside others that are means, or with a size that depends on the batch."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KL_SUM, TORCH, VAE
from diabolo.checks.subject import LossTerm, Subject

_PIXELWISE = frozenset({"bce", "bce-logits", "mse", "mae", "huber"})


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        terms = [term for term in training.losses if term.is_used]
        pixelwise = [term for term in terms if term.kind in _PIXELWISE]
        summed = [term for term in pixelwise if term.reduction == "sum" and term.num_values is None]
        if not summed or any(term.kind == "kl" and term.reduction in ("sum", "unknown") for term in terms):
            continue  # a variational bound is a sum on both sides
        means = [term for term in pixelwise if term.reduction == "mean"]
        yield RULE.finding(
            _mixed(summed[0], means[0]) if means else _alone(summed[0]),
            place=summed[0].place,
            model=training.graph,
            remedy="Take the mean over everything, and weigh the terms by numbers that are written down.",
        )


def _mixed(summed: LossTerm, mean: LossTerm) -> str:
    return (
        f"`{summed.text or summed.kind}` is a sum over all values of a batch and `{mean.text or mean.kind}` a mean: "
        "beside the sum the mean does not count"
    )


def _alone(summed: LossTerm) -> str:
    return (
        f"`{summed.text or summed.kind}` is a sum over all values of a batch: its size, and the size of a step, grow "
        "with "
        "the batch and the image"
    )


_SUM = "nn.MSELoss(reduction='sum')"
_OUTPUT = "torch.sigmoid(self.decoder(self.encoder(images)))"

RULE = Rule(
    code="AE405",
    name="summed-loss",
    severity="warning",
    summary="a pixel-wise loss is a sum over the batch",
    why=(
        "Of a batch of 128 CIFAR-10 images the sum is 393,216 times the mean. A loss of 12,000 that is 0.03 a value "
        "has frightened many ([mueller-franzes/medfusion#7](https://github.com/mueller-franzes/medfusion/issues/7), "
        "[SeldonIO/alibi-detect#90](https://github.com/SeldonIO/alibi-detect/issues/90)); a learning rate for SGD or a "
        "clipping norm that fits one batch size does not fit another; and beside a sum any term that is a mean "
        "vanishes. A VAE whose reconstruction and KL terms are both sums is right as it is."
    ),
    remedy="Use `reduction='mean'`, or divide by the number of values, and adjust the learning rate once.",
    fires=(Example(code=TORCH.format(output=_OUTPUT, loss=_SUM)),),
    clean=(
        Example(code=TORCH.format(output=_OUTPUT, loss="nn.MSELoss()")),
        Example(code=VAE.format(reduction="sum", kl=KL_SUM, weight=""), says="both terms of the bound are sums"),
    ),
    check=_check,
)
