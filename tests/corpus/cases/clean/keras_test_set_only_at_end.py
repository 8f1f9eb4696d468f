#: modelled on: the three-way split done right
#: shows: x_test is looked at once, after the training
from keras.datasets import cifar10
from keras import layers, Sequential

(x, _), (x_test, _) = cifar10.load_data()
x, x_test = x.astype('float32') / 255, x_test.astype('float32') / 255
x_val, x_train = x[:5000], x[5000:]
m = Sequential([
    layers.Input((32, 32, 3)),
    layers.Conv2D(32, 4, strides=2, padding='same', activation='relu'),
    layers.Conv2D(16, 4, strides=2, padding='same', activation='relu'),
    layers.Conv2DTranspose(32, 4, strides=2, padding='same', activation='relu'),
    layers.Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid'),
])
m.compile('adam', 'mse')
m.fit(x_train, x_train, batch_size=128, epochs=20, validation_data=(x_val, x_val))
print(m.evaluate(x_test, x_test))
