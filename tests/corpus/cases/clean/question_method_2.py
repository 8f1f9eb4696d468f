#: modelled on: the question that started the project, Method 2
#: shows: the same network with every tensor passed on; validating on the test images is worth a word, no more
#: may: AE601
from keras.layers import Input, Conv2D, MaxPooling2D, UpSampling2D, BatchNormalization
from keras.models import Model

input_image = Input(shape=(32, 32, 3))
conv1_1 = Conv2D(64, (3, 3), activation='relu', padding='same')(input_image)
bnorm1_1 = BatchNormalization()(conv1_1)
mpool1_1 = MaxPooling2D((2, 2), padding='same')(bnorm1_1)
conv1_2 = Conv2D(16, (3, 3), activation='relu', padding='same')(mpool1_1)
bnorm1_2 = BatchNormalization()(conv1_2)
encoder = MaxPooling2D((2, 2), padding='same')(bnorm1_2)
conv2_1 = Conv2D(16, (3, 3), activation='relu', padding='same')(encoder)
bnorm2_1 = BatchNormalization()(conv2_1)
up2_1 = UpSampling2D((2, 2))(bnorm2_1)
conv2_2 = Conv2D(32, (3, 3), activation='relu', padding='same')(up2_1)
bnorm2_2 = BatchNormalization()(conv2_2)
up2_2 = UpSampling2D((2, 2))(bnorm2_2)
decoder = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(up2_2)
autoencoder = Model(input_image, decoder)
autoencoder.summary()
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
history = autoencoder.fit(x_train, x_train, epochs=50, batch_size=1000, shuffle=True, verbose=2,
                          validation_data=(x_test, x_test))
