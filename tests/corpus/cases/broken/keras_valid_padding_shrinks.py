#: modelled on: julienr/ipynb_playground #1 and keras-team/keras #378 (convolutions with 'valid' padding, doubled back)
#: shows: Keras's default padding eats two pixels a convolution; nothing gives them back
from keras.models import Sequential
from keras.layers import Conv2D, MaxPooling2D, UpSampling2D

autoencoder = Sequential()
autoencoder.add(Conv2D(32, (3, 3), activation='relu', input_shape=(28, 28, 1)))
autoencoder.add(MaxPooling2D((2, 2)))
autoencoder.add(Conv2D(4, (3, 3), activation='relu'))
autoencoder.add(UpSampling2D((2, 2)))
autoencoder.add(Conv2D(32, (3, 3), activation='relu'))
autoencoder.add(Conv2D(1, (3, 3), activation='sigmoid'))  # expect: AE202/a
autoencoder.compile(optimizer='rmsprop', loss='mse')  # expect: AE202/a
