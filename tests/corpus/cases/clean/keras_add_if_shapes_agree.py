#: modelled on: keras.applications' inverted residual blocks: an addition only where the channels agree
#: shows: the condition hangs on numbers that the caller gives; where it does not hold, nothing is added
from keras import layers, Input, Model

def block(x, filters, stride, name):
    channels = x.shape[-1]
    h = layers.Conv2D(4 * channels, 1, use_bias=False, name=name + "_expand")(x)
    h = layers.BatchNormalization()(h)
    h = layers.ReLU(6.0)(h)
    h = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(h)
    h = layers.BatchNormalization()(h)
    h = layers.ReLU(6.0)(h)
    h = layers.Conv2D(filters, 1, use_bias=False, name=name + "_project")(h)
    h = layers.BatchNormalization()(h)
    if channels == filters and stride == 1:
        return layers.Add(name=name + "_add")([x, h])
    return h

def build(alpha=1.0, size=None):
    image = Input((size, size, 3))
    width = int(16 * alpha)
    x = layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    x = block(x, width, 1, "a")
    x = block(x, int(24 * alpha), 2, "b")
    x = block(x, int(24 * alpha), 1, "c")
    return Model(image, x)
