"""The question's four models in Keras, as its author and those who answered would write them."""

import keras
from keras.layers import Activation, BatchNormalization, Conv2D, Input, MaxPooling2D, UpSampling2D


def method_1() -> "keras.Model":
    """BatchNormalization is called, and its result is never used: the next layer takes the tensor from before it."""
    images = Input(shape=(32, 32, 3))
    conv1 = Conv2D(64, (3, 3), activation="relu", padding="same")(images)
    BatchNormalization()(conv1)
    pool1 = MaxPooling2D((2, 2), padding="same")(conv1)
    conv2 = Conv2D(16, (3, 3), activation="relu", padding="same")(pool1)
    BatchNormalization()(conv2)
    encoded = MaxPooling2D((2, 2), padding="same")(conv2)
    conv3 = Conv2D(16, (3, 3), activation="relu", padding="same")(encoded)
    BatchNormalization()(conv3)
    up1 = UpSampling2D((2, 2))(conv3)
    conv4 = Conv2D(32, (3, 3), activation="relu", padding="same")(up1)
    BatchNormalization()(conv4)
    up2 = UpSampling2D((2, 2))(conv4)
    decoded = Conv2D(3, (3, 3), activation="sigmoid", padding="same")(up2)
    return keras.Model(images, decoded)


def method_2() -> "keras.Model":
    """Convolution with ReLU, BatchNormalization, pooling."""
    x = images = Input(shape=(32, 32, 3))
    for filters, resize in _stages():
        x = Conv2D(filters, (3, 3), activation="relu", padding="same")(x)
        x = BatchNormalization()(x)
        x = resize(x)
    return keras.Model(images, Conv2D(3, (3, 3), activation="sigmoid", padding="same")(x))


def pool_bn() -> "keras.Model":
    """Convolution with ReLU, pooling, BatchNormalization."""
    x = images = Input(shape=(32, 32, 3))
    for filters, resize in _stages():
        x = Conv2D(filters, (3, 3), activation="relu", padding="same")(x)
        x = resize(x)
        x = BatchNormalization()(x)
    return keras.Model(images, Conv2D(3, (3, 3), activation="sigmoid", padding="same")(x))


def bn_relu() -> "keras.Model":
    """Convolution without activation, BatchNormalization, ReLU, pooling."""
    x = images = Input(shape=(32, 32, 3))
    for filters, resize in _stages():
        x = Conv2D(filters, (3, 3), padding="same")(x)
        x = BatchNormalization()(x)
        x = Activation("relu")(x)
        x = resize(x)
    return keras.Model(images, Conv2D(3, (3, 3), activation="sigmoid", padding="same")(x))


def _stages() -> list[tuple[int, "keras.Layer"]]:
    return [
        (64, MaxPooling2D((2, 2), padding="same")),
        (16, MaxPooling2D((2, 2), padding="same")),
        (16, UpSampling2D((2, 2))),
        (32, UpSampling2D((2, 2))),
    ]


QUESTION = {"method-1": method_1, "method-2": method_2, "pool-bn": pool_bn, "bn-relu": bn_relu}
"""Builders by the name that the model has in our zoo."""
