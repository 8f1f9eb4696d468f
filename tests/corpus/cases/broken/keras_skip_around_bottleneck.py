#: modelled on: questions like "my U-Net autoencoder reconstructs perfectly after one epoch and the code is useless"
#: shows: the full-resolution skip hands the image to the decoder past the latent while the model learns to copy its input
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

images = np.load("faces.npy").astype("float32") / 255.0

inp = keras.Input((64, 64, 3))
c1 = layers.Conv2D(32, 3, padding="same", activation="relu")(inp)
p1 = layers.MaxPooling2D()(c1)
c2 = layers.Conv2D(64, 3, padding="same", activation="relu")(p1)
p2 = layers.MaxPooling2D()(c2)
latent = layers.Conv2D(4, 3, padding="same", activation="relu", name="latent")(p2)
u2 = layers.UpSampling2D()(latent)
c3 = layers.Conv2D(64, 3, padding="same", activation="relu")(u2)
u1 = layers.UpSampling2D()(c3)
merged = layers.Concatenate()([u1, c1])  # expect: AE105/a
out = layers.Conv2D(3, 3, padding="same", activation="sigmoid")(merged)  # expect: AE105/a

autoencoder = keras.Model(inp, out)  # expect: AE105/a
encoder = keras.Model(inp, latent)
autoencoder.compile("adam", "mse")
autoencoder.fit(images, images, epochs=20, batch_size=64, validation_split=0.1)
