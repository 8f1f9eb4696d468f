#: modelled on: a real slip in three-model VAE code: `decoder(inputs)` where `decoder(z)` was meant
#: shows: the output never sees the latent; the encoder does nothing
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D
from keras.models import Model

inputs = Input(shape=(32, 32, 3))
x = Conv2D(32, 3, padding='same', activation='relu')(inputs)
x = MaxPooling2D()(x)
x = Conv2D(8, 3, padding='same', activation='relu')(x)
encoded = MaxPooling2D()(x)  # expect: AE101/a AE105/a

y = Conv2D(32, 3, padding='same', activation='relu')(inputs)  # expect: AE105/a
y = Conv2D(32, 3, padding='same', activation='relu')(y)
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(y)  # expect: AE105/a

autoencoder = Model(inputs, decoded)  # expect: AE105/a
autoencoder.compile(loss='mse', optimizer='adam')
