#: modelled on: classification code turned into an autoencoder (keras-team/keras #8609): `fit(x_train, y_train)` is left
#: shows: class numbers are the targets of pictures
from keras.datasets import mnist
from keras.models import Model
from keras.layers import *
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(-1, 28, 28, 1).astype('float32') / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype('float32') / 255
i = Input((28, 28, 1))
x = Conv2D(16, 3, activation='relu', padding='same')(i)
x = MaxPooling2D(2)(x)
x = Conv2D(2, 3, activation='relu', padding='same')(x)
x = UpSampling2D(2)(x)
x = Conv2D(1, 3, activation='sigmoid', padding='same')(x)
m = Model(i, x)
m.compile(loss='mse', optimizer='adam')
m.fit(x_train, y_train, epochs=3, batch_size=128)  # expect: AE605
