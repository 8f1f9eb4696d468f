"""Sources that the tests of `diabolo check` share: the question's Method 1 as its author wrote it, and others."""

METHOD_1 = """\
input_image = Input(shape=(32, 32, 3))

### encoder ###
conv1_1 = Conv2D(64, (3, 3), activation='relu', padding='same')(input_image)
bnorm1_1 = BatchNormalization()(conv1_1)
mpool1_1 = MaxPooling2D((2, 2), padding='same')(conv1_1)  # 32 -> 16

conv1_2 = Conv2D(16, (3, 3), activation='relu', padding='same')(mpool1_1)
bnorm1_2 = BatchNormalization()(conv1_2)
encoder = MaxPooling2D((2, 2), padding='same')(conv1_2)

### decoder ###
conv2_1 = Conv2D(16, (3, 3), activation='relu', padding='same')(encoder)
bnorm2_1 = BatchNormalization()(conv2_1)
up2_1 = UpSampling2D((2, 2))(conv2_1)

conv2_2 = Conv2D(32, (3, 3), activation='relu', padding='same')(up2_1)
bnorm2_2 = BatchNormalization()(conv2_2)
up2_2 = UpSampling2D((2, 2))(conv2_2)

decoder = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(up2_2)

autoencoder = Model(inputs=input_image, outputs=decoder)
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
history = autoencoder.fit(x_train, x_train, epochs=50, batch_size=1000, shuffle=True, verbose=2,
                          validation_data=(x_test, x_test))
"""

DEAD_ROWS = [5, 9, 14, 18]
"""Rows of Method 1 whose result is never used."""

METHOD_2 = (
    METHOD_1.replace("padding='same')(conv1_1)", "padding='same')(bnorm1_1)")
    .replace("padding='same')(conv1_2)", "padding='same')(bnorm1_2)")
    .replace("UpSampling2D((2, 2))(conv2_1)", "UpSampling2D((2, 2))(bnorm2_1)")
    .replace("UpSampling2D((2, 2))(conv2_2)", "UpSampling2D((2, 2))(bnorm2_2)")
)
