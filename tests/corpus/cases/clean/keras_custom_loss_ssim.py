#: modelled on: custom losses: SSIM and L1 together
#: shows: a loss function of one's own whose mean is a mean; PSNR as a metric
import tensorflow as tf
from tensorflow.keras import layers, Model

def ssim_l1(y_true, y_pred):
    ssim = tf.reduce_mean(tf.image.ssim(y_true, y_pred, max_val=1.0))
    return 0.85 * (1.0 - ssim) + 0.15 * tf.reduce_mean(tf.abs(y_true - y_pred))

def psnr(y_true, y_pred):
    return tf.image.psnr(y_true, y_pred, max_val=1.0)

i = layers.Input((64, 64, 3))
x = layers.Conv2D(32, 5, strides=2, padding='same', activation='relu')(i)
x = layers.Conv2D(12, 5, strides=2, padding='same')(x)
x = layers.Conv2DTranspose(32, 4, strides=2, padding='same', activation='relu')(x)
o = layers.Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid')(x)
m = Model(i, o)
m.compile('adam', loss=ssim_l1, metrics=[psnr])
