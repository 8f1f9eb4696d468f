#: modelled on: DearCaat/RRT-MIL #22, thuml/Time-Series-Library #207 (early stopping on the test set)
#: shows: the test images choose the epoch that is then reported on them
from tensorflow import keras
from tensorflow.keras import layers

(x_train, _), (x_test, _) = keras.datasets.cifar10.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
m = keras.Sequential([
    keras.Input((32, 32, 3)),
    layers.Conv2D(48, 4, strides=2, padding="same", activation="elu"),
    layers.Conv2D(12, 4, strides=2, padding="same"),
    layers.Conv2DTranspose(48, 4, strides=2, padding="same", activation="elu"),
    layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid"),
])
m.compile(optimizer="adam", loss="mse")
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True)
m.fit(x_train, x_train, epochs=200, batch_size=128, callbacks=[stop], validation_data=(x_test, x_test))  # expect: AE601
print("test mse", m.evaluate(x_test, x_test))
