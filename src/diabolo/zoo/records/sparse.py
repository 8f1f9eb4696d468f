"""`sparse`: features of 8×8 blocks under an L1 penalty."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="sparse",
    line="unshuffle8 conv128[k=1 bias=no] bn relu sparse[l1=0.1] | conv192[k=1] shuffle8",
    about="128 features of 8×8 blocks whose sum costs something, so that most are 0 at most places. Weight decay holds "
    "the decoder down: otherwise values would become small and its weights large.",
    kind="bottleneck",
    source="Olshausen & Field 1996, https://doi.org/10.1038/381607a0",
    settings={
        "epochs": 8,
        "batch_size": 100,
        "learning_rate": 0.003,
        "loss": "mse",
        "optimiser": "adamw",
        "weight_decay": 3,
        "ema": 0.999,
    },
)
