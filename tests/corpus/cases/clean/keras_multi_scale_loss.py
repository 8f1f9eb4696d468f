#: modelled on: deep supervision: outputs at three resolutions
#: shows: several outputs of different sizes, none of them a dead branch
from keras import layers, Input, Model

i = Input((64, 64, 3))
a = layers.Conv2D(32, 3, strides=2, padding='same', activation='relu')(i)
b = layers.Conv2D(8, 3, strides=2, padding='same')(a)
u = layers.Conv2DTranspose(32, 4, strides=2, padding='same', activation='relu')(b)
small = layers.Conv2D(3, 3, padding='same', activation='sigmoid', name='small')(b)
middle = layers.Conv2D(3, 3, padding='same', activation='sigmoid', name='middle')(u)
full = layers.Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid', name='full')(u)
net = Model(inputs=i, outputs=[full, middle, small])
net.compile(optimizer='adam', loss=['mse', 'mse', 'mse'], loss_weights=[1.0, 0.5, 0.25])
