#: modelled on: noise2noise and denoising U-Nets (joeylitalien/noise2noise-pytorch): skips are the point
#: shows: noisy pictures in, clean ones out, full-resolution skip and a residual: no bottleneck is bypassed by mistake
from keras import layers, Input, Model

noisy = Input((64, 64, 3))
e1 = layers.Conv2D(48, 3, padding="same", activation="leaky_relu")(noisy)
p1 = layers.MaxPooling2D()(e1)
e2 = layers.Conv2D(48, 3, padding="same", activation="leaky_relu")(p1)
p2 = layers.MaxPooling2D()(e2)
mid = layers.Conv2D(48, 3, padding="same", activation="leaky_relu")(p2)
u2 = layers.UpSampling2D()(mid)
m2 = layers.Concatenate()([u2, e2])
d2 = layers.Conv2D(96, 3, padding="same", activation="leaky_relu")(m2)
u1 = layers.UpSampling2D()(d2)
m1 = layers.Concatenate()([u1, e1])
d1 = layers.Conv2D(64, 3, padding="same", activation="leaky_relu")(m1)
residual = layers.Conv2D(3, 3, padding="same")(d1)
clean = layers.Subtract()([noisy, residual])
net = Model(noisy, clean)
net.compile("adam", "mae")
net.fit(x_noisy, x_clean, batch_size=8, epochs=100, validation_data=(v_noisy, v_clean))
