#: modelled on: keras-team/keras #8609 done right: an autoencoder is trained, then its frozen encoder feeds a classifier
#: shows: softmax, labels and accuracy belong to the classifier; the frozen encoder was trained before
import numpy as np
from keras.datasets import mnist
from keras.models import Model, Sequential
from keras.layers import Input, Conv2D, Conv2DTranspose, Flatten, Dense

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(-1, 28, 28, 1) / 255.0
i = Input((28, 28, 1))
h = Conv2D(16, 3, strides=2, padding='same', activation='relu')(i)
code = Conv2D(8, 3, strides=2, padding='same', activation='relu')(h)
h = Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu')(code)
o = Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid')(h)
ae = Model(i, o)
ae.compile('adam', 'mse')
ae.fit(x_train, x_train, epochs=10, batch_size=128, validation_split=0.1)

encoder = Model(i, code)
encoder.trainable = False
classifier = Sequential([encoder, Flatten(), Dense(10, activation='softmax')])
classifier.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])
classifier.fit(x_train, y_train, epochs=5, validation_split=0.1)
