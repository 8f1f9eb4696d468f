#: modelled on: "Graph disconnected" threads in keras-team/keras: the encoder is rebuilt and the old Input stays in Model()
#: shows: the model's input is not the tensor that its output was computed from
from keras.models import Model
from keras.layers import Input, Conv2D, MaxPool2D, UpSampling2D

x_in = Input((32, 32, 1))
x_in2 = Input((32, 32, 1))
h = Conv2D(16, 3, activation='relu', padding='same')(x_in)
h = MaxPool2D()(h)
h = Conv2D(2, 3, activation='relu', padding='same')(h)
h = UpSampling2D()(h)
y = Conv2D(1, 3, activation='sigmoid', padding='same')(h)
m = Model(x_in2, y)  # expect: AE110
m.compile(optimizer='adam', loss='mse')
