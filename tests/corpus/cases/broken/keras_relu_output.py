#: modelled on: FluxML/model-zoo PR 34 (ReLU on the output: pixels that are once negative stay black)
#: shows: the last layer has the activation of all the others
from keras.layers import Input, Dense, Conv2D, MaxPooling2D, UpSampling2D
from keras.models import Model
from keras.datasets import mnist

(x_train, _), (x_test, _) = mnist.load_data()
x_train = x_train.astype('float32').reshape((len(x_train), 28, 28, 1)) / 255
inp = Input(shape=(28, 28, 1))
x = Conv2D(16, (3, 3), activation='relu', padding='same')(inp)
x = MaxPooling2D((2, 2))(x)
x = Conv2D(8, (3, 3), activation='relu', padding='same')(x)
x = MaxPooling2D((2, 2))(x)
x = Conv2D(8, (3, 3), activation='relu', padding='same')(x)
x = UpSampling2D((2, 2))(x)
x = Conv2D(16, (3, 3), activation='relu', padding='same')(x)
x = UpSampling2D((2, 2))(x)
decoded = Conv2D(1, (3, 3), activation='relu', padding='same')(x)  # expect: AE303
ae = Model(inp, decoded)
ae.compile(optimizer='adam', loss='mse')
ae.fit(x_train, x_train, epochs=20, batch_size=128, validation_split=0.1)
