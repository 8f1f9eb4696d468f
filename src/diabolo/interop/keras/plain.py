"""Layers without weights as Keras source: activations, sums, shapes, noise."""

from diabolo.interop.keras.registry import KERAS, SourceWriter


@KERAS.of("relu", "gelu", "silu", "sigmoid", "tanh")
def _activation(writer: SourceWriter) -> None:
    writer.layer(f'layers.Activation("{writer.node.kind}")')


@KERAS.of("leaky")
def _leaky(writer: SourceWriter) -> None:
    writer.layer(f"layers.LeakyReLU(negative_slope={writer.setting('slope')})")


@KERAS.of("add")
def _add(writer: SourceWriter) -> None:
    writer.current = f"[{', '.join(writer.names[name] for name in writer.node.inputs)}]"
    writer.layer("layers.Add()")


@KERAS.of("flatten")
def _flatten(writer: SourceWriter) -> None:
    writer.layer("layers.Flatten()")


@KERAS.of("unflatten")
def _unflatten(writer: SourceWriter) -> None:
    writer.layer(f"layers.Reshape({writer.node.shape})")


@KERAS.of("sparse", "contractive")
def _penalty(writer: SourceWriter) -> None:
    """A penalty of training: nothing in the model that is left."""


@KERAS.of("dropout")
def _dropout(writer: SourceWriter) -> None:
    writer.layer(f"layers.Dropout({writer.setting('p')})")


@KERAS.of("noise")
def _noise(writer: SourceWriter) -> None:
    writer.layer(f"layers.GaussianNoise({writer.setting('std')})")
