#: modelled on: colouring of grey pictures with an encoder-decoder
#: shows: one channel in, two out: not a reconstruction, tanh for a and b channels scaled by 128
from keras.layers import Conv2D, UpSampling2D, InputLayer
from keras.models import Sequential

model = Sequential()
model.add(InputLayer((256, 256, 1)))
model.add(Conv2D(8, (3, 3), activation='relu', padding='same', strides=2))
model.add(Conv2D(16, (3, 3), activation='relu', padding='same', strides=2))
model.add(Conv2D(8, (3, 3), activation='relu', padding='same'))
model.add(UpSampling2D((2, 2)))
model.add(Conv2D(8, (3, 3), activation='relu', padding='same'))
model.add(UpSampling2D((2, 2)))
model.add(Conv2D(2, (3, 3), activation='tanh', padding='same'))
model.compile(optimizer='rmsprop', loss='mse')
model.fit(x=X_luminance, y=Y_ab / 128, batch_size=1, epochs=1000)
