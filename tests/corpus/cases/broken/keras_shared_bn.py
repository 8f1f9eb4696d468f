#: modelled on: joeylitalien/noise2noise-pytorch #7 (one block object reused by mistake), the Keras way: one BatchNormalization for all stages
#: shows: `bn` is one object in three places: its averages mix three different layers
from tensorflow.keras.layers import *
from tensorflow.keras import Model

bn = BatchNormalization()  # expect: AE104/a
relu = ReLU()
i = Input((32, 32, 16))
x = Conv2D(16, 3, padding='same', use_bias=False)(i)
x = relu(bn(x))  # expect: AE104/a
x = MaxPooling2D()(x)
x = Conv2D(16, 3, padding='same', use_bias=False)(x)
x = relu(bn(x))  # expect: AE104/a
x = Conv2D(4, 3, padding='same')(x)
x = UpSampling2D()(x)
x = Conv2D(16, 3, padding='same', use_bias=False)(x)
x = relu(bn(x))  # expect: AE104/a
o = Conv2D(16, 3, padding='same')(x)
model = Model(i, o)
