#: modelled on: `Model(input, encoded)` and a decoder rebuilt from the trained layers
#: shows: three models over the same layers; the encoder ends where the whole goes on
from keras import Input, Model, layers

inp = Input((32, 32, 3))
h = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(inp)
encoded = layers.Conv2D(8, 3, strides=2, padding="same", name="encoded")(h)
d1 = layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu")
d2 = layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid")
whole = Model(inp, d2(d1(encoded)))
encoder = Model(inp, encoded)
code = Input((8, 8, 8))
decoder = Model(code, d2(d1(code)))
whole.compile(optimizer="adam", loss="mae")
features = encoder.predict(photos)
