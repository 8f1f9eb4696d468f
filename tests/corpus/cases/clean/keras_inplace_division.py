#: modelled on: `x_train /= 255` and a helper that scales (keras-team/keras #12062)
#: shows: augmented assignment and a function of one's own scale, too
import numpy as np
from keras.datasets import mnist, fashion_mnist
from keras.models import Sequential
from keras.layers import Conv2D, Conv2DTranspose, Input

def load(which):
    (a, _), (b, _) = which.load_data()
    a = np.expand_dims(a, -1).astype('float32')
    a /= 255
    return a

for which in (mnist, fashion_mnist):
    data = load(which)
    net = Sequential([Input((28, 28, 1)), Conv2D(16, 3, strides=2, padding='same', activation='relu'),
                      Conv2D(6, 3, strides=2, padding='same'),
                      Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu'),
                      Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid')])
    net.compile('adam', 'mse')
    net.fit(data, data, epochs=3, batch_size=64, validation_split=0.1)
