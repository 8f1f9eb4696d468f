"""`pool-bn`: the variant with BatchNorm after the pooling."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="pool-bn",
    line="conv64 relu pool bn  conv16 relu pool bn | conv16 relu up bn  conv32 relu up bn  conv3 sigmoid",
    about="BatchNorm after pooling and up-sampling: a quarter of the values to normalise in the encoder.",
    kind="question",
    source="an answer to the question that started the project",
    findings_expected={"AE306": "this order is what the model is here to show"},
)
