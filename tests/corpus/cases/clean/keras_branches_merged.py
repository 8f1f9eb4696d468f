#: modelled on: Inception-like stages
#: shows: three branches of one tensor that meet again; a tuple assignment; a list comprehension
from keras import layers, Input, Model

img = Input((32, 32, 3))
branches = [layers.Conv2D(16, k, padding='same', activation='relu')(img) for k in (1, 3, 5)]
pooled = layers.MaxPooling2D(3, strides=1, padding='same')(img)
branches.append(layers.Conv2D(16, 1, activation='relu')(pooled))
x = layers.concatenate(branches)
x = layers.MaxPooling2D()(x)
z = layers.Conv2D(8, 3, padding='same')(x)
left, right = layers.UpSampling2D()(z), layers.Conv2DTranspose(8, 2, strides=2)(z)
x = layers.average([left, right])
Model(img, layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x))
