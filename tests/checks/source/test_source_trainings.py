"""What sources say of trainings: losses, metrics, optimiser, images with their range, split and number."""

import pytest

from diabolo.checks import Training
from diabolo.checks.source import read_source
from diabolo.checks.subject import Images, LossTerm

MODEL = """
import numpy as np, tensorflow as tf
from tensorflow import keras
from tensorflow.keras import backend as K, layers
from tensorflow.keras.layers import *
from tensorflow.keras.models import Model
from tensorflow.keras.datasets import cifar10, mnist
i = Input((32, 32, 3))
m = Model(i, Conv2D(3, 3, padding='same', activation='sigmoid')(i))
"""


def trainings(text: str) -> tuple[Training, ...]:
    return read_source(MODEL + text, "file.py", is_guarded=False).trainings


def only(text: str) -> Training:
    found = trainings(text)
    assert len(found) == 1
    return found[0]


def images(expression: str, before: str = "") -> Images:
    text = f"(x, y), (xt, yt) = cifar10.load_data()\n{before}\nm.compile('adam', 'mse')\nm.fit({expression}, x)\n"
    found = only(text).inputs
    assert found is not None
    return found


def loss(expression: str, before: str = "") -> tuple[LossTerm, ...]:
    return only(f"{before}\nm.compile(optimizer='adam', loss={expression})").losses


def test_compile_and_fit_of_names_that_do_not_exist() -> None:
    training = only(
        "m.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3), loss='mse', metrics=['accuracy', psnr])\n"
        "m.fit(images_train, images_train, epochs=50, batch_size=1000, validation_data=(images_test, images_test))\n"
    )
    assert (training.graph, training.optimiser, training.learning_rate) == ("m", "adam", 1e-3)
    assert (training.epochs, training.batch_size) == (50, 1000)
    assert [metric.name for metric in training.metrics] == ["accuracy", "psnr"]
    for record, text, split in (
        (training.inputs, "images_train", "train"),
        (training.targets, "images_train", "train"),
        (training.validation, "images_test", "test"),
        (training.validation_targets, "images_test", "test"),
    ):
        assert record is not None
        assert (record.text, record.split, record.low, record.num_images) == (text, split, None, None)
    row = "m.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-3), loss='mse', metrics=['accuracy', psnr])"
    places = [metric.place for metric in training.metrics]
    assert [row[place.start : place.end] for place in places if place] == ["'accuracy'", "psnr"]
    term = training.losses[0]
    assert (term.kind, term.graph, term.reduction) == ("mse", "m", "mean")
    assert term.target is not None
    assert term.target.text == "images_train"


@pytest.mark.parametrize(
    ("expression", "low", "high", "number"),
    [
        ("x", 0, 255, 50_000),
        ("x / 255", 0, 1, 50_000),
        ("x.astype('float32') / 255.", 0, 1, 50_000),
        ("(x - 127.5) / 127.5", -1, 1, 50_000),
        ("x[:1000] / 255", 0, 1, 1_000),
        ("x[..., None] / 255", 0, 1, 50_000),
        ("np.expand_dims(x, -1)", 0, 255, 50_000),
        ("np.reshape(x, (len(x), 32, 32, 3))", 0, 255, 50_000),
        ("x.reshape((x.shape[0], -1)) * 2", 0, 510, 50_000),
        ("np.clip(x + np.random.normal(size=x.shape), 0., 1.)", 0, 1, 50_000),
        ("x / 255 + 0.1 * np.random.normal(size=x.shape)", None, None, 50_000),
        ("x / 255 + 0.1 * tf.random.normal(shape=x.shape)", None, None, 50_000),
        ("np.concatenate([x, xt])", 0, 255, 60_000),
        ("1 - x / 255", 0, 1, 50_000),
        ("x / x.max()", 0, 1, 50_000),
    ],
)
def test_the_range_and_number_of_images(expression: str, low: float | None, high: float | None, number: int) -> None:
    found = images(expression)
    assert (found.low, found.high, found.num_images) == (low, high, number)
    assert found.text == expression
    assert not found.is_labels


@pytest.mark.parametrize(
    ("expression", "split"),
    [("x", "train"), ("xt", "test"), ("xt[:5000]", "test"), ("X_val", "validation"), ("valid_ds", "validation"),
     ("trainImages", "train"), ("test_data", "test"), ("data", "unknown"), ("latest", "unknown"), ("trees", "unknown"),
     ("contest", "unknown"), ("x_tr", "train"), ("value", "unknown")],
)  # fmt: skip
def test_the_split_of_images(expression: str, split: str) -> None:
    assert images(expression).split == split


def test_names_that_data_were_given_do_not_hide_where_they_come_from() -> None:
    found = images("scaled", "pictures = x\nscaled = pictures / 255.0")
    assert (found.text, found.split, found.high) == ("scaled", "train", 1)


def test_labels_are_labels() -> None:
    training = only(
        "(x, y), (xt, yt) = cifar10.load_data()\nm.compile('adam', 'mse')\nm.fit(x, y, validation_data=(xt, yt))"
    )
    assert training.targets is not None
    assert training.targets.is_labels
    assert training.validation_targets is not None
    assert training.validation_targets.is_labels


def test_generators_and_data_sets_give_pairs() -> None:
    flow = only(
        "g = keras.preprocessing.image.ImageDataGenerator(rescale=1/255)\n"
        "m.compile('adam', 'mse')\nm.fit(g.flow_from_directory('d', class_mode='input', batch_size=8), epochs=2)\n"
    )
    assert flow.inputs is not None
    assert flow.targets is not None
    assert (flow.inputs.high, flow.targets.high, flow.batch_size) == (1, 1, 8)
    classes = only(
        "d = keras.utils.image_dataset_from_directory('d', batch_size=16)\nm.compile('adam', 'mse')\nm.fit(d)\n"
    )
    assert classes.targets is not None
    assert classes.targets.is_labels
    assert classes.inputs is not None
    assert classes.inputs.high == 255
    mapped = only(
        "d = keras.utils.image_dataset_from_directory('d', label_mode=None)\n"
        "d = d.map(lambda x: (x / 255, x / 255)).prefetch(2)\nm.compile('adam', 'mse')\nm.fit(d)\n"
    )
    assert mapped.targets is not None
    assert (mapped.targets.is_labels, mapped.targets.high) == (False, 1)


def test_early_stopping_and_best_checkpoints_choose_by_validation() -> None:
    fit = "m.compile('adam', 'mse')\nm.fit(a, a, validation_split=0.1, callbacks=[{}])"
    imports = "from tensorflow.keras.callbacks import *\n"
    assert only(imports + fit.format("EarlyStopping(patience=3)")).chooses_by_validation
    assert only(imports + fit.format("ModelCheckpoint('f', save_best_only=True)")).chooses_by_validation
    assert not only(imports + fit.format("ModelCheckpoint('f')")).chooses_by_validation
    assert not only(imports + fit.format("EarlyStopping(monitor='loss')")).chooses_by_validation
    assert only(imports + fit.format("TensorBoard('f')")).validation_split == 0.1


@pytest.mark.parametrize(
    ("expression", "kind", "reduction"),
    [
        ("'binary_crossentropy'", "bce", "mean"),
        ("keras.losses.BinaryCrossentropy()", "bce", "mean"),
        ("keras.losses.BinaryCrossentropy(from_logits=True)", "bce-logits", "mean"),
        ("keras.losses.MeanSquaredError(reduction='sum')", "mse", "sum"),
        ("keras.losses.mean_absolute_error", "mae", "mean"),
        ("'huber'", "huber", "mean"),
        ("lambda a, b: tf.reduce_mean(tf.square(a - b))", "mse", "mean"),
        ("lambda a, b: K.sum(K.square(a - b), axis=[1, 2, 3])", "mse", "image-sum"),
        ("lambda a, b: K.mean(K.abs(b - a), axis=-1)", "mae", "mean"),
        ("my_loss", "other", "unknown"),
    ],
)
def test_a_loss_by_string_object_or_function(expression: str, kind: str, reduction: str) -> None:
    terms = loss(expression)
    assert [(term.kind, term.reduction) for term in terms] == [(kind, reduction)]


def test_the_terms_of_a_loss_that_is_written_out() -> None:
    terms = loss(
        "total",
        "def total(y_true, y_pred):\n"
        "    rec = keras.losses.binary_crossentropy(K.flatten(y_true), K.flatten(y_pred)) * 3072\n"
        "    kl = -0.5 * K.sum(1 + lv - K.square(mu) - K.exp(lv), axis=-1)\n"
        "    return K.mean(rec + 0.1 * kl)\n",
    )
    assert [(term.kind, term.weight, term.num_values) for term in terms[:1]] == [("bce", 3072, 3072)]


VAE = """
h = Flatten()(i)
mu, lv = Dense(4)(h), Dense(4)(h)
z = Lambda(lambda t: t[0] + K.exp(t[1] / 2) * K.random_normal(K.shape(t[0])))([mu, lv])
o = Reshape((32, 32, 3))(Dense(3072, activation='sigmoid')(z))
vae = Model(i, o)
rec = {rec}
kl = -0.5 * {kl}
"""


@pytest.mark.parametrize(
    ("rec", "kl", "expected"),
    [
        ("K.sum(K.square(i - o), axis=[1, 2, 3])", "K.sum(1 + lv - K.square(mu) - K.exp(lv), axis=-1)",
         [("mse", "image-sum", 1.0), ("kl", "image-sum", -0.5)]),
        ("K.mean(K.square(i - o), axis=[1, 2, 3])", "K.sum(1 + lv - K.square(mu) - K.exp(lv), axis=-1)",
         [("mse", "mean", 1.0), ("kl", "image-sum", -0.5)]),
        ("K.sum(keras.losses.binary_crossentropy(i, o), axis=(1, 2))", "K.mean(1 + lv - mu ** 2 - K.exp(lv))",
         [("bce", "image-sum", 1.0), ("kl", "mean", -0.5)]),
    ],
)  # fmt: skip
def test_the_terms_of_a_vae(rec: str, kl: str, expected: list[tuple[str, str, float]]) -> None:
    training = only(VAE.format(rec=rec, kl=kl) + "vae.add_loss(K.mean(rec + kl))\nvae.compile('adam')\n")
    assert [(term.kind, term.reduction, term.weight) for term in training.losses] == expected
    assert all(term.is_used for term in training.losses)


def test_a_kl_term_that_no_loss_takes_is_unused_and_no_dead_branch() -> None:
    text = VAE.format(rec="K.mean(K.square(i - o))", kl="K.sum(1 + lv - K.square(mu) - K.exp(lv))")
    subject = read_source(MODEL + text + "vae.add_loss(rec)\nvae.compile('adam')\n", "file.py", is_guarded=False)
    assert [(term.kind, term.is_used) for term in subject.trainings[0].losses] == [("mse", True), ("kl", False)]
    assert all(not graph.unconnected for graph in subject.graphs if graph.name == "vae")


def test_the_loss_of_a_train_step() -> None:
    training = only(
        "class Net(keras.Model):\n"
        "    def __init__(self, inner):\n"
        "        super().__init__()\n"
        "        self.inner = inner\n"
        "    def train_step(self, data):\n"
        "        with tf.GradientTape() as tape:\n"
        "            out = self.inner(data)\n"
        "            loss = tf.reduce_mean(keras.losses.mean_squared_error(data, out))\n"
        "        grads = tape.gradient(loss, self.trainable_weights)\n"
        "        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))\n"
        "        return {'loss': loss}\n"
        "net = Net(m)\nnet.compile(optimizer='adam')\nnet.fit(images)\n"
    )
    assert training.graph == "net"
    assert [(term.kind, term.reduction) for term in training.losses] == [("mse", "mean")]
