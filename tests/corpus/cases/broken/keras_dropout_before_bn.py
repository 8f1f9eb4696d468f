#: modelled on: tutorial stages `conv, dropout, batchnorm` (variance shift: Li et al. 2018)
#: shows: the normalisation's averages are taken of values that dropout has spread out
from keras.layers import *
from keras.models import *

inp = Input((32, 32, 3))
x = Conv2D(32, 3, activation='relu', padding='same')(inp)
x = Dropout(0.4)(x)
x = BatchNormalization()(x)  # expect: AE310
x = MaxPooling2D()(x)
x = Conv2D(8, 3, activation='relu', padding='same')(x)
x = UpSampling2D()(x)
x = Conv2D(3, 3, activation='sigmoid', padding='same')(x)
Model(inp, x).compile('adam', 'mse')
