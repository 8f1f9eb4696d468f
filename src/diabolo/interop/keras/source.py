"""A part of a model as Python source that builds the same model in Keras."""

import json
from dataclasses import dataclass, field

from diabolo.interop.keras.registry import KERAS, LayerWeights, SourceWriter
from diabolo.interop.part import Part, line_of

LATENT = "latent"
"""Name of the layer that gives the latent."""


@dataclass(frozen=True, kw_only=True)
class KerasSource:
    """A Keras model as text, and its weights."""

    text: str
    """A Python module with a function `build_model`."""
    weights: LayerWeights = field(repr=False)
    """What `set_weights` of each layer takes, by its name, in order."""


def keras_source(part: Part, *, version: str, weights_file: str | None = None) -> KerasSource:
    """Writes a part of a model with Keras's functional interface.

    Args:
        part: what is exported.
        version: of diabolo, for the heading.
        weights_file: name of the file beside it that the module loads when it is run; None: it loads none.

    Raises:
        DiaboloError: a layer has no counterpart.
    """
    KERAS.check(part)
    writer = SourceWriter(part)
    start = "image" if part.takes_images else LATENT
    writer.names[part.start.name] = start
    for node in part.nodes:
        writer.begin(node)
        KERAS[node.kind](writer)
        writer.end()
        if node is part.graph[part.graph.latent] and part.name == "both":
            writer.rows.append(
                _end_of_encoder(writer.names[node.name]) + f"  # {'×'.join(map(str, node.shape))} values"
            )
            writer.names[node.name] = LATENT
    result = writer.names[part.end.name]
    title = {"both": "An autoencoder", "encoder": "An encoder", "decoder": "A decoder"}[part.name]
    imports = ["import keras"]
    imports += ["import numpy as np"] if writer.uses_numpy else []
    imports += [f"from keras import {'layers, ops' if writer.uses_operations else 'layers'}"]
    rows = [
        f'"""{title}, written by diabolo {version}.',
        "",
        *_about(part),
        '"""',
        "",
        *imports,
        "",
        "",
        "def build_model() -> keras.Model:",
        f'    """{_signature(part)}"""',
        f'    {start} = keras.Input({part.start.shape}, name="{start}")',
        *(f"    {row}" for row in writer.rows),
        f'    return keras.Model({start}, {result}, name="{part.name if part.name != "both" else "autoencoder"}")',
    ]
    if weights_file is not None:
        rows += [
            "",
            "",
            'if __name__ == "__main__":',
            "    model = build_model()",
            f"    model.load_weights({json.dumps(weights_file)})",
            "    model.summary()",
        ]
    return KerasSource(text="\n".join(rows) + "\n", weights=writer.weights)


def _end_of_encoder(value: str) -> str:
    """A layer that does nothing: its name tells people, and an import of the file, what the latent is."""
    return f'{LATENT} = layers.Activation("linear", name="{LATENT}")({value})'


def _about(part: Part) -> list[str]:
    line = line_of(part.graph)
    rows, current = [], ""
    for word in line.split(" "):
        if len(current) + len(word) > 96:
            rows.append(current.rstrip())
            current = ""
        current += word + " "
    return ["The line it comes from:", "", *(f"    {row}" for row in [*rows, current.rstrip()])]


def _signature(part: Part) -> str:
    shape = "×".join(map(str, part.start.shape))
    taken = f"{shape} images in [0, 1]" if part.takes_images else f"{shape} latents"
    given = "the same" if part.name == "both" else "images" if part.gives_images else "latents"
    return f"{taken[0].upper()}{taken[1:]} in, {given} out."
