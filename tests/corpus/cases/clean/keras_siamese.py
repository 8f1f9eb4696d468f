#: modelled on: Siamese networks: one encoder, two pictures
#: shows: layers in several places on purpose, two inputs, one output that is no picture
from keras.models import Model
from keras.layers import Input, Conv2D, MaxPooling2D, Flatten, Dense, Lambda, Dropout
from keras import backend as K

def build_base(shape):
    i = Input(shape)
    x = Conv2D(32, 3, activation='relu')(i)
    x = MaxPooling2D()(x)
    x = Flatten()(x)
    x = Dense(128, activation='relu')(x)
    x = Dropout(0.1)(x)
    return Model(i, Dense(64)(x))

def euclidean(vects):
    a, b = vects
    return K.sqrt(K.maximum(K.sum(K.square(a - b), axis=1, keepdims=True), K.epsilon()))

base = build_base((28, 28, 1))
left, right = Input((28, 28, 1)), Input((28, 28, 1))
distance = Lambda(euclidean)([base(left), base(right)])
model = Model([left, right], distance)
model.compile(loss='mse', optimizer='rmsprop', metrics=['accuracy'])
model.fit([pairs[:, 0], pairs[:, 1]], y_pairs, batch_size=128, epochs=20)
