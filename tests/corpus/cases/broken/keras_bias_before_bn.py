#: modelled on: laion-ai/phenaki PR 3, ageron/handson-ml2 PR 538, milesial/Pytorch-UNet PR 325 (a bias in front of BatchNormalization)
#: shows: two biases that the normalisation subtracts again; one finding, at the first, speaks for both
from tensorflow import keras
from tensorflow.keras import layers

inp = keras.Input(shape=(32, 32, 3))
x = layers.Conv2D(32, 3, padding="same")(inp)  # expect: AE301
x = layers.BatchNormalization()(x)
x = layers.Activation("relu")(x)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
x = layers.BatchNormalization()(x)
x = layers.Activation("relu")(x)
x = layers.UpSampling2D()(x)
x = layers.Conv2D(32, 3, padding="same", use_bias=True)(x)
x = layers.BatchNormalization()(x)
x = layers.Activation("relu")(x)
out = layers.Conv2D(3, 3, padding="same", activation="sigmoid")(x)
ae = keras.Model(inp, out)
