#: modelled on: losses that take logits (y0ast/VAE-TensorFlow #7)
#: shows: linear output and from_logits=True belong together; the sigmoid is applied for pictures only
import tensorflow as tf
from tensorflow.keras import layers

model = tf.keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
    layers.Conv2D(4, 3, strides=2, padding="same"),
    layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu"),
    layers.Conv2DTranspose(1, 4, strides=2, padding="same"),
])
model.compile("adam", tf.keras.losses.BinaryCrossentropy(from_logits=True))
pictures = tf.sigmoid(model(batch))
