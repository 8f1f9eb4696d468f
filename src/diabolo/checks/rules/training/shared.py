"""An example that several rules of the family share."""

FIT = """
(x_train, _), (x_test, _) = cifar10.load_data()
x_train, x_test = x_train.astype('float32') / 255, x_test.astype('float32') / 255
image = Input((32, 32, 3))
encoded = Conv2D(16, 3, strides=2, padding='same', activation='relu')(image)
decoded = Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid')(encoded)
autoencoder = Model(image, decoded)
autoencoder.compile(optimizer='adam', loss='mse')
autoencoder.fit(x_train, x_train, epochs=50, batch_size=128, {validation})
"""
"""A whole small training in Keras; gap: `validation`, the last arguments of `fit`."""
