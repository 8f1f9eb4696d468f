#: modelled on: ialhashim/DenseDepth #6 and prob-ml/bliss #677 (no activation between two convolutions: "an oversight")
#: shows: the default activation of Conv2D is none; two 3 x 3 convolutions in a row are one 5 x 5
from tensorflow.keras import layers, models

net = models.Sequential()
net.add(layers.Conv2D(64, (3, 3), padding='same', input_shape=(64, 64, 3)))  # expect: AE309/a
net.add(layers.Conv2D(64, (3, 3), padding='same'))  # expect: AE309/a
net.add(layers.ReLU())
net.add(layers.MaxPooling2D((2, 2)))
net.add(layers.Conv2D(8, (3, 3), padding='same', activation='relu'))
net.add(layers.UpSampling2D((2, 2)))
net.add(layers.Conv2D(3, (3, 3), padding='same', activation='sigmoid'))
net.compile(optimizer='adam', loss='mae')
net.fit(x, x)
