#: modelled on: mueller-franzes/medfusion #7 ("a huge loss" that is only a sum)
#: shows: a custom loss that adds up everything, batch included
import tensorflow as tf
from tensorflow.keras import layers, Model
from tensorflow.keras import backend as K

def recon_loss(y_true, y_pred):
    return K.sum(K.square(y_true - y_pred))  # expect: AE405/a

inp = layers.Input((48, 48, 1))
h = layers.Conv2D(24, 3, strides=2, padding='same', activation='relu')(inp)
h = layers.Conv2D(4, 3, strides=2, padding='same')(h)
h = layers.Conv2DTranspose(24, 4, strides=2, padding='same', activation='relu')(h)
out = layers.Conv2DTranspose(1, 4, strides=2, padding='same')(h)
model = Model(inp, out)
model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss=recon_loss)  # expect: AE405/a
