#: modelled on: code whose blocks come from the author's own package
#: shows: an unknown function that takes a tensor uses it; nothing may be said of what it does
from keras.layers import Input, Conv2D, UpSampling2D
from keras.models import Model
from mylab.blocks import attention_gate, squeeze

inp = Input((64, 64, 1))
a = Conv2D(16, 3, strides=2, padding='same', activation='relu')(inp)
b = Conv2D(8, 3, strides=2, padding='same', activation='relu')(a)
g = attention_gate(b, a)
h = squeeze(g)
o = Conv2D(1, 3, padding='same', activation='sigmoid')(h)
net = Model(inp, o)
