"""What the interpreter makes of sources: wiring, names, places, dead branches, idle layers, what it does not follow."""

import pytest

from diabolo.checks import Subject, diagnose
from diabolo.checks.source import read_source
from diabolo.graph import ModelGraph

QUESTION = """from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D, BatchNormalization
from keras.models import Model

input_image = Input(shape=(32, 32, 3))
conv1_1 = Conv2D(64, (3, 3), activation='relu', padding='same')(input_image)
bnorm1_1 = BatchNormalization()(conv1_1)
mpool1_1 = MaxPooling2D((2, 2), padding='same')(conv1_1)
conv1_2 = Conv2D(16, (3, 3), activation='relu', padding='same')(mpool1_1)
borm1_2 = BatchNormalization()(conv1_2)
encoder = MaxPooling2D((2, 2), padding='same')(conv1_2)
conv2_1 = Conv2D(16, (3, 3), activation='relu', padding='same')(encoder)
bnorm2_1 = BatchNormalization()(conv2_1)
up1_1 = UpSampling2D((2, 2))(conv2_1)
conv2_2 = Conv2D(32, (3, 3), activation='relu', padding='same')(up1_1)
bnorm2_2 = BatchNormalization()(conv2_2)
up2_1 = UpSampling2D((2, 2))(conv2_2)
decoder = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(up2_1)
model = Model(input_image, decoder)
model.compile(optimizer='adam', loss='binary_crossentropy')
history = model.fit(images_train, images_train, epochs=50, batch_size=1000, shuffle=True, verbose=2,
                    validation_data=(images_test, images_test))
"""
BODY = """
i = Input((16, 16, 3))
a = Conv2D(8, 3, padding='same')(i)
"""


def read(text: str, name: str = "file.py") -> Subject:
    return read_source(text, name, is_guarded=False)


def only(text: str) -> ModelGraph:
    subject = read(text)
    assert not subject.problems, subject.problems
    assert len(subject.graphs) == 1
    return subject.graphs[0]


def dead(graph: ModelGraph) -> list[str]:
    return [node.variable or node.title for node in graph.unconnected]


def test_the_question_has_four_dead_branches_at_their_places() -> None:
    subject = read(QUESTION)
    graph = subject.graphs[0]
    found = [(node.variable, node.place.row, node.place.start) for node in graph.unconnected if node.place is not None]
    assert found == [("bnorm1_1", 6, 11), ("borm1_2", 9, 10), ("bnorm2_1", 12, 11), ("bnorm2_2", 15, 11)]
    assert graph[graph.latent].variable == "encoder"
    assert graph.name == "model"
    assert graph.place is not None
    assert graph.place.row == 18
    errors = [finding for finding in diagnose(subject) if finding.severity == "error"]
    assert [finding.code for finding in errors] == ["AE101"] * 4


def test_places_of_inputs_and_arguments_are_those_of_the_text() -> None:
    rows = QUESTION.split("\n")
    graph = read(QUESTION).graphs[0]
    pool = next(node for node in graph.nodes if node.variable == "mpool1_1")
    place = pool.input_places[0]
    assert place is not None
    assert rows[place.row - 1][place.start : place.end] == "conv1_1"
    convolution = next(node for node in graph.nodes if node.kind == "conv")
    for name, text in (("kernel_size", "(3, 3)"), ("activation", "'relu'"), ("filters", "64")):
        written = convolution.arguments[name]
        assert rows[written.row - 1][written.start : written.end] == text
    end = convolution.arguments_end
    assert end is not None
    assert rows[end.row - 1][: end.end].endswith("padding='same'")


def test_columns_are_characters_not_bytes() -> None:
    text = "größe = '≈'; x = Conv2D(8, 3)(über)\ny = Conv2D(4, 3)(x)\n"
    node = next(node for node in read(text).loose[0].nodes if node.kind == "conv")
    assert node.place is not None
    assert text[node.place.start : node.place.end] == "Conv2D(8, 3)(über)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b = ReLU()(a)\nm = Model(i, Conv2D(3, 1)(a))", ["b"]),
        ("b = ReLU()(a)\nm = Model(i, Conv2D(3, 1)(b))", []),
        ("ReLU()(a)\nm = Model(i, Conv2D(3, 1)(a))", ["ReLU"]),
        ("b = ReLU()(a)\nprint(b)\nm = Model(i, Conv2D(3, 1)(a))", ["b"]),
        ("b = ReLU()(a)\nlook_at(b)\nm = Model(i, Conv2D(3, 1)(a))", []),
        ("b = ReLU()(a)\nprobe = Model(i, b)\nm = Model(i, Conv2D(3, 1)(a))", []),
        ("b = ReLU()(a)\nm = Model(i, Conv2D(3, 1)(a))\nc = Conv2D(2, 1)(b)", ["b", "c"]),
        ("b = [ReLU()(a), ReLU()(a)]\nm = Model(i, Conv2D(3, 1)(b[0]))", ["ReLU"]),
        ("b = {'x': ReLU()(a)}\nm = Model(i, Conv2D(3, 1)(b['x']))", []),
        ("b = ReLU()(a)\nm = Model(i, [Conv2D(3, 1)(a), b])", []),
        ("b = ReLU()(a)\nm = Model(i, Conv2D(3, 1)(a))\nm.add_loss(K.mean(b))", []),
    ],
)
def test_a_result_that_reaches_nothing_is_dead(text: str, expected: list[str]) -> None:
    subject = read(BODY + text)
    graph = next(graph for graph in subject.graphs if graph.name == "m")
    assert dead(graph) == expected


def test_a_name_given_away_before_anything_read_it_is_overwritten() -> None:
    graph = only(BODY + "x = ReLU()(a)\nx = BatchNormalization()(a)\nm = Model(i, Conv2D(3, 1)(x))")
    lost = [node for node in graph.nodes if node.overwritten is not None]
    assert [node.title for node in lost] == ["ReLU"]
    assert lost[0].overwritten is not None
    assert lost[0].overwritten.row == 5
    kept = only(BODY + "x = ReLU()(a)\nb = x\nx = Conv2D(8, 1)(a)\nm = Model(i, Conv2D(3, 1)(x + b))")
    assert not [node for node in kept.nodes if node.overwritten is not None]


def test_a_statement_that_is_nothing_but_a_call_is_told() -> None:
    graph = only(BODY + "BatchNormalization()(a)\nb = ReLU()(a)\nm = Model(i, b)")
    assert [node.title for node in graph.nodes if node.statement is not None] == ["BatchNormalization"]


def test_layers_that_are_never_called_are_idle() -> None:
    subject = read(
        BODY + "extra = Conv2D(4, 3)\nused = Conv2D(4, 3)\nhanded = ReLU()\ngive(handed)\nm = Model(i, used(a))"
    )
    assert [node.variable for node in subject.idle] == ["extra"]
    model = read(
        "class Net(keras.Model):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.a = Conv2D(4, 3)\n"
        "        self.b = Conv2D(4, 3)\n"
        "        self.c = Conv2D(4, 3)\n"
        "    def call(self, x):\n"
        "        return self.a(x)\n"
        "    def elsewhere(self, x):\n"
        "        return self.c(x)\n"
        "net = Net()\n"
    )
    assert [node.variable for node in model.graphs[0].idle] == ["self.b"]
    assert model.idle == ()


def test_dead_branches_of_a_called_model_hang_on_the_whole() -> None:
    graph = only(
        "i = Input((16, 16, 3))\n"
        "a = Conv2D(8, 3, padding='same')(i)\n"
        "lost = BatchNormalization()(a)\n"
        "encoder = Model(i, MaxPooling2D()(a))\n"
        "j = Input((8, 8, 8))\n"
        "decoder = Model(j, Conv2DTranspose(3, 2, strides=2)(j))\n"
        "k = Input((16, 16, 3))\n"
        "whole = Model(k, decoder(encoder(k)))\n"
    )
    assert graph.name == "whole"
    assert dead(graph) == ["lost"]
    assert graph[graph.latent].kind == "pool"


def test_a_model_of_which_all_layers_are_in_another_is_left_out() -> None:
    subject = read(BODY + "e = Model(i, MaxPooling2D()(a))\nm = Model(i, UpSampling2D()(e.output))")
    assert [graph.name for graph in subject.graphs] == ["m"]
    assert [node.kind for node in subject.graphs[0].nodes] == ["input", "conv", "pool", "up"]


def test_functions_that_nothing_calls_are_followed_with_their_defaults() -> None:
    subject = read(
        "def build(shape=(8, 8, 1), width=4):\n"
        "    x = i = Input(shape)\n"
        "    y = Conv2D(width, 3, padding='same')(x)\n"
        "    BatchNormalization()(y)\n"
        "    return Model(i, Conv2D(1, 3, padding='same')(y))\n"
    )
    graph = subject.graphs[0]
    assert graph.input_shape == (8, 8, 1)
    assert dead(graph) == ["BatchNormalization"]


def test_a_block_that_returns_its_result_is_loose_and_has_an_output() -> None:
    subject = read("def block(x, n):\n    y = Conv2D(n, 3)(x)\n    BatchNormalization()(y)\n    return ReLU()(y)\n")
    graph = subject.loose[0]
    assert graph[graph.output].title == "ReLU"
    assert dead(graph) == ["BatchNormalization"]


def test_both_ways_of_an_unknown_condition_count() -> None:
    subject = read(
        BODY + "if use_norm:\n    b = BatchNormalization()(a)\nelse:\n    b = ReLU()(a)\nm = Model(i, Conv2D(3, 1)(b))"
    )
    graph = subject.graphs[0]
    assert dead(graph) == []
    assert {node.kind for node in graph.layers} >= {"bn", "relu", "unknown"}
    assert [problem.rule for problem in subject.problems] == ["AE002"]
    assert "use_norm" in subject.problems[0].message


def test_a_known_condition_decides() -> None:
    graph = only(
        "norm = False\n" + BODY + "b = a\nif norm:\n    b = BatchNormalization()(a)\nm = Model(i, Conv2D(3, 1)(b))"
    )
    assert [node.kind for node in graph.nodes] == ["input", "conv", "conv"]


def test_an_unknown_function_uses_what_it_is_given_and_is_named() -> None:
    subject = read("from mine import attention\n" + BODY + "b = ReLU()(a)\nm = Model(i, Conv2D(3, 1)(attention(b)))")
    graph = subject.graphs[0]
    assert dead(graph) == []
    assert [node.title for node in graph.nodes if node.kind == "unknown"] == ["mine.attention"]
    assert "mine.attention" in subject.problems[0].message
    assert subject.problems[0].place is not None
    assert subject.problems[0].place.row == 6


def test_shapes_that_do_not_fit_are_reported_where_they_meet() -> None:
    subject = read(BODY + "b = MaxPooling2D()(a)\nm = Model(i, Add()([a, b]))")
    assert [(problem.rule, problem.place.row) for problem in subject.problems if problem.place] == [("AE201", 5)]
    assert "16×16×8 and 8×8×8" in subject.problems[0].message
    summed = read(BODY + "b = MaxPooling2D()(a)\nm = Model(i, a + b)")
    assert [problem.rule for problem in summed.problems] == ["AE201"]
    unsure = read(BODY + "b = MaxPooling2D()(a)\nif flag:\n    b = a + b\nm = Model(i, b)")
    assert [problem.rule for problem in unsure.problems] == ["AE002"]


def test_a_random_sample_is_a_node_without_inputs() -> None:
    graph = only(
        "def sampling(args):\n"
        "    mean, log_var = args\n"
        "    return mean + K.exp(0.5 * log_var) * K.random_normal(shape=(1, 4))\n"
        "i = Input((16,))\n"
        "h = Dense(8)(i)\n"
        "z = Lambda(sampling)([Dense(4)(h), Dense(4)(h)])\n"
        "m = Model(i, Dense(16)(z))\n"
    )
    sample = next(node for node in graph.nodes if node.kind == "sample")
    assert sample.is_random
    assert sample.inputs == ()
    assert graph[graph.latent].variable == "z"


def test_stop_gradient_blocks_the_gradient() -> None:
    graph = only("import tensorflow as tf\n" + BODY + "m = Model(i, Conv2D(3, 1)(tf.stop_gradient(a)))")
    assert [node.title for node in graph.nodes if node.blocks_gradient] == ["stop_gradient"]


def test_frozen_layers_are_not_trained() -> None:
    graph = only(
        BODY
        + "c = Conv2D(3, 1, trainable=False)\nm = Model(i, c(a))\n"
        + "for layer in m.layers[:2]:\n    layer.trainable = False"
    )
    assert [(node.kind, node.is_trainable, node.num_trainable) for node in graph.nodes[1:]] == [
        ("conv", False, 0),
        ("conv", False, 0),
    ]
    assert graph.nodes[1].num_non_trainable == 224


def test_a_custom_training_loop_is_no_dead_end() -> None:
    subject = read(
        "import tensorflow as tf\n" + BODY + "m = Model(i, Conv2D(3, 1)(a))\n"
        "for epoch in range(50):\n"
        "    for batch in data:\n"
        "        with tf.GradientTape() as tape:\n"
        "            loss = tf.reduce_mean(tf.square(batch - m(batch)))\n"
        "        grads = tape.gradient(loss, m.trainable_variables)\n"
    )
    assert len(subject.graphs) == 1
    assert not [finding for finding in diagnose(subject) if finding.severity == "error"]
