#: modelled on: pixel-wise classification into 256 grey levels (PixelVAE), and segmentation heads
#: shows: softmax over 256 classes with a cross-entropy of whole numbers is right
import keras
from keras import layers

x = keras.Input((32, 32, 1))
h = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)
z = layers.Conv2D(2, 3, padding="same")(h)
h = layers.Conv2DTranspose(64, 4, strides=2, padding="same", activation="relu")(z)
levels = layers.Conv2D(256, 1, activation="softmax")(h)
model = keras.Model(x, levels)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(grey / 255.0, grey.astype("int32"), epochs=10)
