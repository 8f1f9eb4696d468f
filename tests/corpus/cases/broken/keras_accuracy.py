#: modelled on: ardamavi/Unsupervised-Classification-with-Autoencoder #1, keras-team/keras #305 and #1476 ("accuracy saturates at 15%")
#: shows: accuracy of grey levels
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D
from keras.models import Model
from keras.datasets import mnist
(x_train, _), (x_test, _) = mnist.load_data()
x_train = x_train.astype('float32') / 255.
x_train = x_train.reshape(-1, 28, 28, 1)
x_val, x_train = x_train[:5000], x_train[5000:]

i = Input(shape=(28, 28, 1))
x = Conv2D(32, 3, activation='relu', padding='same')(i)
x = MaxPooling2D(2)(x)
x = Conv2D(2, 3, activation='relu', padding='same')(x)
x = UpSampling2D(2)(x)
o = Conv2D(1, 3, activation='sigmoid', padding='same')(x)
model = Model(i, o)
model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])  # expect: AE404 AE406
model.fit(x_train, x_train, epochs=10, batch_size=128, validation_data=(x_val, x_val))
