"""`drop-in`: the shape of the question's network, with the same 8×8×16 latent, started in closed form."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="drop-in",
    line="unshuffle2 res{conv16 relu bn conv12} unshuffle2 conv16 "
    "| conv48 shuffle2 res{conv16 relu bn conv12} shuffle2",
    about="For the question's author: two stages, BatchNorm and 8×8×16 numbers as theirs. Pixel shuffles take the "
    "place of pooling, and the layers with ReLU stand beside a linear path, which starts as the best linear map of 4×4 "
    "blocks.",
    kind="small",
    source="pixel shuffle: Shi et al. 2016, https://arxiv.org/abs/1609.05158; residual blocks: He et al. 2016, "
    "https://arxiv.org/abs/1603.05027; started from block PCA",
    findings_expected={"AE305": "the order conv, ReLU, BatchNorm is the question's"},
    settings={
        "loss": "psnr",
        "initialisation": "pca",
        "optimiser": "adamw",
        "schedule": "cosine",
        "warmup": 0.02,
        "clip_norm": 1,
        "ema": 0.99,
        "batch_size": 100,
        "learning_rate": 0.003,
        "epochs": 3,
    },
)
