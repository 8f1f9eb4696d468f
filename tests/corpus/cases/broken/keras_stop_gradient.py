#: modelled on: VQ layers ported to plain autoencoders with the stop_gradient left in
#: shows: no gradient reaches the encoder
import tensorflow as tf
from tensorflow.keras import layers

img = layers.Input((32, 32, 3))
h = layers.Conv2D(32, 4, strides=2, padding='same', activation='relu')(img)
z = layers.Conv2D(8, 4, strides=2, padding='same')(h)
z = tf.stop_gradient(z)  # expect: AE106
h = layers.Conv2DTranspose(32, 4, strides=2, padding='same', activation='relu')(z)
rec = layers.Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid')(h)
net = tf.keras.Model(img, rec)
net.compile(loss='mse', optimizer=tf.keras.optimizers.Adam(1e-3))
