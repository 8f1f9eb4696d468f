#: modelled on: switches at the top of a script
#: shows: the branch that a constant rules out is not taken; its layers do not exist
from keras.layers import *
from keras.models import Model

USE_BN = False
DEEP = True
i = Input((32, 32, 3))
x = Conv2D(32, 3, padding='same')(i)
if USE_BN:
    bn = BatchNormalization()(x)
x = Activation('relu')(x)
x = MaxPooling2D()(x)
if DEEP:
    x = Conv2D(16, 3, padding='same', activation='relu')(x)
    x = MaxPooling2D()(x)
    x = Conv2D(16, 3, padding='same', activation='relu')(x)
    x = UpSampling2D()(x)
x = Conv2D(32, 3, padding='same', activation='relu')(x)
x = UpSampling2D()(x)
x = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
m = Model(i, x)
