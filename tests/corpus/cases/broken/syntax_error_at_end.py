#: modelled on: pasted questions that break off in the middle of a call
#: shows: the readable part is checked, the rest is said to be unreadable
from keras.layers import *
from keras.models import Model
i = Input((32, 32, 3))
c = Conv2D(16, 3, padding='same', activation='relu')(i)
b = BatchNormalization()(c)  # expect: AE101
p = MaxPooling2D()(c)
u = UpSampling2D()(p)
o = Conv2D(3, 3, padding='same', activation='sigmoid')(u)
m = Model(i, o)
m.compile(optimizer='adam', loss='mse')
m.fit(x, x, epochs=(20,  # expect: AE001
