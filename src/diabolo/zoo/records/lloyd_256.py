"""`lloyd-256`: principal components of whole images, quantised to 256 bytes; in closed form."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="lloyd-256",
    line="flatten dense1024 | lloyd[bits=2048] | dense3072 unflatten",
    about="The first 1,024 principal components of whole images, quantised to 256 bytes: bits go to the components "
    "where they help most. Computed in closed form; its one epoch changes no weight by gradient, only the levels of "
    "the quantiser follow the images.",
    kind="closed form",
    source=(
        "principal components with Lloyd-Max levels: Lloyd 1982, https://doi.org/10.1109/TIT.1982.1056489; bits shared "
        "as in Shoham & Gersho 1988, https://doi.org/10.1109/29.90373"
    ),
    settings={"initialisation": "pca", "main_rate": 0, "epochs": 1, "batch_size": 100, "loss": "psnr"},
)
