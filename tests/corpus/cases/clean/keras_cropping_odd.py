#: modelled on: keras-team/keras #378 (crop what the up-sampling gave too much)
#: shows: 75 -> 38 -> 76, one row cropped: the sizes meet
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D, Cropping2D
from keras.models import Model

i = Input((75, 75, 3))
x = Conv2D(24, 3, activation='relu', padding='same')(i)
x = MaxPooling2D(2, padding='same')(x)
x = Conv2D(8, 3, activation='relu', padding='same')(x)
x = UpSampling2D(2)(x)
x = Cropping2D(((0, 1), (0, 1)))(x)
o = Conv2D(3, 3, activation='sigmoid', padding='same')(x)
m = Model(i, o)
m.compile(optimizer='adam', loss='mae')
