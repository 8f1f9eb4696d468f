#: modelled on: tensorflow/swift-models #179, mended: pixels in [-1, 1] for tanh
#: shows: (x - 127.5) / 127.5 and tanh agree
import numpy as np
import keras
from keras import layers

(x_train, _), (x_test, _) = keras.datasets.fashion_mnist.load_data()
x_train = (x_train.astype(np.float32) - 127.5) / 127.5
x_train = x_train[..., np.newaxis]

model = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(32, 4, strides=2, padding="same", activation="relu"),
    layers.Conv2D(8, 4, strides=2, padding="same"),
    layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu"),
    layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
])
model.compile("adam", "mse")
model.fit(x_train, x_train, epochs=20, batch_size=128, validation_split=0.1)
