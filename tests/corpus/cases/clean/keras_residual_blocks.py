#: modelled on: residual autoencoders with pre-activation
#: shows: additions inside of a stage bypass no bottleneck; the activation comes first
import tensorflow as tf
from tensorflow.keras import layers as L

def res(x, f):
    y = L.BatchNormalization()(x)
    y = L.ReLU()(y)
    y = L.Conv2D(f, 3, padding='same', use_bias=False)(y)
    y = L.BatchNormalization()(y)
    y = L.ReLU()(y)
    y = L.Conv2D(f, 3, padding='same')(y)
    if x.shape[-1] != f:
        x = L.Conv2D(f, 1)(x)
    return L.add([x, y])

inp = L.Input((64, 64, 3))
x = L.Conv2D(32, 3, padding='same')(inp)
for f in [32, 64]:
    x = res(x, f)
    x = L.AveragePooling2D(2)(x)
z = L.Conv2D(8, 1, name='latent')(x)
x = L.Conv2D(64, 3, padding='same')(z)
for f in [64, 32]:
    x = res(x, f)
    x = L.UpSampling2D(interpolation='bilinear')(x)
x = L.ReLU()(x)
out = L.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = tf.keras.Model(inp, out)
model.compile(tf.keras.optimizers.Adam(1e-3), 'mse')
