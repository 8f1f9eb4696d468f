#: modelled on: ten-year-old Keras code in forum posts (Python 2, border_mode, nb_filter order)
#: shows: print statements do not stop the check
import numpy as np
from keras.layers import Input, Convolution2D, MaxPooling2D, UpSampling2D, BatchNormalization
from keras.models import Model

print "building"
img = Input(shape=(28, 28, 1))
x = Convolution2D(16, (3, 3), activation='relu', padding='same')(img)
y = BatchNormalization()(x)  # expect: AE101
x = MaxPooling2D((2, 2), padding='same')(x)
x = Convolution2D(2, (3, 3), activation='relu', padding='same')(x)
x = UpSampling2D((2, 2))(x)
d = Convolution2D(1, (3, 3), activation='sigmoid', padding='same')(x)
ae = Model(img, d)
print "params:", ae.count_params()
