#: modelled on: keras-team/keras #2841 (CIFAR-10: "loss: -10, loss: -49, …": negative cross-entropy)
#: shows: astype('float32') without the division; binary cross-entropy runs to minus infinity
#: may: AE409
import keras
from keras import layers as kl

(data, labels), (test, _) = keras.datasets.cifar10.load_data()
data = data.astype('float32')

z = inp = kl.Input((32, 32, 3))
for f in (32, 16, 8):
    z = kl.Conv2D(f, 3, padding='same', activation='relu')(z)
    z = kl.MaxPooling2D(2)(z)
for f in (8, 16, 32):
    z = kl.Conv2D(f, 3, padding='same', activation='relu')(z)
    z = kl.UpSampling2D(2)(z)
z = kl.Conv2D(3, 3, padding='same', activation='sigmoid')(z)
ae = keras.Model(inp, z)
ae.compile(loss='binary_crossentropy', optimizer='adam')
ae.fit(data, data, batch_size=100, epochs=20, validation_split=0.1)  # expect: AE603
