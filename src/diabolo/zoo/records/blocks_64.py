"""`blocks-64`: principal components of 8×8 blocks, quantised to 64 bytes; small, in closed form."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="blocks-64",
    line="unshuffle8 conv32[k=1] | lloyd[bits=32] | conv192[k=1] shuffle8",
    about="32 principal components of each 8×8 block, quantised to 4 bytes a block, 64 bytes for an image of 32×32. "
    "Computed in closed form, as JPEG's transform is, but fitted to images; it takes images of any size.",
    kind="small",
    source=(
        "block transform coding with Lloyd-Max levels: Lloyd 1982, https://doi.org/10.1109/TIT.1982.1056489; bits "
        "shared as in Shoham & Gersho 1988, https://doi.org/10.1109/29.90373"
    ),
    settings={"initialisation": "pca", "main_rate": 0, "epochs": 1, "batch_size": 100, "loss": "psnr"},
)
