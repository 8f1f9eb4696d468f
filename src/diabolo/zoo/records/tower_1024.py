"""`tower-1024`: residual towers beside the linear map of 4×4 blocks; a continuous latent of 1,024 numbers."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="tower-1024",
    line="unshuffle4 res[skip=conv k=3]{conv128 4*res{silu conv128 silu conv128} silu conv16} "
    "| res[skip=conv k=3]{conv128 4*res{silu conv128 silu conv128} silu conv48} shuffle4",
    about="The best linear map of 4×4 blocks to 16 numbers each, with a residual tower beside it on both sides. Its "
    "latent is 8×8×16 numbers, as the question's, and smooth: the one to take for search and interpolation.",
    kind="best",
    source="residual blocks: He et al. 2016, https://arxiv.org/abs/1603.05027; shuffles: Shi et al. 2016, "
    "https://arxiv.org/abs/1609.05158; started from block PCA",
    settings={
        "loss": "psnr",
        "initialisation": "pca",
        "optimiser": "muon",
        "schedule": "cosine",
        "warmup": 0.05,
        "clip_norm": 1,
        "ema": 0.998,
        "augment": "flip",
        "batch_size": 100,
        "main_rate": 0.3,
        "precision": "bfloat16",
        "learning_rate": 0.002,
        "epochs": 12,
    },
)
