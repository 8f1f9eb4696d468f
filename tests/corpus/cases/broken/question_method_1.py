#: modelled on: the question that started the project (four BatchNormalization layers that nothing reads)
#: shows: each stage passes on the convolution's tensor; the four normalisations are built and forgotten
#: may: AE601 AE205
# -*- coding: utf-8 -*-
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D, BatchNormalization
from keras.models import Model
from keras.datasets import cifar10
import matplotlib.pyplot as plt

(x_train, _), (x_test, _) = cifar10.load_data()
x_train = x_train.astype('float32') / 255.
x_test = x_test.astype('float32') / 255.

epochs, batch_size = 50, 1000

input_image = Input(shape=(32, 32, 3))

# encoder
conv1_1 = Conv2D(64, (3, 3), activation='relu', padding='same')(input_image)
bnorm1_1 = BatchNormalization()(conv1_1)  # expect: AE101
mpool1_1 = MaxPooling2D((2, 2), padding='same')(conv1_1)
conv1_2 = Conv2D(16, (3, 3), activation='relu', padding='same')(mpool1_1)
bnorm1_2 = BatchNormalization()(conv1_2)  # expect: AE101
encoder = MaxPooling2D((2, 2), padding='same')(conv1_2)

# decoder
conv2_1 = Conv2D(16, (3, 3), activation='relu', padding='same')(encoder)
bnorm2_1 = BatchNormalization()(conv2_1)  # expect: AE101
up2_1 = UpSampling2D((2, 2))(conv2_1)
conv2_2 = Conv2D(32, (3, 3), activation='relu', padding='same')(up2_1)
bnorm2_2 = BatchNormalization()(conv2_2)  # expect: AE101
up2_2 = UpSampling2D((2, 2))(conv2_2)
decoder = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(up2_2)

autoencoder = Model(input_image, decoder)
autoencoder.summary()
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
history = autoencoder.fit(x_train, x_train, epochs=epochs, batch_size=batch_size, shuffle=True, verbose=2,
                          validation_data=(x_test, x_test))

plt.plot(history.history['loss'])
plt.plot(history.history['val_loss'])
plt.title('model loss')
plt.legend(['train', 'test'])
plt.show()
