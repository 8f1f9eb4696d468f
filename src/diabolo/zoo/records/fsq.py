"""`fsq`: three channels of 8 levels at 8×8 positions, 576 bits an image."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="fsq",
    line="unshuffle4 conv64 silu conv3[k=1 bias=no] bn fsq[levels=8,8,8] | conv64 silu conv48[k=1] shuffle4",
    about="Each position is rounded to 8 levels in 3 channels: 512 codes without a codebook, 576 bits an image. "
    "BatchNorm before the quantiser spreads the values over the levels.",
    kind="bottleneck",
    source="Mentzer et al. 2023, https://arxiv.org/abs/2309.15505",
    settings={"epochs": 3, "batch_size": 100, "learning_rate": 0.003, "loss": "mse"},
)
