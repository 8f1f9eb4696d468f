"""`no-bn`: the question's network with no BatchNorm at all."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="no-bn",
    line="conv64 relu pool  conv16 relu pool | conv16 relu up  conv32 relu up  conv3 sigmoid",
    about="The question's network with no BatchNorm: what `method-1` computes, without the layers that look as if they "
    "were part of it. The bar that a BatchNorm has to clear.",
    kind="question",
    source="the question that started the project, method 1 as its compiled model is",
    findings_expected={"AE304": "the question's latent"},
)
