"""`topk`: features of 8×8 blocks, each of which may stand at three places of an image."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="topk",
    line="unshuffle8 conv96[k=1 bias=no] bn relu topk3[of=channel] | conv192[k=1] shuffle8",
    about="96 features of 8×8 blocks; of each only the three strongest places of an image go on. So every feature has "
    "to be of use in every image, and they become edges and patches of colour. Made to be looked at, not for quality.",
    kind="bottleneck",
    source="Makhzani & Frey 2013, https://arxiv.org/abs/1312.5663; the strongest of each channel: Makhzani & Frey "
    "2015, https://arxiv.org/abs/1409.2752",
    settings={"epochs": 6, "batch_size": 100, "learning_rate": 0.003, "loss": "mse"},
)
