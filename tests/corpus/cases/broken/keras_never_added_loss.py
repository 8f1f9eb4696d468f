#: modelled on: VAE code after an edit: the KL term is worked out, and add_loss takes the reconstruction alone
#: shows: `kl` reaches no loss
import tensorflow as tf
from tensorflow.keras import layers, Model

class Sampling(layers.Layer):
    def call(self, inputs):
        mu, logvar = inputs
        return mu + tf.exp(0.5 * logvar) * tf.random.normal(tf.shape(mu))

x = layers.Input((28, 28, 1))
h = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')(x)
h = layers.Flatten()(h)
mu = layers.Dense(8)(h)
logvar = layers.Dense(8)(h)
z = Sampling()([mu, logvar])
h = layers.Dense(14 * 14 * 32, activation='relu')(z)
h = layers.Reshape((14, 14, 32))(h)
y = layers.Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid')(h)
vae = Model(x, y)
rec = tf.reduce_mean(tf.reduce_sum(tf.keras.losses.binary_crossentropy(x, y), axis=(1, 2)))
kl = -0.5 * tf.reduce_mean(tf.reduce_sum(1 + logvar - tf.square(mu) - tf.exp(logvar), axis=1))  # expect: AE109
vae.add_loss(rec)
vae.compile(optimizer='adam')
