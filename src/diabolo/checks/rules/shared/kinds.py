"""Sets of node kinds that rules speak of."""

CONVOLUTIONS = frozenset({"conv", "deconv"})
"""Convolutions over images, with learned kernels."""
LINEAR_LAYERS = frozenset({"conv", "deconv", "dense"})
"""Layers that multiply by learned weights and do nothing else."""
BATCH_NORMALISATION = frozenset({"bn"})
"""Normalisation with statistics of the batch and moving averages."""
NORMALISATIONS = frozenset({"bn", "gn", "in", "ln", "rms"})
"""All normalisations."""
ACTIVATIONS = frozenset({
    "relu", "leaky", "gelu", "silu", "sigmoid", "tanh", "softmax", "elu", "selu", "prelu", "softplus",
})  # fmt: skip
"""Functions of each value by itself that are not straight lines; softmax with them."""
POOLS = frozenset({"pool", "avgpool"})
"""Layers that only shrink a map."""
RESHAPING = frozenset({"flatten", "unflatten", "reshape", "permute", "linear"})
"""Operations that hand all values on as they are."""
RANDOM_IN_TRAINING = frozenset({"dropout", "noise"})
"""Layers that do nothing in evaluation mode."""
OPAQUE = frozenset({"lambda", "module", "unknown"})
"""Operations of which nothing is known."""
BOTTLENECKS = frozenset({"gaussian", "vq", "fsq", "sample", "embedding"})
"""Kinds that limit what a latent can say by other means than its size."""
LAYER_KINDS = frozenset({
    *LINEAR_LAYERS, *NORMALISATIONS, *ACTIVATIONS, *POOLS, *RANDOM_IN_TRAINING, *BOTTLENECKS, "up", "shuffle",
    "unshuffle", "gdn", "attention", "conv1d", "conv3d", "depthwise", "dwconv", "recurrent", "globalpool", "concat",
    "module",
})  # fmt: skip
"""Layers as a writer of models thinks of them; what is left are reshapes, arithmetic and the unknown."""
MERGES = frozenset({"add", "subtract", "multiply", "concat", "average"})
"""Operations that join several tensors."""
