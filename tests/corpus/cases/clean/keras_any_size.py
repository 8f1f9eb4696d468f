#: modelled on: keras-team/keras #3489: pictures of any size, as its threads recommend: strides and factors agree, the caller pads
#: shows: Input((None, None, 3)) is no error; that sizes must be multiples of four is worth at most a note
from keras import Input, Model
from keras.layers import Conv2D, MaxPooling2D, UpSampling2D

x0 = Input(shape=(None, None, 3))
x = Conv2D(16, 3, activation='relu', padding='same')(x0)
x = MaxPooling2D(2)(x)
x = Conv2D(8, 3, activation='relu', padding='same')(x)
x = MaxPooling2D(2)(x)
x = Conv2D(8, 3, activation='relu', padding='same')(x)
x = UpSampling2D(2)(x)
x = Conv2D(16, 3, activation='relu', padding='same')(x)
x = UpSampling2D(2)(x)
y = Conv2D(3, 3, activation='sigmoid', padding='same')(x)
fcn = Model(x0, y)
fcn.compile(optimizer='adam', loss='mse')
