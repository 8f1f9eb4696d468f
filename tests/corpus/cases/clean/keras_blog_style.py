#: modelled on: the classic MNIST tutorial: 28 -> 14 -> 7 -> 4 -> 8 -> 16 -> 14 by one 'valid' convolution -> 28
#: shows: the one convolution without padding is what makes the sizes meet
from tensorflow.keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D
from tensorflow.keras.models import Model

image_in = Input(shape=(28, 28, 1))
t = Conv2D(16, (3, 3), activation='relu', padding='same')(image_in)
t = MaxPooling2D((2, 2), padding='same')(t)
t = Conv2D(8, (3, 3), activation='relu', padding='same')(t)
t = MaxPooling2D((2, 2), padding='same')(t)
t = Conv2D(8, (3, 3), activation='relu', padding='same')(t)
code = MaxPooling2D((2, 2), padding='same', name='code')(t)
t = Conv2D(8, (3, 3), activation='relu', padding='same')(code)
t = UpSampling2D((2, 2))(t)
t = Conv2D(8, (3, 3), activation='relu', padding='same')(t)
t = UpSampling2D((2, 2))(t)
t = Conv2D(16, (3, 3), activation='relu')(t)
t = UpSampling2D((2, 2))(t)
rebuilt = Conv2D(1, (3, 3), activation='sigmoid', padding='same')(t)

autoencoder = Model(image_in, rebuilt)
encoder = Model(image_in, code)
autoencoder.compile(optimizer='adadelta', loss='binary_crossentropy')
