"""`bn-relu`: the variant with BatchNorm before the activation."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="bn-relu",
    line="conv64 bn relu pool  conv16 bn relu pool | conv16 bn relu up  conv32 bn relu up  conv3 sigmoid",
    about="BatchNorm between convolution and ReLU, the order of the BatchNorm paper.",
    kind="question",
    source="an answer to the question that started the project; Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167",
    findings_expected={
        "AE301": "the question's layers, only in another order, so that the parameters are the same",
        "AE304": "the question's latent",
    },
)
