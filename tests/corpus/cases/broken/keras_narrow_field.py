#: modelled on: inpainting with a network of 1 x 1 convolutions (a receptive field that cannot see what it must)
#: shows: the output pixel sees itself alone; nothing can be learnt of its neighbours
from keras import Input, Model, layers

x0 = Input((64, 64, 3))
h = layers.Conv2D(64, 1, activation="relu")(x0)
h = layers.Conv2D(2, 1, activation="relu", name="latent")(h)  # expect: AE205/a
h = layers.Conv2D(64, 1, activation="relu")(h)
y = layers.Conv2D(3, 1, activation="sigmoid")(h)  # expect: AE205/a
autoencoder = Model(x0, y)  # expect: AE205/a
autoencoder.compile("adam", "mae")
autoencoder.fit(x, x, epochs=3)
