#: modelled on: taldatech/soft-intro-vae-pytorch #13 and keras-team/keras threads "val_loss far above loss in the first epochs"
#: may: AE604
#: shows: momentum 0.999 at 2 epochs of 49 steps: at the end of the training the averages still hold 91% of their initial values
import keras
from keras import layers
from keras.datasets import cifar10

(x_tr, _), _ = cifar10.load_data()
x_tr = x_tr / 255.0

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    layers.Conv2D(32, 3, padding="same", use_bias=False),
    layers.BatchNormalization(momentum=0.999),  # expect: AE307/a
    layers.ReLU(),
    layers.MaxPooling2D(),
    layers.Conv2D(8, 3, padding="same"),
    layers.UpSampling2D(),
    layers.Conv2D(3, 3, padding="same", activation="sigmoid"),
])
model.compile(optimizer="adam", loss="mse")
model.fit(x_tr, x_tr, batch_size=1024, epochs=2, validation_split=0.02)  # expect: AE307/a
