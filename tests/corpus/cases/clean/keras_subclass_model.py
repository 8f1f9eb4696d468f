#: modelled on: subclassed Keras models with helper methods
#: shows: layers are made in __init__ and in a loop, `training` is passed on
import tensorflow as tf
from tensorflow.keras import layers

class Block(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norm = layers.BatchNormalization()
        self.act = layers.ReLU()

    def call(self, x, training=None):
        return self.act(self.norm(self.conv(x), training=training))

class AE(tf.keras.Model):
    def __init__(self, widths=(32, 16)):
        super().__init__()
        self.down = [Block(w) for w in widths]
        self.pool = layers.MaxPooling2D()
        self.up = layers.UpSampling2D()
        self.climb = [Block(w) for w in reversed(widths)]
        self.squeeze = layers.Conv2D(4, 1)
        self.out = layers.Conv2D(3, 3, padding="same", activation="sigmoid")

    def encode(self, x, training=None):
        for block in self.down:
            x = self.pool(block(x, training=training))
        return self.squeeze(x)

    def decode(self, z, training=None):
        for block in self.climb:
            z = self.up(block(z, training=training))
        return self.out(z)

    def call(self, x, training=None):
        return self.decode(self.encode(x, training=training), training=training)

ae = AE()
ae.compile(optimizer="adam", loss="mse")
ae.build((None, 32, 32, 3))
