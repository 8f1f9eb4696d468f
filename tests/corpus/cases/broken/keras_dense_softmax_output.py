#: modelled on: rajarsheem/libsdae-autoencoder-tensorflow #3 (softmax as the activation of an autoencoder)
#: shows: all 784 pixels of a picture add up to one
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Conv2D, Flatten, Dense, Reshape

ae = Sequential([
    Conv2D(8, 3, strides=2, padding='same', activation='relu', input_shape=(28, 28, 1)),
    Flatten(),
    Dense(32),
    Dense(784, activation='softmax'),  # expect: AE408
    Reshape((28, 28, 1)),
])
ae.compile(optimizer='rmsprop', loss='binary_crossentropy')
ae.fit(digits, digits, epochs=10, batch_size=64)
