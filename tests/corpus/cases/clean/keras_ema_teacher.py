#: modelled on: mean-teacher copies: clone_model and an exponential moving average
#: shows: the teacher's forward pass is a target under stop_gradient
import tensorflow as tf
from tensorflow import keras

student = keras.Sequential([
    keras.layers.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 4, strides=2, padding='same', activation='relu'),
    keras.layers.Conv2D(8, 4, strides=2, padding='same'),
    keras.layers.Conv2DTranspose(32, 4, strides=2, padding='same', activation='relu'),
    keras.layers.Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid'),
])
teacher = keras.models.clone_model(student)
teacher.trainable = False
optimizer = keras.optimizers.Adam()

def step(x):
    target = tf.stop_gradient(teacher(x, training=False))
    with tf.GradientTape() as tape:
        y = student(x, training=True)
        loss = tf.reduce_mean((y - x) ** 2) + 0.1 * tf.reduce_mean((y - target) ** 2)
    grads = tape.gradient(loss, student.trainable_variables)
    optimizer.apply_gradients(zip(grads, student.trainable_variables))
    for t, s in zip(teacher.variables, student.variables):
        t.assign(0.999 * t + 0.001 * s)
    return loss
