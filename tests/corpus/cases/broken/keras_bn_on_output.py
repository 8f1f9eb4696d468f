#: modelled on: stages copied one too often: the last one normalises the picture
#: shows: BatchNormalization behind the last convolution: every batch of pictures gets the same mean
from keras.models import Sequential
from keras.layers import *

m = Sequential()
m.add(Conv2D(32, 3, padding='same', activation='relu', input_shape=(32, 32, 3)))
m.add(MaxPooling2D())
m.add(Conv2D(8, 3, padding='same', activation='relu'))
m.add(UpSampling2D())
m.add(Conv2D(3, 3, padding='same'))  # expect: AE301
m.add(BatchNormalization())  # expect: AE302
m.compile(loss='mse', optimizer='adam')
m.fit(bilder, bilder, epochs=10)
