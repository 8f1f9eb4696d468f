#: modelled on: milesial/Pytorch-UNet, in Keras: skips on purpose, a mask as the target
#: shows: the output has one channel where the input has three, since it is no reconstruction
from tensorflow import keras
from tensorflow.keras import layers

def double_conv(x, f):
    for _ in range(2):
        x = layers.Conv2D(f, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
    return x

inputs = keras.Input((128, 128, 3))
skips = []
x = inputs
for f in (32, 64, 128):
    x = double_conv(x, f)
    skips.append(x)
    x = layers.MaxPooling2D()(x)
x = double_conv(x, 256)
for f, skip in zip((128, 64, 32), reversed(skips)):
    x = layers.Conv2DTranspose(f, 2, strides=2, padding="same")(x)
    x = layers.concatenate([x, skip])
    x = double_conv(x, f)
masks = layers.Conv2D(1, 1, activation="sigmoid")(x)
unet = keras.Model(inputs, masks)
unet.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
unet.fit(images, segmentation_masks, epochs=20, batch_size=16, validation_split=0.1)
