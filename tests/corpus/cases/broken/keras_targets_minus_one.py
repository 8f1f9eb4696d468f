#: modelled on: GAN preprocessing kept for an autoencoder: images in [-1, 1], a sigmoid at the end
#: shows: the output cannot reach half of the targets
import numpy as np
from keras.datasets import mnist
from keras import Sequential
from keras.layers import Input, Conv2D, Conv2DTranspose

(X_train, _), (_, _) = mnist.load_data()
X_train = (X_train.astype(np.float32) - 127.5) / 127.5
X_train = np.expand_dims(X_train, axis=3)

net = Sequential()
net.add(Input((28, 28, 1)))
net.add(Conv2D(32, 3, strides=2, padding='same', activation='relu'))
net.add(Conv2D(8, 3, strides=2, padding='same', activation='relu'))
net.add(Conv2DTranspose(32, 4, strides=2, padding='same', activation='relu'))
net.add(Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid'))  # expect: AE409/a
net.compile(loss='mse', optimizer='adam')  # expect: AE409/a
net.fit(X_train, X_train, batch_size=128, epochs=20)  # expect: AE409/a
