#: modelled on: super-resolution (jmiller656/EDSR-Tensorflow): twice the size is the purpose
#: shows: output and input differ since the target is another picture
import tensorflow as tf
from tensorflow.keras import layers

low = layers.Input((None, None, 3))
x = layers.Conv2D(64, 5, padding="same", activation="relu")(low)
x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
x = layers.Conv2D(3 * 4, 3, padding="same")(x)
high = tf.nn.depth_to_space(x, 2)
model = tf.keras.Model(low, high)
model.compile("adam", "mse")
model.fit(low_resolution, high_resolution, epochs=100, batch_size=16)
