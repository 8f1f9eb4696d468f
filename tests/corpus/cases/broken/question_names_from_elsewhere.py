#: modelled on: the question as it was posted: the data's names come from a part that was not pasted
#: shows: undefined names in fit() are no reason to miss the dead branches, nor to invent anything
input_image = Input(shape=(32, 32, 3))
conv1_1 = Conv2D(64, (3, 3), activation='relu', padding='same')(input_image)
bnorm1_1 = BatchNormalization()(conv1_1)  # expect: AE101
mpool1_1 = MaxPooling2D((2, 2), padding='same')(conv1_1)
conv1_2 = Conv2D(16, (3, 3), activation='relu', padding='same')(mpool1_1)
bnorm1_2 = BatchNormalization()(conv1_2)
mpool1_2 = MaxPooling2D((2, 2), padding='same')(bnorm1_2)
conv2_1 = Conv2D(16, (3, 3), activation='relu', padding='same')(mpool1_2)
bnorm2_1 = BatchNormalization()(conv2_1)  # expect: AE101
up2_1 = UpSampling2D((2, 2))(conv2_1)
decoder = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(UpSampling2D((2, 2))(up2_1))
autoencoder = Model(input_image, decoder)
autoencoder.compile(optimizer=opt, loss='binary_crossentropy')
history = autoencoder.fit(X_tr, X_tr, epochs=EPOCHS, batch_size=BS, validation_data=(X_val, X_val))
