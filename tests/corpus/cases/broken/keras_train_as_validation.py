#: modelled on: julienr/ipynb_playground #1 (`validation_data=(X_train, X_train_orig)`)
#: shows: what was learnt is taken for what generalises
from keras.datasets import fashion_mnist
from keras.models import Sequential
from keras.layers import Conv2D, MaxPooling2D, UpSampling2D

(X, _), (Xt, _) = fashion_mnist.load_data()
X = X.reshape((-1, 28, 28, 1)).astype('float32') / 255
model = Sequential()
model.add(Conv2D(16, 3, activation='relu', padding='same', input_shape=(28, 28, 1)))
model.add(MaxPooling2D(2))
model.add(Conv2D(2, 3, activation='relu', padding='same'))
model.add(UpSampling2D(2))
model.add(Conv2D(1, 3, activation='sigmoid', padding='same'))
model.compile('adam', 'mse')
model.fit(X, X, epochs=12, batch_size=64, validation_data=(X, X))  # expect: AE602
