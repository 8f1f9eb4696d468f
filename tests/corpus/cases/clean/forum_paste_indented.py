#: modelled on: a block pasted with the indentation of the function it came from
#: shows: the whole is shifted to the right
        inp = Input(shape=(32, 32, 3))
        x = Conv2D(32, (3, 3), activation='relu', padding='same')(inp)
        x = MaxPooling2D((2, 2))(x)
        x = Conv2D(8, (3, 3), activation='relu', padding='same')(x)
        x = UpSampling2D((2, 2))(x)
        out = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(x)
        self.model = Model(inp, out)
        self.model.compile(loss='mse', optimizer='adam')
