#: modelled on: AppliedDataSciencePartners/WorldModels #12 (posterior collapse: reconstruction as a mean, KL as a sum)
#: shows: the mean over 64 * 64 * 3 values against a KL that is summed over the latent: the KL weighs 12,288 times too much
from tensorflow import keras
from tensorflow.keras import layers, backend as K

def sampling(args):
    z_mean, z_log_var = args
    eps = K.random_normal(shape=K.shape(z_mean))
    return z_mean + K.exp(z_log_var / 2) * eps

inp = keras.Input((64, 64, 3))
h = layers.Conv2D(32, 4, strides=2, activation='relu', padding='same')(inp)
h = layers.Conv2D(64, 4, strides=2, activation='relu', padding='same')(h)
h = layers.Conv2D(64, 4, strides=2, activation='relu', padding='same')(h)
h = layers.Flatten()(h)
z_mean = layers.Dense(32)(h)
z_log_var = layers.Dense(32)(h)
z = layers.Lambda(sampling)([z_mean, z_log_var])
h = layers.Dense(8 * 8 * 64, activation='relu')(z)
h = layers.Reshape((8, 8, 64))(h)
h = layers.Conv2DTranspose(64, 4, strides=2, activation='relu', padding='same')(h)
h = layers.Conv2DTranspose(32, 4, strides=2, activation='relu', padding='same')(h)
out = layers.Conv2DTranspose(3, 4, strides=2, activation='sigmoid', padding='same')(h)
vae = keras.Model(inp, out)

r_loss = K.mean(K.square(inp - out), axis=[1, 2, 3])
kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)  # expect: AE407/a
vae.add_loss(K.mean(r_loss + kl_loss))  # expect: AE407/a
vae.compile(optimizer='adam')
