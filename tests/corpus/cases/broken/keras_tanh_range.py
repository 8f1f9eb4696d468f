#: modelled on: AntixK/PyTorch-VAE #108 and tensorflow/swift-models #179 (tanh output, pixels in [0, 1])
#: shows: images divided by 255, output by tanh
import tensorflow as tf

(x_train, _), (x_test, _) = tf.keras.datasets.fashion_mnist.load_data()
x_train = x_train[..., None].astype("float32") / 255.0

autoencoder = tf.keras.Sequential([
    tf.keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu", input_shape=(28, 28, 1)),
    tf.keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
    tf.keras.layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu"),
    tf.keras.layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),  # expect: AE401/a
])
autoencoder.compile(optimizer="adam", loss="mse")  # expect: AE401/a
autoencoder.fit(x_train, x_train, epochs=5, batch_size=64, validation_split=0.1)  # expect: AE401/a
