#: modelled on: decoders trained on a frozen, pretrained VGG16
#: shows: freezing what was trained elsewhere is the purpose
from tensorflow.keras.applications import VGG16
from tensorflow.keras import layers, Model, Input

vgg = VGG16(include_top=False, weights='imagenet', input_shape=(64, 64, 3))
vgg.trainable = False
img = Input((64, 64, 3))
z = vgg(img)
x = z
for f in (256, 128, 64, 32, 16):
    x = layers.Conv2DTranspose(f, 4, strides=2, padding='same', use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.LeakyReLU(0.2)(x)
out = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = Model(img, out)
model.compile('adam', 'mse')
