#: modelled on: `train_test_split` of the training pictures
#: shows: a part called x_test that is cut from an array of one's own is a validation set; two image arrays are no labels
import numpy as np
from sklearn.model_selection import train_test_split
from tensorflow.keras import layers, Sequential

clean = np.load('clean.npy') / 255.
dirty = np.load('dirty.npy') / 255.
x_tr, x_va, y_tr, y_va = train_test_split(dirty, clean, test_size=0.1, random_state=0)
net = Sequential([
    layers.Input((64, 64, 1)),
    layers.Conv2D(32, 3, padding='same', activation='relu', strides=2),
    layers.Conv2D(16, 3, padding='same', activation='relu', strides=2),
    layers.Conv2DTranspose(32, 4, padding='same', activation='relu', strides=2),
    layers.Conv2DTranspose(1, 4, padding='same', activation='sigmoid', strides=2),
])
net.compile(optimizer='adam', loss='mae')
net.fit(x_tr, y_tr, validation_data=(x_va, y_va), epochs=25, batch_size=32)
