#: modelled on: grey-level tutorials copied for colour photographs (keras-team/keras #2841)
#: shows: three channels go in, one comes out
from keras import Input, Model
from keras.layers import Conv2D, MaxPooling2D, UpSampling2D

foto = Input(shape=(64, 64, 3))
capa = Conv2D(32, 3, activation='relu', padding='same')(foto)
capa = MaxPooling2D(2)(capa)
codigo = Conv2D(8, 3, activation='relu', padding='same')(capa)
capa = UpSampling2D(2)(codigo)
capa = Conv2D(32, 3, activation='relu', padding='same')(capa)
salida = Conv2D(1, 3, activation='sigmoid', padding='same')(capa)  # expect: AE202/a
modelo = Model(foto, salida)  # expect: AE202/a
modelo.compile(optimizer='adam', loss='mse')
modelo.fit(fotos / 255., fotos / 255., epochs=30)
