#: modelled on: cure-lab/LTSF-Linear #103 (the decoder layer is built and never used), as a subclassed Keras model
#: shows: `self.drop` is made in __init__, call() forgets it
import tensorflow as tf
from tensorflow.keras import layers

class Denoiser(tf.keras.Model):
    def __init__(self, filters=32):
        super(Denoiser, self).__init__()
        self.enc = tf.keras.Sequential([
            layers.Input(shape=(28, 28, 1)),
            layers.Conv2D(filters, 3, activation='relu', padding='same', strides=2),
            layers.Conv2D(filters // 4, 3, activation='relu', padding='same', strides=2),
        ])
        self.drop = layers.SpatialDropout2D(0.2)  # expect: AE102
        self.dec = tf.keras.Sequential([
            layers.Conv2DTranspose(filters // 4, kernel_size=4, strides=2, activation='relu', padding='same'),
            layers.Conv2DTranspose(filters, kernel_size=4, strides=2, activation='relu', padding='same'),
            layers.Conv2D(1, kernel_size=3, activation='sigmoid', padding='same'),
        ])

    def call(self, x):
        encoded = self.enc(x)
        decoded = self.dec(encoded)
        return decoded

autoencoder = Denoiser()
autoencoder.compile(optimizer='adam', loss=tf.keras.losses.MeanSquaredError())
