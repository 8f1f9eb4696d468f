#: modelled on: pochih/FCN-pytorch #21 (in which order?), the question's third answer
#: shows: BN behind the activation in one network (a note), pooling before BN in the other (a note)
from keras.layers import Input, Conv2D, BatchNormalization, MaxPooling2D, UpSampling2D
from keras.models import Model

a = Input((32, 32, 3))
t = Conv2D(64, 3, activation='relu', padding='same')(a)
t = BatchNormalization()(t)  # expect: AE305
t = MaxPooling2D()(t)
t = Conv2D(16, 3, activation='relu', padding='same')(t)
t = UpSampling2D()(t)
first = Model(a, Conv2D(3, 3, activation='sigmoid', padding='same')(t))

b = Input((32, 32, 3))
t = Conv2D(64, 3, activation='relu', padding='same')(b)
t = MaxPooling2D()(t)
t = BatchNormalization()(t)  # expect: AE306
t = Conv2D(16, 3, activation='relu', padding='same')(t)
t = UpSampling2D()(t)
second = Model(b, Conv2D(3, 3, activation='sigmoid', padding='same')(t))
