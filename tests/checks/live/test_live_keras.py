"""Live Keras models: the question's four versions, nested and shared parts, and dead branches that are none."""

from collections.abc import Callable

import keras
import pytest
from keras import Input, Model, Sequential, layers

from diabolo.checks import Finding, diagnose
from diabolo.checks.live.keras_model import read_keras_model
from diabolo.graph import ModelGraph


def graph_of(model: Model) -> ModelGraph:
    return read_keras_model(model).graphs[0]


def found(model: Model, *severities: str) -> list[Finding]:
    return [finding for finding in diagnose(read_keras_model(model)) if finding.severity in (severities or ("error",))]


def question(order: str) -> Model:
    """The question's network, with its dead branches in Method 1."""
    images = x = Input((32, 32, 3), name="input_image")
    stages = [
        (64, layers.MaxPooling2D),
        (16, layers.MaxPooling2D),
        (16, layers.UpSampling2D),
        (32, layers.UpSampling2D),
    ]
    for number, (filters, sampling) in enumerate(stages, start=1):
        sample = sampling((2, 2), name=f"sample{number}", **({"padding": "same"} if number < 3 else {}))
        activation = None if order == "bn-relu" else "relu"
        x = layers.Conv2D(filters, (3, 3), activation=activation, padding="same", name=f"conv{number}")(x)
        norm = layers.BatchNormalization(name=f"bnorm{number}")
        if order == "method-1":
            norm(x)
            x = sample(x)
        elif order == "method-2":
            x = sample(norm(x))
        elif order == "pool-bn":
            x = norm(sample(x))
        else:
            x = sample(layers.Activation("relu")(norm(x)))
    decoded = layers.Conv2D(3, (3, 3), activation="sigmoid", padding="same", name="decoded")(x)
    model = Model(images, decoded, name="autoencoder")
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


def test_question_method_1():
    model = question("method-1")
    assert [finding.message for finding in found(model)] == [
        "result of `bnorm1` (BatchNormalization) is never used; `sample1` takes `conv1` instead",
        "result of `bnorm2` (BatchNormalization) is never used; `sample2` takes `conv2` instead",
        "result of `bnorm3` (BatchNormalization) is never used; `sample3` takes `conv3` instead",
        "result of `bnorm4` (BatchNormalization) is never used; `sample4` takes `conv4` instead",
    ]
    assert all(finding.node.startswith("bnorm") and finding.place is None for finding in found(model))
    graph = graph_of(model)
    assert sum(node.num_trainable for node in graph.layers) == model.count_params() == 18_851
    assert sum(node.num_non_trainable for node in graph.layers) == 0


@pytest.mark.parametrize("order", ["method-2", "pool-bn", "bn-relu"])
def test_question_other_orders(order: str):
    model = question(order)
    graph = graph_of(model)
    assert found(model) == []
    assert sum(node.num_trainable for node in graph.layers) == 19_107
    assert sum(node.num_non_trainable for node in graph.layers) == 256
    assert graph[graph.latent].shape == (8, 8, 16)
    assert graph.input.name == "input_image"


def test_compilation():
    (training,) = read_keras_model(question("method-2")).trainings
    assert (training.losses[0].kind, training.losses[0].reduction) == ("bce", "mean")
    assert (training.optimiser, training.learning_rate) == ("adam", pytest.approx(0.001))
    model = question("method-2")
    model.compile(
        optimizer=keras.optimizers.SGD(0.5),
        loss=keras.losses.BinaryCrossentropy(from_logits=True, reduction="sum"),
        metrics=["accuracy"],
    )
    (training,) = read_keras_model(model).trainings
    assert (training.losses[0].kind, training.losses[0].reduction) == ("bce-logits", "sum")
    assert [metric.name for metric in training.metrics] == ["accuracy"]
    codes = {finding.code for finding in found(model, "error", "warning")}
    assert {"AE402", "AE404"} <= codes


def small(shape: tuple[int, int, int] = (16, 16, 3)) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    images = Input(shape, name="images")
    return images, layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="down")(images)


def decoder_of(codes: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.Conv2DTranspose(8, 4, strides=2, padding="same", activation="relu", name="grow")(codes)
    return layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="pixels")(x)


def nested() -> Model:
    images, codes = small()
    encoder = Model(images, codes, name="encoder")
    inner = Input((8, 8, 8))
    decoder = Model(inner, decoder_of(inner), name="decoder")
    outer = Input((16, 16, 3), name="outer")
    return Model(outer, decoder(encoder(outer)), name="autoencoder")


def encoder_alone() -> Model:
    images, codes = small()
    Model(images, decoder_of(codes))
    return Model(images, codes, name="encoder")


def skip_connection() -> Model:
    images, codes = small()
    x = layers.Conv2D(8, 3, padding="same")(codes)
    return Model(images, decoder_of(layers.concatenate([codes, x + 0.5 * codes])))


def two_outputs() -> Model:
    images, codes = small()
    return Model(images, [layers.Dense(4)(layers.Flatten()(codes)), decoder_of(codes)])


def frozen() -> Model:
    images, codes = small()
    model = Model(images, decoder_of(codes))
    model.get_layer("down").trainable = False
    return model


def cut_from_the_middle() -> Model:
    images, codes = small()
    other = layers.Conv2D(8, 1, name="shortcut")(codes)
    middle = layers.Conv2D(8, 3, padding="same", name="long")(codes)
    layers.Dense(10, name="classes")(layers.Flatten()(layers.Add()([other, middle])))
    return Model(images, middle)


CLEAN: dict[str, Callable[[], Model]] = {
    "nested": nested,
    "encoder alone": encoder_alone,
    "skip connection": skip_connection,
    "two outputs": two_outputs,
    "frozen": frozen,
    "cut from the middle of a larger network": cut_from_the_middle,
}


@pytest.mark.parametrize("name", CLEAN)
def test_no_false_alarm(name: str):
    assert [finding.message for finding in found(CLEAN[name](), "error", "warning") if finding.code[:3] == "AE1"] == []


def test_nested_models_are_written_out():
    model = nested()
    graph = graph_of(model)
    assert [(node.name, node.kind, node.shape) for node in graph.nodes] == [
        ("outer", "input", (16, 16, 3)),
        ("conv_1", "conv", (8, 8, 8)),
        ("encoder/down", "relu", (8, 8, 8)),
        ("deconv_1", "deconv", (16, 16, 8)),
        ("decoder/grow", "relu", (16, 16, 8)),
        ("conv_2", "conv", (16, 16, 3)),
        ("decoder/pixels", "sigmoid", (16, 16, 3)),
    ]
    assert graph.latent == "encoder/down"
    assert [node.section for node in graph.nodes] == ["input", "encoder", "encoder", *["decoder"] * 4]
    assert sum(node.num_trainable for node in graph.layers) == model.count_params()


def test_dead_branch_inside_of_a_nested_model():
    images, codes = small()
    layers.BatchNormalization(name="forgotten")(codes)
    encoder = Model(images, layers.Conv2D(8, 3, padding="same")(codes), name="encoder")
    outer = Input((16, 16, 3))
    (finding,) = found(Model(outer, decoder_of(encoder(outer))))
    assert (finding.code, finding.node) == ("AE101", "encoder/forgotten")


def test_another_living_model_uses_a_branch():
    images, codes = small()
    scores = layers.Dense(10, name="scores")(layers.Flatten(name="flat")(codes))
    model = Model(images, decoder_of(codes))
    assert [finding.node for finding in found(model)] == ["scores"]
    classifier = Model(images, scores)
    assert found(model) == []
    assert classifier.count_params() > 0


def test_two_outputs_the_reconstruction_comes_first():
    graph = graph_of(two_outputs())
    assert graph.output == "pixels"
    assert len(graph.outputs) == 1


def test_frozen_layers():
    node = next(node for node in graph_of(frozen()).nodes if node.kind == "conv")
    assert (node.num_trainable, node.num_non_trainable, node.is_trainable) == (0, 224, False)


def test_shared_layer():
    images = Input((16, 16, 4))
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    model = Model(images, shared(shared(shared(images))))
    nodes = [node for node in graph_of(model).nodes if node.kind == "conv"]
    assert {node.layer for node in nodes} == {"shared"}
    assert [node.name for node in nodes] == ["shared", "shared_2", "shared_3"]
    assert sum(node.num_trainable for node in nodes) == model.count_params()


def test_sequential():
    model = Sequential([Input((16, 16, 3)), layers.Conv2D(4, 3, padding="same"), layers.ReLU(), layers.Dropout(0.2),
                        layers.Conv2D(3, 3, padding="same", activation="sigmoid")], name="line")  # fmt: skip
    kinds = ["input", "conv", "relu", "dropout", "conv", "sigmoid"]
    assert [node.kind for node in graph_of(model).nodes] == kinds
    unbuilt = Sequential([layers.Conv2D(4, 3, padding="same"), layers.ReLU(), layers.Dense(3)])
    subject = read_keras_model(unbuilt, input_shape=(16, 16, 3))
    assert [node.shape for node in subject.graphs[0].nodes] == [(16, 16, 3), (16, 16, 4), (16, 16, 4), (16, 16, 3)]
    assert not unbuilt.built


class Vae(Model):
    def __init__(self) -> None:
        super().__init__(name="vae")
        images, codes = small()
        layers.BatchNormalization(name="forgotten")(codes)
        self.encoder = Model(images, layers.Conv2D(8, 3, padding="same")(codes), name="encoder")
        inner = Input((8, 8, 8))
        self.decoder = Model(inner, decoder_of(inner), name="decoder")

    def call(self, images: object) -> object:
        return self.decoder(self.encoder(images))


def test_subclass():
    subject = read_keras_model(Vae())
    assert [graph.name for graph in subject.loose] == ["encoder", "decoder"]
    (problem,) = subject.problems
    assert problem.rule == "AE002"
    assert "`Vae` has a `call` of its own" in problem.message
    assert [(finding.code, finding.node) for finding in found(Vae())] == [("AE101", "forgotten")]


@keras.saving.register_keras_serializable("test")
class Halved(layers.Layer):
    def call(self, x: object) -> object:
        return x / 2


def test_layers_of_the_users_own():
    images, codes = small()
    graph = graph_of(Model(images, decoder_of(Halved(name="halved")(layers.Lambda(lambda x: x)(codes)))))
    assert [node.kind for node in graph.nodes if node.title in ("Halved", "Lambda")] == ["lambda", "unknown"]
    assert graph["halved"].shape == (8, 8, 8)


def test_model_is_left_as_it_was():
    model = question("method-1")
    before = [(layer.name, len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in model.layers]
    read_keras_model(model)
    assert [(layer.name, len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in model.layers] == before
