#: modelled on: the `x = layer(input)` slip when a stack is written with one variable (hlamba28/UNET-TGS PR 3: second convolution reads the block's input)
#: shows: the first convolution's result is lost when `x` is given a new value
import tensorflow as tf
from tensorflow.keras import layers

inputs = tf.keras.Input(shape=(128, 128, 1))
x = layers.Conv2D(16, 3, padding='same', activation='relu')(inputs)  # expect: AE103/a
x = layers.Conv2D(16, 3, padding='same', activation='relu')(inputs)  # expect: AE103/a
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(2, 3, padding='same', activation='relu')(x)
x = layers.UpSampling2D()(x)
outputs = layers.Conv2D(1, 3, padding='same', activation='sigmoid')(x)
model = tf.keras.Model(inputs, outputs)
model.compile(optimizer='adam', loss='mse')
