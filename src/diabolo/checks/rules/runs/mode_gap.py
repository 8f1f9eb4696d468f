"""AE703: batch normalisation that puts out other pictures in evaluation than in training."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.runs.shared import on_images, sound
from diabolo.checks.subject import Subject

_GAP = 1.25


def _check(subject: Subject) -> Iterator[Finding]:
    activity, graph = subject.activity, subject.graph("")
    if activity is None or graph is None or activity.mse < _GAP * activity.mse_training_mode:
        return
    first = next((node for node in graph.layers if node.kind == "bn"), None)
    if first is None:
        return
    ratio = activity.mse / max(activity.mse_training_mode, 1e-12)
    yield RULE.finding(
        f"with the moving averages of `bn` the mean squared error is {ratio:.1f} times that with the batch's own "
        f"statistics ({activity.mse:.4f} against {activity.mse_training_mode:.4f}, {on_images(activity)})",
        place=first.place,
        node=first.name,
        model=graph.name,
        remedy="Train longer, or write `bn[momentum=0.9]`: the averages have not caught up with the network.",
    )


_BN = "conv16 relu bn pool | conv16 relu bn up conv3 sigmoid"

RULE = Rule(
    code="AE703",
    name="mode-gap",
    severity="warning",
    summary="batch normalisation works in training and not in evaluation",
    why=(
        "In training `bn` uses the statistics of the batch, in evaluation moving averages of them. Where the averages "
        "lag behind, because the momentum is high for the number of steps, or because the network still changes fast, "
        "the pictures of the trained model are worse than anything that the training saw. It is no over-fitting, "
        "though the validation curve looks like it. Measured on the question's Method 2 after 20 epochs of 20 steps "
        "with Keras's momentum of 0.99: a mean squared error of 0.0138 in evaluation, 0.0070 with the batch's "
        "statistics. A small network with a momentum of 0.999 after 144 steps: 0.1085 against 0.0047; with 0.99: "
        "0.0208 against 0.0047; with 0.99 after 720 steps: no difference. From 1.25 times on it is said."
    ),
    remedy=(
        "Lower the momentum (0.9 follows ten times faster than 0.99), train for more steps, or let the step size fall "
        "towards the end, so that the network holds still."
    ),
    fires=(
        Example(line=_BN, activity=sound(mse=0.0138, mse_training_mode=0.0070)),
        Example(line=_BN, activity=sound(mse=0.1085, mse_training_mode=0.0047), says="momentum 0.999"),
    ),
    clean=(
        Example(line=_BN, activity=sound()),
        Example(
            line=_BN,
            activity=sound(mse=0.0046, mse_training_mode=0.0049),
            says="the batch's own statistics are noisier, and may well be worse",
        ),
    ),
    check=_check,
)
