#: modelled on: colemiller94/gatedgan #2, NVIDIA/pix2pixHD #149 (kernel 3, stride 2 in transposed convolutions)
#: shows: three transposed convolutions, two of them with an uneven overlap
from tensorflow.keras import Sequential, layers

decoder = [
    layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),  # expect: AE501
    layers.Conv2DTranspose(32, (4, 4), strides=(2, 2), padding="same", activation="relu"),
    layers.Conv2DTranspose(16, (5, 5), strides=(2, 2), padding="same", activation="relu"),  # expect: AE501
]
encoder = [layers.Conv2D(f, 4, strides=2, padding="same", activation="relu") for f in (16, 32, 64)]
model = Sequential([layers.Input((64, 64, 3))] + encoder + decoder + [layers.Conv2D(3, 3, padding="same", activation="sigmoid")])
