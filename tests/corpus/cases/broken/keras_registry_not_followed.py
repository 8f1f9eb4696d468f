#: modelled on: layers that come out of a registry by a name of the command line
#: shows: what the block does is not known, and that is said; the layer before it is used, whatever happens inside
import argparse
from keras import layers, Model, Input
from mylab.blocks import REGISTRY

args = argparse.ArgumentParser().parse_args()
i = Input((32, 32, 3))
h = layers.Conv2D(16, 3, padding="same", activation="relu")(i)
if args.bottleneck:  # expect: AE002/a
    h = REGISTRY[args.bottleneck](h, width=args.width)  # expect: AE002/a
o = layers.Conv2D(3, 3, padding="same", activation="sigmoid")(h)
Model(i, o)
