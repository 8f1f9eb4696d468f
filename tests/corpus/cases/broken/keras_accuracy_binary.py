#: modelled on: keras-team/keras #2841 (CIFAR-10, "accuracies are only about 0.003")
#: shows: `acc` and BinaryAccuracy say nothing of a picture
import tensorflow as tf
L = tf.keras.layers
model = tf.keras.Sequential([
    L.Conv2D(32, 3, padding='same', activation='relu', input_shape=(32, 32, 3)),
    L.MaxPool2D(),
    L.Conv2D(8, 3, padding='same', activation='relu'),
    L.UpSampling2D(),
    L.Conv2D(3, 3, padding='same', activation='sigmoid'),
])
model.compile(
    'adam',
    loss='mean_squared_error',
    metrics=[
        'mae',
        'acc',  # expect: AE404
        tf.keras.metrics.BinaryAccuracy(),  # expect: AE404
    ],
)
model.fit(images, images, epochs=5, batch_size=32)
