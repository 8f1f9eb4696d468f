#: modelled on: session transcripts pasted into keras-team/keras issues, prompts and all
#: shows: a snippet with `>>>` prompts and a printed answer in between
>>> from tensorflow.keras import layers, models
>>> inp = layers.Input((64, 64, 1))
>>> a = layers.Conv2D(2, 3, padding="same", activation="relu")(inp)
>>> d = layers.Dropout(0.3)(a)  # expect: AE101
>>> p = layers.MaxPooling2D(2)(a)
>>> u = layers.UpSampling2D(2)(p)
>>> out = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(u)
>>> m = models.Model(inp, out)
>>> m.count_params()
39
