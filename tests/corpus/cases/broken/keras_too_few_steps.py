#: modelled on: "why does my loss stick at 0.69": one batch holds a fifth of the data (keras-team/keras #12512)
#: shows: 60,000 images, batch 20,000, 5 epochs: 15 steps in all
from keras.datasets import mnist
from keras import Sequential, layers

(x, _), (xt, _) = mnist.load_data()
x = x[..., None] / 255.
net = Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(16, 3, strides=2, padding='same', activation='relu'),
    layers.Conv2D(2, 3, padding='same', activation='relu'),
    layers.Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu'),
    layers.Conv2D(1, 3, padding='same', activation='sigmoid'),
])
net.compile('adam', 'mse')
net.fit(x, x, batch_size=20000, epochs=5)  # expect: AE604
