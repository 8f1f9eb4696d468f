#: modelled on: alibi-detect #90 and many MNIST tutorials: the code layer has a ReLU
#: shows: half of the latent's range is cut off (worth a note, no more); two activations in a row behind it
import tensorflow as tf
from tensorflow.keras.layers import InputLayer, Conv2D, Flatten, Dense, Reshape, Conv2DTranspose, ReLU

encoder = tf.keras.Sequential([
    InputLayer(input_shape=(32, 32, 3)),
    Conv2D(64, 4, strides=2, padding='same', activation=tf.nn.relu),
    ReLU(),  # expect: AE308
    Conv2D(128, 4, strides=2, padding='same', activation=tf.nn.relu),
    Flatten(),
    Dense(64, activation='relu'),  # expect: AE304
])
decoder = tf.keras.Sequential([
    InputLayer(input_shape=(64,)),
    Dense(8 * 8 * 128, activation=tf.nn.relu),
    Reshape((8, 8, 128)),
    Conv2DTranspose(64, 4, strides=2, padding='same', activation=tf.nn.relu),
    Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid'),
])
x = tf.keras.Input((32, 32, 3))
ae = tf.keras.Model(x, decoder(encoder(x)))
