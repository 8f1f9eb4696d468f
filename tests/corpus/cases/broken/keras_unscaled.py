#: modelled on: keras-team/keras #3642 ("Autoencoder tutorial not reproducible": integers in 0..255 were fed)
#: shows: the division by 255 was left off; the sigmoid cannot reach 200
#: may: AE409
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D
from keras.models import Model
from keras.datasets import mnist

(x_train, _), (x_test, _) = mnist.load_data()
x_train = x_train.reshape(len(x_train), 28, 28, 1)  # expect: AE603/a
x_test = x_test.reshape(len(x_test), 28, 28, 1)

input_img = Input(shape=(28, 28, 1))
x = Conv2D(16, (3, 3), activation='relu', padding='same')(input_img)
x = MaxPooling2D((2, 2), padding='same')(x)
encoded = Conv2D(2, (3, 3), activation='relu', padding='same')(x)
x = UpSampling2D((2, 2))(encoded)
decoded = Conv2D(1, (3, 3), activation='sigmoid', padding='same')(x)
autoencoder = Model(input_img, decoded)
autoencoder.compile(optimizer='adam', loss='mse')
autoencoder.fit(x_train, x_train, epochs=50, batch_size=128, validation_split=.1)  # expect: AE603/a
