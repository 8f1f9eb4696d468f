"""`blocks-512`: principal components of 8×8 blocks, quantised to 512 bytes; small, in closed form."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="blocks-512",
    line="unshuffle8 conv96[k=1] | lloyd[bits=256] | conv192[k=1] shuffle8",
    about="96 principal components of each 8×8 block, quantised to 32 bytes a block, 512 bytes for an image of 32×32. "
    "Computed in closed form, as JPEG's transform is, but fitted to images; it takes images of any size.",
    kind="small",
    source=(
        "block transform coding with Lloyd-Max levels: Lloyd 1982, https://doi.org/10.1109/TIT.1982.1056489; bits "
        "shared as in Shoham & Gersho 1988, https://doi.org/10.1109/29.90373"
    ),
    settings={"initialisation": "pca", "main_rate": 0, "epochs": 1, "batch_size": 100, "loss": "psnr"},
)
