#: modelled on: IPython sessions pasted into issues
#: shows: `In [3]:` and `Out[4]:`, continued lines
In [1]: from keras import layers, Input, Model

In [2]: i = Input((32, 32, 3))

In [3]: x = layers.Conv2D(16, 3, strides=2, padding='same',
   ...:                   activation='relu')(i)
   ...: z = layers.Conv2D(8, 3, padding='same')(x)

In [4]: y = layers.Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid')(z)

In [5]: m = Model(i, y)

In [6]: m.output_shape
Out[6]: (None, 32, 32, 3)
