#: modelled on: down-sampling moved from pooling into strides, and one pooling left in
#: shows: strides and pooling give 8, the decoder gives 4: an input of any size comes back half as large
import tensorflow as tf
kl = tf.keras.layers

entree = kl.Input(shape=(None, None, 1))
h = kl.Conv2D(16, 3, strides=2, padding='same', activation='relu')(entree)
h = kl.MaxPooling2D(2, padding='same')(h)
h = kl.Conv2D(8, 3, strides=2, padding='same', activation='relu')(h)
h = kl.Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu')(h)
h = kl.Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu')(h)
sortie = kl.Conv2D(1, 3, padding='same', activation='sigmoid')(h)  # expect: AE503
modele = tf.keras.Model(entree, sortie)
modele.compile('adam', 'mse')
modele.fit(images, images)
