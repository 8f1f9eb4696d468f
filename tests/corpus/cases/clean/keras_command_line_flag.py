#: modelled on: options of the command line that decide whether a layer is there
#: shows: the normalisation is used whenever it is built; nothing is dead on either way
import argparse
from keras import layers, Model, Input

p = argparse.ArgumentParser()
p.add_argument('--bn', action='store_true')
a = p.parse_args()
i = Input((32, 32, 3))
x = layers.Conv2D(16, 3, padding='same', activation='relu', strides=2)(i)
if a.bn:
    x = layers.BatchNormalization()(x)
x = layers.Conv2D(8, 3, padding='same')(x)
x = layers.UpSampling2D()(x)
o = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
Model(i, o).compile('adam', 'mse')
