#: modelled on: semi-supervised autoencoders: a picture and a class from one code
#: shows: accuracy is right for the class; the labels are a target of the second output
from keras import layers, Input, Model
from keras.datasets import cifar10

(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train = x_train.astype("float32") / 255
img = Input((32, 32, 3))
h = layers.Conv2D(32, 4, strides=2, padding="same", activation="relu")(img)
h = layers.Conv2D(16, 4, strides=2, padding="same", activation="relu")(h)
klass = layers.Dense(10, activation="softmax", name="klass")(layers.GlobalAveragePooling2D()(h))
d = layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu")(h)
rec = layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid", name="rec")(d)
model = Model(img, [rec, klass])
model.compile(
    optimizer="adam",
    loss={"rec": "mse", "klass": "sparse_categorical_crossentropy"},
    loss_weights={"rec": 10.0, "klass": 1.0},
    metrics={"klass": "accuracy"},
)
model.fit(x_train, {"rec": x_train, "klass": y_train}, epochs=10, batch_size=64, validation_split=0.1)
