#: modelled on: layers that are left out on purpose, with a comment that says so
#: shows: `diabolo: ignore` silences one row
from keras import layers, Input, Model

i = Input((32, 32, 3))
x = layers.Conv2D(32, 3, padding="same", activation="relu", strides=2)(i)
probe = layers.BatchNormalization()(x)  # diabolo: ignore[AE101]
x = layers.Conv2D(8, 3, padding="same")(x)
o = layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid")(x)
m = Model(i, o)
