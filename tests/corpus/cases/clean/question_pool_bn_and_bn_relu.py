#: modelled on: the answer to the question: pooling before BN, and BN before the activation
#: shows: two more orders, both right
from keras.layers import *
from keras.models import Model

def pool_bn(x):
    for f in (64, 16):
        x = Conv2D(f, (3, 3), activation='relu', padding='same')(x)
        x = MaxPooling2D((2, 2), padding='same')(x)
        x = BatchNormalization()(x)
    for f in (16, 32):
        x = Conv2D(f, (3, 3), activation='relu', padding='same')(x)
        x = UpSampling2D((2, 2))(x)
        x = BatchNormalization()(x)
    return Conv2D(3, (3, 3), activation='sigmoid', padding='same')(x)

def bn_relu(x):
    for f in (64, 16):
        x = Conv2D(f, (3, 3), padding='same')(x)
        x = BatchNormalization()(x)
        x = Activation('relu')(x)
        x = MaxPooling2D((2, 2), padding='same')(x)
    for f in (16, 32):
        x = Conv2D(f, (3, 3), padding='same')(x)
        x = BatchNormalization()(x)
        x = Activation('relu')(x)
        x = UpSampling2D((2, 2))(x)
    return Conv2D(3, (3, 3), activation='sigmoid', padding='same')(x)

image = Input(shape=(32, 32, 3))
a = Model(image, pool_bn(image))
b = Model(image, bn_relu(image))
for m in (a, b):
    m.compile(optimizer='adam', loss='mse')
