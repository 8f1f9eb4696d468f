#: modelled on: Sequential models put together by `+` and unpacking
#: shows: names on layers, pop and add at the end
from tensorflow.keras import Sequential
from tensorflow.keras import layers

encoder_layers = [layers.Conv2D(32, 3, strides=2, padding="same", activation="relu", name="e1"),
                  layers.Conv2D(8, 3, strides=2, padding="same", name="e2")]
decoder_layers = [layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu", name="d1"),
                  layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid", name="d2")]
ae = Sequential([layers.Input((32, 32, 3)), *encoder_layers, *decoder_layers], name="ae")
ae.build()
ae.compile(optimizer="adam", loss="mse")
