#: modelled on: half of a question: the lines before `Model(...)` only
#: shows: the last call is taken as the output; the forgotten layer in the middle is still sure
x = Input((28, 28, 1))
h1 = Conv2D(32, 3, padding='same')(x)
h2 = BatchNormalization()(h1)  # expect: AE101
h3 = Activation('relu')(h1)
h4 = MaxPooling2D(4)(Conv2D(8, 3, padding='same', activation='relu')(h3))
h5 = Conv2DTranspose(32, 4, strides=4, padding='same', activation='relu')(h4)
y = Conv2D(1, 3, padding='same', activation='sigmoid')(h5)
