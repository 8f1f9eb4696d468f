#: modelled on: fully convolutional autoencoders for pictures of any size (keras-team/keras #3489) with one UpSampling2D forgotten
#: shows: down by 8, up by 4: no input size can fit
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D
from keras.models import Model

x0 = Input((None, None, 3))
x = Conv2D(32, 3, activation='relu', padding='same')(x0)
x = MaxPooling2D(2)(x)
x = Conv2D(32, 3, activation='relu', padding='same')(x)
x = MaxPooling2D(2)(x)
x = Conv2D(16, 3, activation='relu', padding='same')(x)
x = MaxPooling2D(2)(x)
x = Conv2D(32, 3, activation='relu', padding='same')(x)
x = UpSampling2D(2)(x)
x = Conv2D(32, 3, activation='relu', padding='same')(x)
x = UpSampling2D(2)(x)
y = Conv2D(3, 3, activation='sigmoid', padding='same')(x)  # expect: AE503
net = Model(x0, y)
net.compile(optimizer='adam', loss='mse')
for picture in pictures:
    net.fit(picture, picture, verbose=0)
