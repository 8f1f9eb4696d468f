#: modelled on: the Keras VAE example of many years: Lambda sampling, three models, add_loss, sums on both sides
#: shows: the sampling draws from mean and variance; both terms are sums over an image
import keras
from keras import layers, backend as K
from keras.losses import binary_crossentropy

def sampling(args):
    """Draws z by the reparameterisation trick."""
    z_mean, z_log_var = args
    batch = K.shape(z_mean)[0]
    dim = K.int_shape(z_mean)[1]
    epsilon = K.random_normal(shape=(batch, dim))
    return z_mean + K.exp(0.5 * z_log_var) * epsilon

latent_dim = 2
image_size = 28
inputs = layers.Input(shape=(28, 28, 1), name='encoder_input')
x = inputs
filters = 16
for i in range(2):
    filters *= 2
    x = layers.Conv2D(filters=filters, kernel_size=4, activation='relu', strides=2, padding='same')(x)
shape = K.int_shape(x)
x = layers.Flatten()(x)
x = layers.Dense(16, activation='relu')(x)
z_mean = layers.Dense(latent_dim, name='z_mean')(x)
z_log_var = layers.Dense(latent_dim, name='z_log_var')(x)
z = layers.Lambda(sampling, output_shape=(latent_dim,), name='z')([z_mean, z_log_var])
encoder = keras.Model(inputs, [z_mean, z_log_var, z], name='encoder')

latent_inputs = layers.Input(shape=(latent_dim,), name='z_sampling')
x = layers.Dense(shape[1] * shape[2] * shape[3], activation='relu')(latent_inputs)
x = layers.Reshape((shape[1], shape[2], shape[3]))(x)
for i in range(2):
    x = layers.Conv2DTranspose(filters=filters, kernel_size=4, activation='relu', strides=2, padding='same')(x)
    filters //= 2
outputs = layers.Conv2DTranspose(filters=1, kernel_size=3, activation='sigmoid', padding='same', name='decoder_output')(x)
decoder = keras.Model(latent_inputs, outputs, name='decoder')

outputs = decoder(encoder(inputs)[2])
vae = keras.Model(inputs, outputs, name='vae')
reconstruction_loss = binary_crossentropy(K.flatten(inputs), K.flatten(outputs))
reconstruction_loss *= image_size * image_size
kl_loss = 1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)
kl_loss = K.sum(kl_loss, axis=-1)
kl_loss *= -0.5
vae.add_loss(K.mean(reconstruction_loss + kl_loss))
vae.compile(optimizer='rmsprop')
