"""Pooling, up-sampling and pixel shuffling as Keras source."""

from diabolo.interop.keras.registry import KERAS, SourceWriter


@KERAS.of("pool")
def _pool(writer: SourceWriter) -> None:
    writer.layer(f'layers.MaxPooling2D({writer.whole("size")}, padding="same")')


@KERAS.of("avgpool")
def _avgpool(writer: SourceWriter) -> None:
    size = writer.whole("size")
    if any(side % size for side in writer.shape[:2]):
        raise writer.refuse(
            f"Keras's back ends disagree on the mean at the border where {writer.shape[0]}×{writer.shape[1]} is not "
            f"divisible by {size}"
        )
    writer.layer(f'layers.AveragePooling2D({size}, padding="same")')


@KERAS.of("up")
def _up(writer: SourceWriter) -> None:
    mode = "" if writer.setting("mode") == "nearest" else ', interpolation="bilinear"'
    writer.layer(f"layers.UpSampling2D({writer.whole('size')}{mode})")


@KERAS.of("shuffle")
def _shuffle(writer: SourceWriter) -> None:
    """Channel c·N² + y·N + x becomes pixel (y, x) of channel c; by `Reshape` and `Permute`, for want of a layer."""
    height, width, channels = writer.node.shape
    size, name = writer.whole("size"), writer.node.name
    rows, columns = height // size, width // size
    writer.layer(f"layers.Reshape({(rows, columns, channels, size, size)})", name=f"{name}_split", last=False)
    writer.layer("layers.Permute((1, 4, 2, 5, 3))", name=f"{name}_order", last=False)
    writer.layer(f"layers.Reshape({(height, width, channels)})")


@KERAS.of("unshuffle")
def _unshuffle(writer: SourceWriter) -> None:
    """The inverse of `shuffle`."""
    rows, columns, deep = writer.node.shape
    size, name = writer.whole("size"), writer.node.name
    writer.layer(f"layers.Reshape({(rows, size, columns, size, deep // size**2)})", name=f"{name}_split", last=False)
    writer.layer("layers.Permute((1, 3, 5, 2, 4))", name=f"{name}_order", last=False)
    writer.layer(f"layers.Reshape({(rows, columns, deep)})")
