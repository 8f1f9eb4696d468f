#: modelled on: tf.data pipelines
#: shows: cast and division in a mapped function; validation taken from the training images
import tensorflow as tf
from tensorflow.keras import layers

(train, _), (test, _) = tf.keras.datasets.cifar10.load_data()
train, val = train[:-5000], train[-5000:]

def prepare(x):
    x = tf.cast(x, tf.float32) / 255.0
    return x, x

ds = tf.data.Dataset.from_tensor_slices(train).map(prepare).shuffle(10000).batch(128).prefetch(2)
dv = tf.data.Dataset.from_tensor_slices(val).map(prepare).batch(256)
model = tf.keras.Sequential([
    layers.Input((32, 32, 3)),
    layers.Conv2D(64, 4, strides=2, padding='same', activation='gelu'),
    layers.Conv2D(12, 4, strides=2, padding='same'),
    layers.Conv2DTranspose(64, 4, strides=2, padding='same', activation='gelu'),
    layers.Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid'),
])
model.compile('adam', 'mse')
model.fit(ds, validation_data=dv, epochs=10)
model.evaluate(tf.data.Dataset.from_tensor_slices(test).map(prepare).batch(256))
