#: modelled on: standardised images and a linear output (araffin/robotics-rl-srl #53's answer)
#: shows: mean and deviation taken off, no activation at the end, mse: they belong together
import numpy as np
from keras.datasets import cifar10
from keras import layers, Sequential

(x, _), _ = cifar10.load_data()
x = x.astype('float32')
x = (x - x.mean(axis=(0, 1, 2))) / x.std(axis=(0, 1, 2))
m = Sequential([
    layers.Input((32, 32, 3)),
    layers.Conv2D(32, 4, strides=2, padding='same', activation='elu'),
    layers.Conv2D(16, 4, strides=2, padding='same'),
    layers.Conv2DTranspose(32, 4, strides=2, padding='same', activation='elu'),
    layers.Conv2DTranspose(3, 4, strides=2, padding='same'),
])
m.compile('adam', 'mse')
m.fit(x, x, epochs=10, batch_size=64, validation_split=0.1)
