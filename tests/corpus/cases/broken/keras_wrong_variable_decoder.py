#: modelled on: copy and paste in numbered variables (skaae/recurrent-spatial-transformer-code #3, "l_conv3_out is defined and not used")
#: shows: `u2` takes `d1` again, so the second decoder convolution is lost
from keras import layers as L
from keras import Model, Input

inp = Input((96, 96, 3), name="photo")
e1 = L.Conv2D(32, 3, strides=2, padding="same", activation="relu")(inp)
e2 = L.Conv2D(64, 3, strides=2, padding="same", activation="relu")(e1)
e3 = L.Conv2D(8, 3, padding="same")(e2)

d1 = L.Conv2DTranspose(64, 4, strides=2, padding="same", activation="relu")(e3)
d2 = L.Conv2D(64, 3, padding="same", activation="relu")(d1)  # expect: AE101
u2 = L.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu")(d1)
rec = L.Conv2D(3, 3, padding="same", activation="sigmoid")(u2)

ae = Model(inp, rec)
ae.compile("adam", "mse")
