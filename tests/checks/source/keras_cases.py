"""Keras sources whose graphs are compared with the models that Keras itself makes of them; each defines `model`."""

HEAD = """
import keras
from keras import layers, Input, Model, Sequential
from keras.layers import *
"""

QUESTION = """
input_image = Input(shape=(32, 32, 3))
conv1_1 = Conv2D(64, (3, 3), {conv}padding='same')(input_image)
{first}
conv1_2 = Conv2D(16, (3, 3), {conv}padding='same')(mpool1_1)
{second}
conv2_1 = Conv2D(16, (3, 3), {conv}padding='same')(encoder)
{third}
conv2_2 = Conv2D(32, (3, 3), {conv}padding='same')(up1_1)
{fourth}
decoder = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(up2_1)
model = Model(input_image, decoder)
"""


def _question(conv: str, *orders: str) -> str:
    names = [
        ("conv1_1", "bnorm1_1", "mpool1_1", "MaxPooling2D((2, 2), padding='same')"),
        ("conv1_2", "bnorm1_2", "encoder", "MaxPooling2D((2, 2), padding='same')"),
        ("conv2_1", "bnorm2_1", "up1_1", "UpSampling2D((2, 2))"),
        ("conv2_2", "bnorm2_2", "up2_1", "UpSampling2D((2, 2))"),
    ]
    stages = ["\n".join(orders).format(conv=one, bn=two, end=three, size=four) for one, two, three, four in names]
    return QUESTION.format(conv=conv, first=stages[0], second=stages[1], third=stages[2], fourth=stages[3])


METHOD_1 = _question("activation='relu', ", "{bn} = BatchNormalization()({conv})", "{end} = {size}({conv})")
METHOD_2 = _question("activation='relu', ", "{bn} = BatchNormalization()({conv})", "{end} = {size}({bn})")
POOL_BN = _question("activation='relu', ", "{bn} = {size}({conv})", "{end} = BatchNormalization()({bn})")
BN_RELU = _question(
    "", "{bn} = BatchNormalization()({conv})", "{bn}_r = Activation('relu')({bn})", "{end} = {size}({bn}_r)"
)

CASES: dict[str, str] = {
    "method-1": METHOD_1,
    "method-2": METHOD_2,
    "pool-bn": POOL_BN,
    "bn-relu": BN_RELU,
    "one-name": """
x = inputs = layers.Input((28, 28, 1))
for filters in [32, 16, 8]:
    x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D(2, padding="same")(x)
for filters in reversed([32, 16, 8]):
    x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
    x = layers.UpSampling2D(2)(x)
x = layers.Cropping2D(((2, 2), (2, 2)))(x)
model = Model(inputs, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x), name="ae")
""",
    "sequential-list": """
model = keras.Sequential([
    layers.Input(shape=(64, 64, 3)),
    layers.Conv2D(32, kernel_size=5, strides=2, padding='same', use_bias=False),
    layers.BatchNormalization(scale=False), layers.LeakyReLU(),
    layers.Conv2D(64, 3, strides=(2, 2), activation='elu'),
    layers.Conv2DTranspose(32, 4, strides=2, activation=keras.activations.relu),
    layers.Conv2DTranspose(3, (3, 3), strides=2, padding='same', activation='tanh'),
])
""",
    "sequential-add": """
model = Sequential()
model.add(Conv2D(16, (3, 3), activation='relu', padding='same', input_shape=(28, 28, 1)))
model.add(MaxPooling2D((2, 2), padding='same'))
model.add(Flatten())
model.add(Dense(64, activation='relu'))
model.add(Dropout(0.3))
model.add(Dense(14 * 14 * 16))
model.add(Reshape((14, 14, 16)))
model.add(UpSampling2D())
model.add(Conv2D(1, 3, padding='same', activation='sigmoid'))
""",
    "encoder-decoder": """
inputs = keras.Input((32, 32, 3))
x = Conv2D(8, 3, strides=2, padding='same', activation='relu')(inputs)
encoder = Model(inputs, Conv2D(4, 3, strides=2, padding='same')(x), name='encoder')
latent = keras.Input((8, 8, 4))
y = Conv2DTranspose(8, 3, strides=2, padding='same', activation='relu')(latent)
decoder = Model(latent, Conv2DTranspose(3, 3, strides=2, padding='same', activation='sigmoid')(y))
model = Model(inputs, decoder(encoder(inputs)))
""",
    "sequential-of-models": """
encoder = Sequential([Input((16, 16, 1)), Conv2D(4, 3, strides=2, padding='same'), Flatten(), Dense(10)])
decoder = Sequential([Input((10,)), Dense(8 * 8 * 4), Reshape((8, 8, 4)), Conv2DTranspose(1, 3, 2, 'same')])
model = Sequential([encoder, decoder])
""",
    "helper-functions": """
def block(x, filters, strides=1, *, norm=True):
    x = Conv2D(filters, 3, strides=strides, padding='same', use_bias=not norm)(x)
    if norm:
        x = BatchNormalization()(x)
    return ReLU()(x)

def up(x, filters):
    return block(UpSampling2D(2, interpolation='bilinear')(x), filters)

inp = Input((32, 32, 3))
z = block(block(inp, 16, 2), 32, strides=2, norm=False)
model = Model(inp, Conv2D(3, 1)(up(up(z, 16), 8)))
""",
    "residual": """
def residual(x, filters):
    skip = x if x.shape[-1] == filters else Conv2D(filters, 1)(x)
    y = Conv2D(filters, 3, padding='same', activation='relu')(x)
    y = Conv2D(filters, 3, padding='same')(y)
    return layers.add([skip, y])
inputs = Input((16, 16, 3))
x = residual(residual(inputs, 8), 8)
x = x + Conv2D(8, 1)(x)
model = Model(inputs, Conv2D(3, 1, activation='sigmoid')(x))
""",
    "unet": """
inputs = Input((32, 32, 1))
skips, x = [], inputs
for depth, width in enumerate((8, 16)):
    x = Conv2D(width, 3, padding='same', activation='relu', name=f'down_{depth}')(x)
    skips.append(x)
    x = MaxPooling2D()(x)
x = Conv2D(32, 3, padding='same', activation='relu')(x)
for width, skip in zip([16, 8], skips[::-1]):
    x = Conv2DTranspose(width, 2, strides=2)(x)
    x = concatenate([x, skip], axis=-1)
    x = Conv2D(width, 3, padding='same', activation='relu')(x)
model = Model(inputs, Conv2D(1, 1, activation='sigmoid')(x))
""",
    "valid-padding": """
i = Input((33, 29, 2))
x = Conv2D(4, 5)(i)
x = MaxPooling2D(3, strides=2)(x)
x = AveragePooling2D((2, 3), padding='same')(x)
x = Conv2D(6, (3, 2), dilation_rate=2, padding='same')(x)
x = ZeroPadding2D((1, 2))(x)
x = Conv2DTranspose(5, (5, 4), strides=(3, 2), padding='valid')(x)
x = Conv2DTranspose(5, 3, strides=2, padding='same', output_padding=1)(x)
model = Model(i, x)
""",
    "every-kind": """
i = Input((24, 24, 8))
x = DepthwiseConv2D(3, padding='same', depth_multiplier=2, activation='relu')(i)
x = SeparableConv2D(12, 3, padding='same')(x)
x = Conv2D(12, 3, groups=4, padding='same')(x)
x = LayerNormalization()(x)
x = GroupNormalization(groups=4)(x)
x = PReLU(shared_axes=[1, 2])(x)
x = SpatialDropout2D(0.2)(x)
x = GaussianNoise(0.1)(x)
a, b = Conv2D(6, 1)(x), Conv2D(6, 1)(x)
x = Multiply()([a, b])
x = Average()([x, Maximum()([a, b]), Subtract()([a, b])])
x = Concatenate()([x, a])
x = Permute((2, 1, 3))(x)
x = UpSampling2D((2, 1))(x)
y = GlobalAveragePooling2D()(x)
y = Dense(24 * 2, activation='softplus')(y)
y = RepeatVector(3)(y)
y = Flatten()(y)
y = Reshape((12, -1))(y)
x = GlobalMaxPooling2D(keepdims=True)(x)
model = Model(i, [y, x])
""",
    "shared-layer": """
shared = Conv2D(8, 3, padding='same')
i = Input((8, 8, 8))
x = shared(shared(i))
model = Model(i, Activation('relu')(x))
""",
    "two-inputs": """
a, b = Input((16, 16, 1)), Input((16, 16, 2))
x = Concatenate()([a, b])
x = Conv2D(4, 3, padding='same')(x)
model = Model(inputs=[a, b], outputs=[Conv2D(1, 1)(x), Conv2D(2, 1)(x)])
""",
    "dense": """
size = 28 * 28
model = Sequential([Input((size,)), Dense(size // 4, 'relu'), Dense(32), Dense(size // 4, 'relu'), Dense(size)])
""",
    "dense-on-maps": """
i = Input((4, 4, 3))
model = Model(i, Dense(5)(Dense(7, use_bias=False)(i)))
""",
    "build-function": """
def build_autoencoder(shape=(32, 32, 3), filters=(8, 16), latent=None):
    def encoder():
        x = inputs = Input(shape)
        for f in filters:
            x = Conv2D(f, 3, strides=2, padding='same', activation='relu')(x)
        if latent is not None:
            x = Dense(latent)(Flatten()(x))
        return Model(inputs, x, name='encoder')
    def decoder(shape):
        x = inputs = Input(shape)
        for f in filters[::-1]:
            x = Conv2DTranspose(f, 3, strides=2, padding='same', activation='relu')(x)
        return Model(inputs, Conv2D(3, 3, padding='same')(x), name='decoder')
    enc = encoder()
    dec = decoder(enc.output_shape[1:])
    return Model(enc.input, dec(enc.output))
model = build_autoencoder()
""",
    "trainable": """
encoder = Sequential([Input((16, 16, 1)), Conv2D(4, 3, padding='same'), BatchNormalization()])
encoder.trainable = False
i = Input((16, 16, 1))
last = Conv2D(1, 3, padding='same')
model = Model(i, last(encoder(i)))
""",
    "lambda-and-comprehension": """
i = Input((8, 8, 4))
towers = [Conv2D(n, k, padding='same')(i) for n, k in [(2, 1), (3, 3), (4, 5)] if k < 5]
make = lambda n: Conv2D(n, 3, padding='same')
model = Model(i, make(4)(concatenate(towers)))
""",
    "while-and-dict": """
settings = {'filters': 4, 'kernel_size': 3, 'padding': 'same'}
i = x = Input((32, 32, 3))
size = 32
while size > 8:
    x = Conv2D(**settings, strides=2)(x)
    size //= 2
    settings['filters'] *= 2
model = Model(i, x)
""",
    "class-that-builds": """
class Builder:
    WIDTH = 4
    def __init__(self, depth):
        self.depth = depth
        self.shape = (16, 16, 3)
    @property
    def widths(self):
        return [self.WIDTH * 2 ** n for n in range(self.depth)]
    @staticmethod
    def conv(x, width):
        return Conv2D(width, 3, padding='same', activation='relu')(x)
    def build(self):
        x = inputs = Input(self.shape)
        for width in self.widths:
            x = self.conv(x, width)
        return Model(inputs, x)
model = Builder(3).build()
""",
    "one-dimension": """
model = Sequential([Input((64, 2)), Conv1D(8, 5, padding='same', strides=2), MaxPooling1D(2), UpSampling1D(4),
                    Conv1DTranspose(2, 3, padding='same')])
""",
    "unknown-sides": """
i = Input(shape=(None, None, 3))
x = Conv2D(8, 3, strides=2, padding='same')(i)
model = Model(i, Conv2DTranspose(3, 3, strides=2, padding='same')(x))
""",
    "recurrent": """
i = Input((10, 6))
x = LSTM(8, return_sequences=True)(i)
x = GRU(4)(x)
model = Model(i, Dense(6)(RepeatVector(10)(x)))
""",
    "chained": """
i = Input((8, 8, 1))
model = Model(i, Conv2D(1, 3, padding='same')(ReLU()(BatchNormalization()(Conv2D(4, 3, padding='same')(i)))))
""",
}
"""By name; the code stands behind `HEAD`."""

SUBCLASSED: dict[str, str] = {
    "plain": """
class AE(keras.Model):
    def __init__(self, width=8):
        super().__init__()
        self.encoder = keras.Sequential([layers.Conv2D(width, 3, strides=2, padding='same', activation='relu'),
                                         layers.Conv2D(width // 2, 3, strides=2, padding='same')])
        self.up1 = layers.Conv2DTranspose(width, 3, strides=2, padding='same')
        self.up2 = layers.Conv2DTranspose(3, 3, strides=2, padding='same', activation='sigmoid')
    def call(self, x, training=False):
        z = self.encoder(x)
        return self.up2(self.up1(z))
model = AE()
""",
    "list-of-layers": """
class AE(keras.Model):
    def __init__(self, widths=(4, 8)):
        super(AE, self).__init__()
        self.down = [layers.Conv2D(w, 3, strides=2, padding='same') for w in widths]
        self.norms = [layers.BatchNormalization() for _ in widths]
        self.head = layers.Conv2D(3 * 16, 1)
    def call(self, x):
        for conv, norm in zip(self.down, self.norms):
            x = keras.ops.relu(norm(conv(x)))
        return layers.Reshape((32, 32, 3))(self.head(x))
model = AE()
""",
    "custom-layer": """
class Residual(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
    def build(self, input_shape):
        self.conv = layers.Conv2D(self.filters, 3, padding='same')
        self.skip = layers.Conv2D(self.filters, 1) if input_shape[-1] != self.filters else None
        self.scale = self.add_weight(shape=(self.filters,), initializer='ones', name='scale')
    def call(self, x):
        y = self.conv(x) * self.scale
        return y + (x if self.skip is None else self.skip(x))
class AE(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = [Residual(4), Residual(4), Residual(3)]
    def call(self, x):
        for part in self.body:
            x = part(x)
        return x
model = AE()
""",
    "inherited": """
class Base(keras.Model):
    def __init__(self, filters):
        super().__init__()
        self.conv = layers.Conv2D(filters, 3, padding='same')
        self.out = layers.Conv2D(3, 3, padding='same')
    def encode(self, x):
        return self.conv(x)
    def call(self, x):
        return self.out(self.encode(x))
class AE(Base):
    def __init__(self):
        super().__init__(filters=6)
        self.extra = layers.Conv2D(6, 1)
    def encode(self, x):
        return self.extra(super().encode(x))
model = AE()
""",
}
"""Subclassed models: Keras knows their parameters once they were called on images of 32×32×3."""
