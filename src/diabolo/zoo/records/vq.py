"""`vq`: a codebook of 512 vectors at 8×8 positions, 576 bits an image."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="vq",
    line="unshuffle4 conv16[k=1] vq512[beta=0.01] | conv48 shuffle4",
    about="Each 4×4 block becomes one of 512 vectors: 9 bits, 576 bits an image. The directions of the vectors start "
    "as principal components, the codebook by k-means++.",
    kind="bottleneck",
    source="van den Oord et al. 2017, https://arxiv.org/abs/1711.00937",
    settings={"epochs": 1, "batch_size": 100, "learning_rate": 0.002, "loss": "mse", "initialisation": "pca"},
)
