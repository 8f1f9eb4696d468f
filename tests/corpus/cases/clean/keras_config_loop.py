#: modelled on: config-driven builders
#: shows: layers from a table of dictionaries, with defaults and a dispatch by name
from keras import layers, Sequential

CONFIG = [
    dict(kind="conv", filters=32, activation="relu"),
    dict(kind="pool"),
    dict(kind="conv", filters=8),
    dict(kind="up"),
    dict(kind="conv", filters=32, activation="relu"),
    dict(kind="conv", filters=3, activation="sigmoid"),
]

def make(kind, **options):
    if kind == "conv":
        return layers.Conv2D(kernel_size=3, padding="same", **options)
    if kind == "pool":
        return layers.MaxPooling2D(**options)
    return layers.UpSampling2D(**options)

model = Sequential([layers.Input((32, 32, 3))])
for entry in CONFIG:
    model.add(make(**entry))
model.compile(optimizer="adam", loss="mse")
