#: modelled on: MNIST padded to 32 x 32 and cropped back
#: shows: pad in front, crop behind
import tensorflow as tf
from tensorflow.keras.layers import *

ae = tf.keras.Sequential([
    Input(shape=(28, 28, 1)),
    ZeroPadding2D(2),
    Conv2D(16, 3, strides=2, padding="same", activation="swish"),
    Conv2D(32, 3, strides=2, padding="same", activation="swish"),
    Conv2D(8, 3, strides=2, padding="same"),
    Conv2DTranspose(32, 4, strides=2, padding="same", activation="swish"),
    Conv2DTranspose(16, 4, strides=2, padding="same", activation="swish"),
    Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid"),
    Cropping2D(2),
])
ae.compile(optimizer="adam", loss="mse", metrics=["mae"])
