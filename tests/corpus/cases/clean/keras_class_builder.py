#: modelled on: builder classes that keep tensors in `self`
#: shows: self.encoded is used by a method called later
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D
from keras.models import Model

class ConvAutoencoder(object):
    def __init__(self, shape=(32, 32, 3), filters=(32, 8)):
        self.shape = shape
        self.filters = filters
        self.build()

    def build(self):
        self.inp = Input(shape=self.shape)
        self.encoded = self._encode(self.inp)
        self.decoded = self._decode(self.encoded)
        self.model = Model(self.inp, self.decoded)
        self.encoder = Model(self.inp, self.encoded)
        self.model.compile(optimizer='adam', loss='mse')

    def _encode(self, x):
        for f in self.filters:
            x = Conv2D(f, (3, 3), activation='relu', padding='same')(x)
            x = MaxPooling2D((2, 2))(x)
        return x

    def _decode(self, x):
        for f in self.filters[::-1]:
            x = Conv2D(f, (3, 3), activation='relu', padding='same')(x)
            x = UpSampling2D((2, 2))(x)
        return Conv2D(self.shape[-1], (3, 3), activation='sigmoid', padding='same')(x)

ca = ConvAutoencoder()
