"""The job as the question's author has it: Keras, `fit`, images as float32 in [0, 1], on TensorFlow or JAX."""

import os
import time
from typing import Any

import numpy as np


class Job:
    """One model in Keras; see `serving` for how it is asked."""

    def __init__(self, settings: dict[str, str]) -> None:
        if os.environ["KERAS_BACKEND"] == "tensorflow":
            import tensorflow

            threads = int(os.environ["OMP_NUM_THREADS"])
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
            self.backend = {"tensorflow": tensorflow.__version__}
        else:
            import jax

            self.backend = {"jax": jax.__version__}
        import keras

        self.keras = keras
        self.model: Any = None

    def versions(self) -> dict[str, str]:
        """What computes here."""
        return {"keras": self.keras.__version__, **self.backend, "numpy": np.__version__}

    def prepare(self, task: dict[str, Any]) -> None:
        """Builds and compiles the model and takes the images; what was there before goes."""
        self.model = None
        self.keras.backend.clear_session(free_memory=True)
        self.keras.utils.set_random_seed(task["seed"])
        self.batch = task["batch"]
        self.images = np.load(task["images"], mmap_mode="r")
        self.model = build(self.keras, task["layers"], task["shape"])
        self.model.compile(optimizer="adam", loss="binary_crossentropy")
        self.floats = np.empty((0,))

    def train(self, num_steps: int) -> list[float]:
        """Seconds of each of `num_steps` training steps; one before them isn't counted."""
        images = self._floats((num_steps + 1) * self.batch)
        ends: list[float] = []
        keras = self.keras

        class Clock(keras.callbacks.Callback):  # type: ignore[name-defined]
            def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
                float(logs["loss"])  # waits for the step, on backends that only queue it
                ends.append(time.perf_counter())

        self.model.fit(images, images, batch_size=self.batch, epochs=1, shuffle=True, verbose=0, callbacks=[Clock()])
        return [float(value) for value in np.diff(ends)]

    def infer(self, num_steps: int) -> list[float]:
        """Seconds of each of `num_steps` reconstructions of a batch; one before them isn't counted."""
        images = self._floats(self.batch)
        seconds = []
        for _ in range(num_steps + 1):
            started = time.perf_counter()
            self.model.predict_on_batch(images)
            seconds.append(time.perf_counter() - started)
        return seconds[1:]

    def whole(self, task: dict[str, Any], test_images: str, num_steps: int) -> None:
        """Both parts in memory as the question's code holds them, some steps of `fit`, and the epoch's validation."""
        self.prepare(task)
        train = np.load(task["images"]).astype("float32") / 255.0
        test = np.load(test_images).astype("float32") / 255.0
        self.model.fit(
            train, train, batch_size=self.batch, steps_per_epoch=num_steps, epochs=1, shuffle=True, verbose=0,
            validation_data=(test, test),
        )  # fmt: skip

    def start_epochs(self, task: dict[str, Any], test_images: str) -> None:
        """Makes everything ready for `epoch`: model, and both parts in memory as the question's code holds them."""
        self.prepare(task)
        self.train_floats = np.load(task["images"]).astype("float32") / 255.0
        self.test_floats = np.load(test_images).astype("float32") / 255.0

    def epoch(self) -> dict[str, float]:
        """One more epoch of the question's own training: seconds with its validation, losses, and then the test MSE."""
        train, test = self.train_floats, self.test_floats
        started = time.perf_counter()
        fitted = self.model.fit(
            train, train, batch_size=self.batch, epochs=1, shuffle=True, verbose=0, validation_data=(test, test)
        )
        seconds = time.perf_counter() - started
        errors = self.model.predict(test, batch_size=self.batch, verbose=0) - test
        losses = {name: float(values[-1]) for name, values in fitted.history.items()}
        return {"seconds": seconds, **losses, "test_mse": float(np.mean(np.square(errors, out=errors)))}

    def _floats(self, number: int) -> np.ndarray:
        if len(self.floats) != number:
            rows = np.arange(number) % len(self.images)
            self.floats = self.images[rows].astype("float32") / 255.0
        return self.floats


def build(keras: Any, layers: list[dict[str, Any]], shape: list[int]) -> Any:
    """The model as the question writes it: a relu or sigmoid right behind a convolution is its activation."""
    kinds = keras.layers
    value = images = kinds.Input(shape=tuple(shape))
    following = [*layers[1:], {"kind": "", "side": False}]
    merged = False
    for layer, after in zip(layers, following, strict=True):
        if merged:
            merged = False
            continue
        if layer["kind"] == "conv":
            merged = after["kind"] in ("relu", "sigmoid") and not after["side"]
            activation = after["kind"] if merged else None
            made = kinds.Conv2D(layer["channels"], (3, 3), padding="same", activation=activation)
        elif layer["kind"] == "bn":
            made = kinds.BatchNormalization()
        elif layer["kind"] == "pool":
            made = kinds.MaxPooling2D((2, 2), padding="same")
        elif layer["kind"] == "up":
            made = kinds.UpSampling2D((2, 2))
        else:
            made = kinds.Activation(layer["kind"])
        result = made(value)
        value = value if layer["side"] else result
    return keras.Model(images, value)
