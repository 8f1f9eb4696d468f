#: modelled on: "Graph disconnected" with a decoder that was given its own Input
#: shows: the decoder was built on `latent_in`, a new input, and never joined to the encoder
from tensorflow.keras import layers, Model

pic = layers.Input((28, 28, 1))
h = layers.Conv2D(16, 3, strides=2, padding='same', activation='relu')(pic)
code = layers.Conv2D(2, 3, strides=2, padding='same')(h)

latent_in = layers.Input((7, 7, 2))
h = layers.Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu')(latent_in)
y = layers.Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid')(h)

ae = Model(pic, y)  # expect: AE110
ae.compile('adam', 'mse')
