#: modelled on: cvg/glue-factory #89 and itakurah/focal-loss-pytorch PR 5 (sigmoid twice), as Keras's `from_logits=True`
#: shows: the output has a sigmoid, and the loss applies another one
import keras
from keras import layers, losses

inp = keras.Input((32, 32, 1))
h = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(inp)
h = layers.Conv2D(2, 3, padding="same", activation="relu")(h)
h = layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu")(h)
out = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(h)  # expect: AE402/a
model = keras.Model(inp, out)
model.compile(
    optimizer="adam",
    loss=losses.BinaryCrossentropy(from_logits=True),  # expect: AE402/a
)
