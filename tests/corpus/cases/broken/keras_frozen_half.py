#: modelled on: transfer-learning snippets where `trainable = False` hits the fresh layers too
#: shows: one fresh layer of the encoder is frozen: it stays random for ever while all others are trained
from keras import layers, models
from keras.datasets import mnist

encoder = models.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(32, 3, strides=2, padding='same', activation='relu'),
    layers.Conv2D(8, 3, strides=2, padding='same', activation='relu', trainable=False),  # expect: AE106
])
decoder = models.Sequential([
    layers.Input((7, 7, 8)),
    layers.Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu'),
    layers.Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid'),
])
inp = layers.Input((28, 28, 1))
autoencoder = models.Model(inp, decoder(encoder(inp)))
autoencoder.compile('adam', 'mse')
(a, _), (b, _) = mnist.load_data()
a = a.reshape(-1, 28, 28, 1) / 255.
autoencoder.fit(a, a, epochs=10, batch_size=128, validation_split=0.1)
