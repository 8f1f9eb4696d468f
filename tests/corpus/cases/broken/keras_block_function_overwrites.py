#: modelled on: hlamba28/UNET-TGS PR 3 (in `conv2d_block` the second convolution reads the block's input, not the first one's output)
#: shows: a helper function that is called three times and drops its first half each time
from keras.layers import *
from keras.models import Model

def conv2d_block(input_tensor, n_filters, kernel_size=3, batchnorm=True):
    # first layer
    x = Conv2D(filters=n_filters, kernel_size=(kernel_size, kernel_size), padding='same')(input_tensor)
    if batchnorm:
        x = BatchNormalization()(x)
    x = Activation('relu')(x)  # expect: AE103/a AE101/a
    # second layer
    x = Conv2D(filters=n_filters, kernel_size=(kernel_size, kernel_size), padding='same')(input_tensor)  # expect: AE103/a
    if batchnorm:
        x = BatchNormalization()(x)
    x = Activation('relu')(x)
    return x

img = Input((64, 64, 3))
c1 = conv2d_block(img, 16)
p1 = MaxPooling2D((2, 2))(c1)
c2 = conv2d_block(p1, 8)
u1 = UpSampling2D((2, 2))(c2)
c3 = conv2d_block(u1, 16)
out = Conv2D(3, (1, 1), activation='sigmoid')(c3)
ae = Model(inputs=[img], outputs=[out])
