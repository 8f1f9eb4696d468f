#: modelled on: residual blocks whose shortcut keeps the old number of channels
#: shows: 32 channels cannot be added to 64
from keras import layers, Input, Model

def residual(x, filters):
    shortcut = x
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    return layers.Add()([shortcut, x])  # expect: AE201

img = Input((40, 40, 3))
h = layers.Conv2D(32, 3, padding="same", activation="relu")(img)
h = residual(h, 32)
h = layers.MaxPooling2D()(h)
h = residual(h, 64)
code = layers.Conv2D(6, 1)(h)
h = layers.UpSampling2D()(code)
Model(img, layers.Conv2D(3, 3, padding="same", activation="sigmoid")(h))
