#: modelled on: DCGAN code: `discriminator.trainable = False` for the combined model
#: shows: generator, discriminator and both together; frozen on purpose; tanh for images in [-1, 1]
from keras.datasets import mnist
from keras.layers import *
from keras.models import Sequential, Model
from keras.optimizers import Adam
import numpy as np

def build_generator(latent_dim=100):
    m = Sequential()
    m.add(Dense(128 * 7 * 7, activation="relu", input_dim=latent_dim))
    m.add(Reshape((7, 7, 128)))
    m.add(UpSampling2D())
    m.add(Conv2D(128, kernel_size=3, padding="same", use_bias=False))
    m.add(BatchNormalization(momentum=0.8))
    m.add(Activation("relu"))
    m.add(UpSampling2D())
    m.add(Conv2D(1, kernel_size=3, padding="same"))
    m.add(Activation("tanh"))
    noise = Input(shape=(latent_dim,))
    return Model(noise, m(noise))

def build_discriminator():
    m = Sequential()
    m.add(Conv2D(32, kernel_size=3, strides=2, input_shape=(28, 28, 1), padding="same"))
    m.add(LeakyReLU(0.2))
    m.add(Dropout(0.25))
    m.add(Conv2D(64, kernel_size=3, strides=2, padding="same"))
    m.add(LeakyReLU(0.2))
    m.add(Flatten())
    m.add(Dense(1, activation='sigmoid'))
    img = Input(shape=(28, 28, 1))
    return Model(img, m(img))

optimizer = Adam(0.0002, 0.5)
discriminator = build_discriminator()
discriminator.compile(loss='binary_crossentropy', optimizer=optimizer, metrics=['accuracy'])
generator = build_generator()
z = Input(shape=(100,))
img = generator(z)
discriminator.trainable = False
valid = discriminator(img)
combined = Model(z, valid)
combined.compile(loss='binary_crossentropy', optimizer=optimizer)

(X_train, _), (_, _) = mnist.load_data()
X_train = X_train / 127.5 - 1.
X_train = np.expand_dims(X_train, axis=3)
for epoch in range(4000):
    idx = np.random.randint(0, X_train.shape[0], 32)
    noise = np.random.normal(0, 1, (32, 100))
    gen = generator.predict(noise)
    d_loss = discriminator.train_on_batch(X_train[idx], np.ones((32, 1)))
    g_loss = combined.train_on_batch(noise, np.ones((32, 1)))
