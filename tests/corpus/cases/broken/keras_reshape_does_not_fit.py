#: modelled on: keras-team/keras #4615 (sizes of a deconvolution decoder that were worked out by hand)
#: shows: Dense(1024) cannot become 7 x 7 x 32
from tensorflow.keras.layers import Input, Conv2D, Flatten, Dense, Reshape, Conv2DTranspose
from tensorflow.keras.models import Model

i = Input((28, 28, 1))
x = Conv2D(32, 3, strides=2, padding='same', activation='relu')(i)
x = Conv2D(32, 3, strides=2, padding='same', activation='relu')(x)
z = Dense(16)(Flatten()(x))
x = Dense(1024, activation='relu')(z)
x = Reshape((7, 7, 32))(x)  # expect: AE201
x = Conv2DTranspose(32, 4, strides=2, padding='same', activation='relu')(x)
o = Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid')(x)
Model(i, o).summary()
