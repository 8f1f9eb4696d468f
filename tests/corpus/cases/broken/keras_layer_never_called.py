#: modelled on: inria-thoth/HySUPP #3 (a layer is defined and missing from the forward pass), in Keras's functional style
#: shows: `norm` is built and never called
import keras
from keras import layers

conv_a = layers.Conv2D(24, 3, padding="same", activation="relu")
norm = layers.BatchNormalization()  # expect: AE102
pool = layers.MaxPooling2D()
conv_b = layers.Conv2D(8, 3, padding="same", activation="relu")
up = layers.UpSampling2D()
last = layers.Conv2D(3, 3, padding="same", activation="sigmoid")

inp = keras.Input((48, 48, 3))
latent = conv_b(pool(conv_a(inp)))
out = last(up(latent))
model = keras.Model(inp, out)
