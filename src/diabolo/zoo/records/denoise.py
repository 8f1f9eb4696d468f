"""`denoise`: takes Gaussian noise of 25 grey levels off images."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="denoise",
    line="noise[std=0.098] unshuffle2 conv64 3*res{silu conv64 silu conv64} "
    "| 3*res{silu conv64 silu conv64} conv12 shuffle2",
    about="Takes Gaussian noise with a deviation of 25 of 255 grey levels off images of any size. In training the "
    "noise is added by its first layer; in use the images are noisy already.",
    kind="denoise",
    source="denoising autoencoders: Vincent et al. 2008, https://doi.org/10.1145/1390156.1390294; residual blocks: "
    "He et al. 2016, https://arxiv.org/abs/1603.05027",
    settings={
        "loss": "mse",
        "initialisation": "pca",
        "optimiser": "muon",
        "schedule": "cosine",
        "warmup": 0.02,
        "clip_norm": 1,
        "ema": 0.999,
        "augment": "flip",
        "batch_size": 100,
        "precision": "bfloat16",
        "learning_rate": 0.002,
        "epochs": 6,
        "keep": "last",
    },
    data_note="its test figures are those of clean images put through; what it does with noise is in docs/zoo.md",
)
