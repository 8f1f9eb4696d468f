#: modelled on: 1 x 1 convolutions used for down-sampling
#: shows: kernel 1 with stride 2 looks at one pixel in four
from keras.models import Sequential
from keras.layers import Conv2D, UpSampling2D

s = Sequential()
s.add(Conv2D(32, 1, strides=2, activation='relu', input_shape=(64, 64, 3)))  # expect: AE502
s.add(Conv2D(8, 3, padding='same', activation='relu'))
s.add(UpSampling2D(2))
s.add(Conv2D(3, 3, padding='same', activation='sigmoid'))
s.compile('adam', 'mse')
s.fit(x, x, batch_size=16)
