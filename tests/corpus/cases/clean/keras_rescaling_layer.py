#: modelled on: pipelines with a Rescaling layer
#: shows: unscaled pixels go in, the model divides them by 255 itself; the targets are scaled outside
import tensorflow as tf
from tensorflow.keras import layers

train = tf.keras.utils.image_dataset_from_directory("photos/", label_mode=None, image_size=(64, 64), batch_size=32)
scale = layers.Rescaling(1.0 / 255)
pairs = train.map(lambda x: (x, scale(x)))

model = tf.keras.Sequential([
    layers.Input((64, 64, 3)),
    layers.Rescaling(1.0 / 255),
    layers.Conv2D(32, 4, strides=2, padding="same", activation="relu"),
    layers.Conv2D(16, 4, strides=2, padding="same", activation="relu"),
    layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu"),
    layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid"),
])
model.compile(optimizer="adam", loss="mse")
model.fit(pairs, epochs=10)
