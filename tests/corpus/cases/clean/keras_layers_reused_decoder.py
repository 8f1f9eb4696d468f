#: modelled on: the decoder taken out of a trained model by `layers[-3:]`
#: shows: a loop over a model's layers calls each of them a second time, on purpose
from keras.layers import Input, Conv2D, Conv2DTranspose
from keras.models import Model

i = Input((28, 28, 1))
x = Conv2D(16, 3, strides=2, padding='same', activation='relu')(i)
code = Conv2D(4, 3, strides=2, padding='same')(x)
x = Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu')(code)
o = Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid')(x)
ae = Model(i, o)
ae.compile('adam', 'mse')

z = y = Input((7, 7, 4))
for layer in ae.layers[-2:]:
    y = layer(y)
decoder = Model(z, y)
