#: modelled on: probes: intermediate tensors are taken out for later models
#: shows: a tensor that only a second model uses is not dead in the first
from keras import layers as kl, models as km

x = kl.Input((48, 48, 3))
a = kl.Conv2D(16, 3, padding='same', activation='relu')(x)
probe = kl.GlobalMaxPooling2D()(a)
p = kl.MaxPooling2D()(a)
c = kl.Conv2D(4, 3, padding='same')(p)
u = kl.UpSampling2D()(c)
y = kl.Conv2D(3, 3, padding='same', activation='sigmoid')(u)
ae = km.Model(x, y)
prober = km.Model(x, probe)
