#: modelled on: conditional VAEs: the label goes in beside the picture
#: shows: two inputs, the second joined to the latent: it bypasses the bottleneck, and it is no picture
from tensorflow.keras.layers import *
from tensorflow.keras.models import Model

img = Input((28, 28, 1))
label = Input((10,))
h = Conv2D(16, 3, strides=2, padding='same', activation='relu')(img)
h = Conv2D(32, 3, strides=2, padding='same', activation='relu')(h)
h = Flatten()(h)
h = Concatenate()([h, label])
z = Dense(16)(h)
d = Concatenate()([z, label])
d = Dense(7 * 7 * 32, activation='relu')(d)
d = Reshape((7, 7, 32))(d)
d = Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu')(d)
out = Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid')(d)
cae = Model([img, label], out)
cae.compile(loss='mse', optimizer='adam')
cae.fit([x, y_onehot], x, epochs=10, batch_size=128)
