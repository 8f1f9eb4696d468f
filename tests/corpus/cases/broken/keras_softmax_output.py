#: modelled on: deeplearning4j/deeplearning4j-examples PR 1002 (softmax on an autoencoder's output) and keras-team/keras #1917
#: shows: the three channels of a pixel are forced to add up to one
from keras import layers, Input, Model

img = Input((32, 32, 3))
x = layers.Conv2D(32, 3, activation='relu', padding='same', strides=2)(img)
x = layers.Conv2D(8, 3, activation='relu', padding='same')(x)
x = layers.Conv2DTranspose(32, 4, activation='relu', padding='same', strides=2)(x)
x = layers.Conv2D(3, 3, padding='same')(x)
out = layers.Activation('softmax')(x)  # expect: AE408
ae = Model(img, out)
ae.compile(optimizer='adam', loss='mse')
ae.fit(x_train, x_train, epochs=10, batch_size=64)
