"""Mutations that change what an autoencoder means, each with the rules that would name it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mutation_networks import IMAGE, Network, Step

CHAINS = ("keras, Sequential", "torch, Sequential", "line")
"""Styles that can only write chains."""
KERAS = ("keras, a name a tensor", "keras, x again and again", "keras, layers built first")
TORCH = ("torch, a name a tensor", "torch, x again and again")
FREE = KERAS + TORCH
"""Styles that name what they read."""
Choose = Callable[[Sequence[str]], str]
"""Draws one of some names of steps."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A network with a defect."""

    network: Network
    """The network."""
    steps: tuple[str, ...]
    """Steps whose rows the finding may name; an empty name is the model itself."""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A way of breaking a network."""

    codes: frozenset[str]
    """Rules that name the defect; one of them must."""
    styles: tuple[str, ...]
    """Styles that it can be written in."""
    apply: Callable[[Network, Choose], Mutant | None]
    """Breaks a network; None where it has no fitting place."""


def _named(network: Network, *kinds: str) -> list[str]:
    return [step.name for step in network.steps if step.kind in kinds]


def _reader(network: Network, name: str) -> Step:
    return next(step for step in network.steps if name in step.reads)


def _bypass(network: Network, name: str, **changes: object) -> Network:
    """What read a step reads what the step reads."""
    reader, step = _reader(network, name), network[name]
    source = step.reads[0]
    free = network.with_step(name, variable=f"{name}_alone", **changes).with_step(reader.name, reads=(source,))
    return free


def _drop_connection(network: Network, choose: Choose) -> Mutant | None:
    name = choose(_named(network, "bn", "relu"))
    return Mutant(network=_bypass(network, name), steps=(name,))


def _drop_result(network: Network, choose: Choose) -> Mutant | None:
    name = choose(_named(network, "bn", "relu"))
    return Mutant(network=_bypass(network, name, is_dropped=True), steps=(name,))


def _scales(network: Network) -> dict[str, float]:
    """How large each result is, as a share of the image's side."""
    scales = {IMAGE: 1.0}
    for step in network.steps:
        shrinks = 2 if step.kind == "pool" else step.stride if step.kind == "conv" else 1
        grows = 2 if step.kind == "up" else step.stride if step.kind == "deconv" else 1
        scales[step.name] = scales[step.reads[0]] * grows / shrinks
    return scales


def _swap_tensor(network: Network, choose: Choose) -> Mutant | None:
    """A step reads a tensor of the same shape from further up; what lies in between is lost."""
    scales, names = _scales(network), [IMAGE, *(step.name for step in network.steps)]
    channels = {step.name: step.channels for step in network.steps} | {IMAGE: network.channels}
    swaps = [
        (reader.name, source)
        for reader in network.steps[2:]
        for source in names[: names.index(reader.reads[0]) - 1]
        if (scales[source], channels[source]) == (scales[reader.reads[0]], channels[reader.reads[0]])
    ]
    if not swaps:
        return None
    name = choose([f"{reader} {source}" for reader, source in swaps])
    reader, source = name.split()
    lost = network[reader].reads[0]
    changed = network.with_step(lost, variable=f"{lost}_alone").with_step(reader, reads=(source,))
    if source != IMAGE:
        changed = changed.with_step(source, variable=f"{source}_kept")
    return Mutant(network=changed, steps=(lost, reader))


def _overwrite(network: Network, choose: Choose) -> Mutant | None:
    """`x = first(h)`, then `x = second(h)`."""
    first = choose(_named(network, "relu", "bn"))
    second, source = _reader(network, first), network[first].reads[0]
    changed = network.with_step(source, variable="h").with_step(second.name, reads=(source,))
    return Mutant(network=changed.with_step(first, variable="x").with_step(second.name, variable="x"),
                  steps=(first, second.name))  # fmt: skip


def _insert(network: Network, after: str, step: Step) -> Network:
    """A step behind another one."""
    reader = next((reader for reader in network.steps if after in reader.reads), None)
    if reader is not None:
        network = network.with_step(reader.name, reads=(step.name,))
    place = network.index(after) + 1
    return replace(network, steps=(*network.steps[:place], step, *network.steps[place:]))


def _copy(network: Network, name: str, **changes: object) -> Step:
    step = network[name]
    return replace(
        step, **{"name": f"{name}_again", "reads": (name,), "takes": step.channels, "variable": "", **changes}
    )


def _double_activation(network: Network, choose: Choose) -> Mutant | None:
    name = choose(_named(network, "relu", "sigmoid"))
    return Mutant(network=_insert(network, name, _copy(network, name)), steps=(f"{name}_again", name))


def _relu_output(network: Network, choose: Choose) -> Mutant | None:
    return Mutant(network=network.with_step(network.output.name, kind="relu"), steps=(network.output.name, ""))


def _output_channels(network: Network, choose: Choose) -> Mutant | None:
    last = network.steps[-2].name
    changed = network.with_step(last, channels=network.channels + 1)
    return Mutant(network=changed, steps=(last, network.output.name, ""))


def _without(network: Network, name: str) -> Network:
    reader = _reader(network, name)
    changed = network.with_step(reader.name, reads=network[name].reads)
    return replace(changed, steps=tuple(step for step in changed.steps if step.name != name))


def _forget_growth(network: Network, choose: Choose) -> Mutant | None:
    names = _named(network, "up")
    if not names:
        return None
    steps = (network.steps[-2].name, network.output.name, "")
    return Mutant(network=_without(network, choose(names)), steps=steps)


def _extra_shrinking(network: Network, choose: Choose) -> Mutant | None:
    after = choose([name for name in _named(network, "relu") if network.index(name) < network.index(network.latent)])
    extra = Step(name="pool_more", kind="pool", reads=(after,), channels=network[after].channels)
    return Mutant(
        network=_insert(network, after, extra), steps=(network.steps[-2].name, network.output.name, "pool_more", "")
    )


def _wrong_in_channels(network: Network, choose: Choose) -> Mutant | None:
    name = choose(_named(network, "conv", "deconv", "bn")[1:])  # nothing says how many channels the images have
    return Mutant(network=network.with_step(name, takes=network[name].takes + 1), steps=(name,))


def _call_twice(network: Network, choose: Choose) -> Mutant | None:
    """A BatchNormalization is called on its own result, too."""
    names = _named(network, "bn")
    if not names:
        return None
    name = choose(names)
    again = _copy(network, name, layer=name)
    return Mutant(network=_insert(network, name, again), steps=(name, again.name))


def _share_layer(network: Network, choose: Choose) -> Mutant | None:
    """Two stages call the same BatchNormalization."""
    pairs = [
        (first.name, second.name)
        for first in network.steps
        for second in network.steps
        if first.kind == second.kind == "bn" and first.channels == second.channels
        and network.index(first.name) < network.index(second.name)
    ]  # fmt: skip
    if not pairs:
        return None
    second = choose([second for _, second in pairs])
    first = next(first for first, other in pairs if other == second)
    return Mutant(network=network.with_step(second, layer=first), steps=(first, second))


def _forget_call(network: Network, choose: Choose) -> Mutant | None:
    name = choose(_named(network, "bn", "relu"))
    return Mutant(network=_bypass(network, name, is_called=False), steps=(name,))


def _stop_gradient(network: Network, choose: Choose) -> Mutant | None:
    latent = network.latent
    stop = Step(name="stop", kind="detach", reads=(latent,), channels=network[latent].channels)
    return Mutant(network=_insert(network, latent, stop), steps=("stop", latent))


def _decoder_reads_image(network: Network, choose: Choose) -> Mutant | None:
    first = _reader(network, network.latent)
    changed = network.with_step(network.latent, variable="latent")
    changed = changed.with_step(first.name, reads=(IMAGE,), takes=network.channels)
    return Mutant(network=changed, steps=(network.latent, first.name, network.output.name, ""))


def _skip_to_output(network: Network, choose: Choose) -> Mutant | None:
    """The image is joined to what the last convolution reads."""
    last = network.steps[-2]
    before = network[last.reads[0]]
    join = Step(name="join", kind="concat", reads=(before.name, IMAGE), channels=before.channels + network.channels)
    changed = _insert(network, before.name, join).with_step(network.latent, variable="latent")
    changed = changed.with_step(last.name, takes=join.channels)
    return Mutant(network=changed, steps=("join", last.name, network.output.name, ""))


def _made_up_input(network: Network, choose: Choose) -> Mutant | None:
    first = network.steps[0].name
    return Mutant(network=replace(network, is_fed=False), steps=(first, network.output.name, ""))


def _mutation(apply: Callable[[Network, Choose], Mutant | None], styles: tuple[str, ...], *codes: str) -> Mutation:
    return Mutation(codes=frozenset(codes), styles=styles, apply=apply)


MUTATIONS: dict[str, Mutation] = {
    "a connection is dropped": _mutation(_drop_connection, (*FREE, "line"), "AE101"),
    "a result is thrown away": _mutation(_drop_result, FREE, "AE101"),
    "a tensor is swapped for an earlier one": _mutation(_swap_tensor, FREE, "AE101", "AE105"),
    "a result is overwritten": _mutation(_overwrite, FREE, "AE103"),
    "an activation is doubled": _mutation(_double_activation, FREE + CHAINS, "AE308"),
    "the output is a relu": _mutation(_relu_output, FREE + CHAINS, "AE303"),
    "the output has a channel more": _mutation(_output_channels, FREE + CHAINS, "AE202", "AE201"),
    "an up-sampling is forgotten": _mutation(_forget_growth, FREE + CHAINS, "AE202", "AE201", "AE503"),
    "a pooling is added": _mutation(_extra_shrinking, FREE + CHAINS, "AE202", "AE201", "AE503"),
    "a layer is made for other channels": _mutation(_wrong_in_channels, (*TORCH, "torch, Sequential"), "AE201"),
    "a layer is called twice": _mutation(_call_twice, ("keras, layers built first", *TORCH), "AE104"),
    "two stages share a layer": _mutation(_share_layer, ("keras, layers built first", *TORCH), "AE104"),
    "a layer is never called": _mutation(_forget_call, ("keras, layers built first", *TORCH), "AE102"),
    "the gradient is stopped at the latent": _mutation(_stop_gradient, FREE, "AE106"),
    "the decoder reads the image": _mutation(_decoder_reads_image, FREE, "AE101", "AE105"),
    "the image is joined in before the output": _mutation(_skip_to_output, FREE, "AE105"),
    "the input is made up": _mutation(_made_up_input, FREE, "AE110"),
}
"""Every mutation, by what it does."""
