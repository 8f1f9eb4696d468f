"""`bn-relu`: the variant with BatchNorm before the activation."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="bn-relu",
    line="conv64 bn relu pool  conv16 bn relu pool | conv16 bn relu up  conv32 bn relu up  conv3 sigmoid",
    about="BatchNorm between convolution and ReLU, the order of the BatchNorm paper.",
    kind="question",
    source="an answer to the question that started the project; Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167",
)
