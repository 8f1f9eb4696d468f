#: modelled on: araffin/robotics-rl-srl #53 (linear output everywhere) together with Keras's default `from_logits=False`
#: shows: the last layer has no activation and the loss takes logarithms of it
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D
from keras.models import Model

e = Input((28, 28, 1))
x = Conv2D(16, 3, padding='same', activation='relu')(e)
x = MaxPooling2D()(x)
x = Conv2D(2, 3, padding='same', activation='relu')(x)
x = UpSampling2D()(x)
d = Conv2D(1, 3, padding='same')(x)  # expect: AE403/a
m = Model(e, d)
m.compile(optimizer='sgd', loss='binary_crossentropy')  # expect: AE403/a
