#: modelled on: fully connected autoencoders of the Keras blog, with sparsity
#: shows: 784 -> 32 -> 784 and an activity regulariser; no pictures' shapes at all
from keras.layers import *
from keras.models import *
from keras import regularizers
from keras.datasets import mnist

(x_train, _), (x_test, _) = mnist.load_data()
x_train = x_train.astype('float32') / 255.
x_train = x_train.reshape((len(x_train), 784))
inp = Input(shape=(784,))
enc = Dense(32, activation='relu', activity_regularizer=regularizers.l1(1e-5))(inp)
dec = Dense(784, activation='sigmoid')(enc)
ae = Model(inp, dec)
ae.compile(optimizer='adam', loss='binary_crossentropy')
ae.fit(x_train, x_train, epochs=100, batch_size=256, validation_split=0.1)
