"""Autoencoders that are right, as steps that each read another one, written out in the styles that people use.

A network is a chain until a mutation of `mutations.py` breaks it; `write` gives its source and the rows that each step
is built and called in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

IMAGE = "image"
"""What the first step reads."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation."""

    name: str
    """Unique; its variable and its layer are called after it."""
    kind: str
    """`conv`, `deconv`, `bn`, `relu`, `sigmoid`, `pool`, `up`, `detach`, `concat`."""
    reads: tuple[str, ...]
    """Names of the steps that it reads."""
    channels: int = 0
    """Of its output."""
    takes: int = 0
    """Channels that its layer is made for."""
    stride: int = 1
    """Of a convolution."""
    variable: str = ""
    """Name of its result where it has one of its own; empty: by the style."""
    is_dropped: bool = False
    """Whether it is called and its result thrown away."""
    layer: str = ""
    """Name of the step whose layer object it calls; empty: its own."""
    is_called: bool = True
    """Whether its layer is called at all."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """An autoencoder."""

    steps: tuple[Step, ...]
    """In the order of their calls."""
    latent: str
    """Name of the step that puts out the latent."""
    size: int
    """Side of the square images."""
    channels: int
    """Of the images."""
    is_fed: bool = True
    """Whether the first step reads the image, and not something made up."""

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    @property
    def output(self) -> Step:
        """The last step."""
        return self.steps[-1]

    def index(self, name: str) -> int:
        """Position of a step."""
        return next(number for number, step in enumerate(self.steps) if step.name == name)

    def with_step(self, name: str, **changes: object) -> "Network":
        """The network with one step changed."""
        return replace(
            self, steps=tuple(replace(step, **changes) if step.name == name else step for step in self.steps)
        )


@dataclass(frozen=True, kw_only=True)
class Written:
    """A network as source text."""

    text: str
    """The source."""
    rows: dict[str, frozenset[int]] = field(default_factory=dict)
    """Rows that a step is built or called in; those of the whole model under an empty name."""


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Autoencoders of one to three stages of different kinds, with nothing wrong in them."""
    depth, channels = draw(st.sampled_from((1, 2, 2, 3))), draw(st.sampled_from((1, 3)))
    size = draw(st.sampled_from((32, 48, 64)))
    width = draw(st.sampled_from((8, 16, 24)))
    widths = [width if draw(st.booleans()) else draw(st.sampled_from((8, 16, 24))) for _ in range(depth)]
    with_bn, bn_first = draw(st.booleans()), draw(st.booleans())
    down, up = draw(st.sampled_from(("pool", "stride"))), draw(st.sampled_from(("up", "deconv")))
    made: list[Step] = []

    def add(kind: str, **options: int) -> None:
        reads = made[-1].name if made else IMAGE
        before = made[-1].channels if made else channels
        number = sum(step.kind == kind for step in made) + 1
        after = options.pop("channels", before)
        made.append(Step(name=f"{kind}{number}", kind=kind, reads=(reads,), channels=after, takes=before, **options))

    def bend() -> None:
        for kind in ("bn", "relu") if bn_first else ("relu", "bn"):
            if kind == "relu" or with_bn:
                add(kind)

    for width in widths:
        add("conv", channels=width, stride=2 if down == "stride" else 1)
        bend()
        if down == "pool":
            add("pool")
    add("conv", channels=min(4, 4**depth * channels // 2))
    latent = made[-1].name
    for width in reversed(widths):
        add("conv", channels=width)
        bend()
        if up == "up":
            add("up")
        else:
            add("deconv", channels=width, stride=2)
            bend()
    add("conv", channels=channels)
    add("sigmoid")
    return Network(steps=tuple(made), latent=latent, size=size, channels=channels)


def in_line(network: Network) -> Written:
    """One of our lines; a step that nothing reads stands in parentheses."""
    read = {name for step in network.steps for name in step.reads}
    words = {"conv": "conv{channels}", "deconv": "deconv{channels}"}
    items: list[str] = []
    for step in network.steps:
        word = words.get(step.kind, step.kind).format(channels=step.channels)
        word += f"[stride={step.stride}]" if step.kind == "conv" and step.stride > 1 else ""
        items.append(word if step.name in read or step is network.output else f"({word})")
        items += ["|"] if step.name == network.latent else []
    return Written(text=" ".join(items), rows={name: frozenset({1}) for name in ("", *(s.name for s in network.steps))})


_KERAS = {
    "conv": 'layers.Conv2D({channels}, 3, strides={stride}, padding="same")',
    "deconv": 'layers.Conv2DTranspose({channels}, 4, strides={stride}, padding="same")',
    "bn": "layers.BatchNormalization()",
    "relu": "layers.ReLU()",
    "sigmoid": 'layers.Activation("sigmoid")',
    "pool": "layers.MaxPooling2D(2)",
    "up": "layers.UpSampling2D(2)",
    "concat": "layers.Concatenate()",
    "detach": "tf.stop_gradient",
}
_TORCH = {
    "conv": "nn.Conv2d({takes}, {channels}, 3, stride={stride}, padding=1)",
    "deconv": "nn.ConvTranspose2d({takes}, {channels}, 4, stride={stride}, padding=1)",
    "bn": "nn.BatchNorm2d({takes})",
    "relu": "nn.ReLU()",
    "sigmoid": "nn.Sigmoid()",
    "pool": "nn.MaxPool2d(2)",
    "up": "nn.Upsample(scale_factor=2)",
}


class _Page:
    """Rows of source, and which step each belongs to."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.rows: dict[str, set[int]] = {}

    def add(self, line: str, step: str | None = None) -> None:
        self.lines.append(line)
        if step is not None:
            self.rows.setdefault(step, set()).add(len(self.lines))

    def written(self) -> Written:
        rows = {name: frozenset(numbers) for name, numbers in self.rows.items()}
        return Written(text="\n".join(self.lines) + "\n", rows=rows)


def _filled(table: dict[str, str], step: Step) -> str:
    return table[step.kind].format(channels=step.channels, takes=step.takes, stride=step.stride)


def _variable(step: Step, is_reused: bool) -> str:
    return step.variable or ("x" if is_reused else step.name)


def in_keras(network: Network, *, is_reused: bool, has_objects: bool) -> Written:
    """Functional Keras.

    Args:
        network: the network.
        is_reused: whether all results are called `x`.
        has_objects: whether the layers are built first and called afterwards.
    """
    page = _Page("import tensorflow as tf\nfrom tensorflow.keras import layers, Input, Model")
    names = {step.name: _variable(step, is_reused) for step in network.steps} | {IMAGE: IMAGE}
    for step in network.steps if has_objects else ():
        if not step.layer and step.kind != "detach":
            page.add(f"{step.name}_layer = {_filled(_KERAS, step)}", step.name)
    page.add(f"image = Input(({network.size}, {network.size}, {network.channels}))", "")
    if not network.is_fed:
        page.add(f"other = Input(({network.size}, {network.size}, {network.channels}))", "")
        names[IMAGE] = "other"
    for step in network.steps:
        if step.is_called:
            own = has_objects and step.kind != "detach"
            layer = f"{step.layer or step.name}_layer" if own else _filled(_KERAS, step)
            read = ", ".join(names[name] for name in step.reads)
            call = f"{layer}([{read}])" if len(step.reads) > 1 else f"{layer}({read})"
            page.add(call if step.is_dropped else f"{names[step.name]} = {call}", step.name)
    page.add(f"autoencoder = Model(image, {names[network.output.name]})", "")
    page.add('autoencoder.compile(optimizer="adam", loss="mse")', "")
    page.add("autoencoder.fit(images, images, epochs=20, batch_size=64)", "")
    return page.written()


def in_keras_sequential(network: Network) -> Written:
    """A Keras `Sequential` that is filled by `add`."""
    page = _Page("from keras import layers, models\nautoencoder = models.Sequential()")
    page.add(f"autoencoder.add(layers.Input(({network.size}, {network.size}, {network.channels})))", "")
    for step in network.steps:
        page.add(f"autoencoder.add({_filled(_KERAS, step)})", step.name)
    page.add('autoencoder.compile(optimizer="adam", loss="mse")', "")
    page.add("autoencoder.fit(images, images, epochs=20, batch_size=64)", "")
    return page.written()


_TORCH_LOOP = """
model = AutoEncoder()
optimizer = torch.optim.Adam(model.parameters())
for images, _ in loader:
    loss = nn.functional.mse_loss(model(images), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
_TORCH_HEAD = """import torch
from torch import nn

class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()"""


def in_torch(network: Network, *, is_reused: bool) -> Written:
    """A PyTorch module with one attribute a layer."""
    page = _Page(_TORCH_HEAD)
    names = {step.name: _variable(step, is_reused) for step in network.steps} | {IMAGE: IMAGE}
    for step in network.steps:
        if not step.layer and step.kind in _TORCH:
            page.add(f"        self.{step.name} = {_filled(_TORCH, step)}", step.name)
    page.add("")
    page.add("    def forward(self, image):", "")
    if not network.is_fed:
        page.add("        other = torch.randn_like(image)", "")
        names[IMAGE] = "other"
    for step in network.steps:
        if step.is_called:
            read = ", ".join(names[name] for name in step.reads)
            calls = {"detach": f"{read}.detach()", "concat": f"torch.cat([{read}], dim=1)"}
            call = calls.get(step.kind, f"self.{step.layer or step.name}({read})")
            page.add(f"        {'' if step.is_dropped else f'{names[step.name]} = '}{call}", step.name)
    page.add(f"        return {names[network.output.name]}", "")
    return _with_loop(page)


def in_torch_sequential(network: Network) -> Written:
    """A PyTorch module of two `Sequential`s."""
    page = _Page(_TORCH_HEAD)
    page.add("        self.encoder = nn.Sequential(")
    for step in network.steps:
        page.add(f"            {_filled(_TORCH, step)},", step.name)
        if step.name == network.latent:
            page.add("        )")
            page.add("        self.decoder = nn.Sequential(")
    page.add("        )")
    page.add("")
    page.add("    def forward(self, image):", "")
    page.add("        return self.decoder(self.encoder(image))", "")
    return _with_loop(page)


def _with_loop(page: _Page) -> Written:
    for line in _TORCH_LOOP.splitlines():
        page.add(line, "")
    return page.written()


STYLES: dict[str, Callable[[Network], Written]] = {
    "keras, a name a tensor": lambda network: in_keras(network, is_reused=False, has_objects=False),
    "keras, x again and again": lambda network: in_keras(network, is_reused=True, has_objects=False),
    "keras, layers built first": lambda network: in_keras(network, is_reused=True, has_objects=True),
    "keras, Sequential": in_keras_sequential,
    "torch, a name a tensor": lambda network: in_torch(network, is_reused=False),
    "torch, x again and again": lambda network: in_torch(network, is_reused=True),
    "torch, Sequential": in_torch_sequential,
    "line": in_line,
}
"""Ways of writing a network; those with `Sequential` and the line can only write chains."""
