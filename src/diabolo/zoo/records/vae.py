"""`vae`: the variational bottleneck, with samples that can be drawn."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="vae",
    line="flatten dense256 silu | gaussian64 | dense256 silu dense3072 unflatten sigmoid",
    about="A variational autoencoder at the evidence bound: 64 Gaussian values, of which it uses as many as are worth "
    "their cost. `diabolo sample` draws new images from it; they are blurred, as its reconstructions are.",
    kind="bottleneck",
    source="Kingma & Welling 2013, https://arxiv.org/abs/1312.6114",
    settings={"epochs": 6, "batch_size": 100, "learning_rate": 0.001, "clip_norm": 1},
)
