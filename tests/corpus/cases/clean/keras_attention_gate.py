#: modelled on: squeeze-and-excitation and attention gates
#: shows: products, sigmoid inside of the network, a reshape to 1 x 1: no output, no double activation
from tensorflow.keras import layers as L, Model

def se(x, ratio=8):
    c = x.shape[-1]
    w = L.GlobalAveragePooling2D()(x)
    w = L.Dense(c // ratio, activation='relu')(w)
    w = L.Dense(c, activation='sigmoid')(w)
    w = L.Reshape((1, 1, c))(w)
    return L.Multiply()([x, w])

i = L.Input((32, 32, 3))
x = L.Conv2D(32, 3, padding='same', activation='relu')(i)
x = se(x)
x = L.MaxPooling2D()(x)
x = L.Conv2D(8, 3, padding='same')(x)
x = L.UpSampling2D()(x)
x = L.Conv2D(32, 3, padding='same', activation='relu')(x)
x = se(x)
o = L.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
m = Model(i, o)
