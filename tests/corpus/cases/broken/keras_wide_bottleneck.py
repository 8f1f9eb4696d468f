#: modelled on: "my autoencoder copies its input" (an 'encoding' with more values than the image)
#: shows: 14 x 14 x 64 values stand for 784 pixels
from keras.models import Sequential
from keras.layers import Conv2D, MaxPooling2D, UpSampling2D, InputLayer

model = Sequential([
    InputLayer((28, 28, 1)),
    Conv2D(64, 3, padding='same', activation='relu'),
    MaxPooling2D(2, name='encoded'),  # expect: AE204/a
    Conv2D(64, 3, padding='same', activation='relu'),  # expect: AE204/a
    UpSampling2D(2),  # expect: AE204/a
    Conv2D(1, 3, padding='same', activation='sigmoid'),
])
model.compile('adam', 'mse')
model.fit(digits, digits, epochs=3)
