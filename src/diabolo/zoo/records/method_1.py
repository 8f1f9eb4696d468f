"""`method-1`: the question's first version, with its four BatchNorm layers built and never used."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="method-1",
    line="conv64 relu (bn) pool  conv16 relu (bn) pool | conv16 relu (bn) up  conv32 relu (bn) up  conv3 sigmoid",
    about="The question's first version: BatchNorm is called after every ReLU, but the next layer takes the tensor "
    "from before it, so the four BN layers are no part of the model.",
    kind="question",
    source="the question that started the project, method 1",
    not_connected="the four BN layers in parentheses are the question's mistake, kept to the letter",
    findings_expected={
        "AE101": "the four dead BN layers are the question's mistake, kept to the letter",
        "AE304": "the question's latent",
    },
)
