"""`method-2`: the question's second version, conv → relu → bn → pool."""

from diabolo.zoo.record import ZooModel

MODEL = ZooModel(
    name="method-2",
    line="conv64 relu bn pool  conv16 relu bn pool | conv16 relu bn up  conv32 relu bn up  conv3 sigmoid",
    about="The question's second version: the same network with its BatchNorm layers connected, after the ReLU.",
    kind="question",
    source="the question that started the project, method 2",
    findings_expected={"AE305": "the question's order"},
)
