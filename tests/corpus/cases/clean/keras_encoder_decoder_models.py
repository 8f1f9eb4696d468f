#: modelled on: encoder and decoder as models of their own, one called on the other
#: shows: `decoder(encoder(x))`, both summarised, nothing dead
import keras
from keras import layers

def make_encoder():
    i = keras.Input((64, 64, 3))
    x = layers.Conv2D(32, 4, strides=2, padding='same')(i)
    x = layers.LeakyReLU()(x)
    x = layers.Conv2D(64, 4, strides=2, padding='same')(x)
    x = layers.LeakyReLU()(x)
    return keras.Model(i, layers.Conv2D(8, 1)(x), name='encoder')

def make_decoder():
    i = keras.Input((16, 16, 8))
    x = layers.Conv2DTranspose(64, 4, strides=2, padding='same')(i)
    x = layers.LeakyReLU()(x)
    x = layers.Conv2DTranspose(32, 4, strides=2, padding='same')(x)
    x = layers.LeakyReLU()(x)
    return keras.Model(i, layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x), name='decoder')

encoder, decoder = make_encoder(), make_decoder()
image = keras.Input((64, 64, 3))
autoencoder = keras.Model(image, decoder(encoder(image)))
encoder.summary()
decoder.summary()
autoencoder.compile(optimizer=keras.optimizers.Adam(1e-3), loss=keras.losses.MeanSquaredError())
