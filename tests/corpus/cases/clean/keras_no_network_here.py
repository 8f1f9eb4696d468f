#: modelled on: files of the same folder that only use trained models
#: shows: loading, predicting, plotting
import numpy as np
import matplotlib.pyplot as plt
from tensorflow import keras

autoencoder = keras.models.load_model("ae.keras")
images = np.load("test.npy") / 255.0
decoded = autoencoder.predict(images)
errors = np.mean((decoded - images) ** 2, axis=(1, 2, 3))
worst = np.argsort(errors)[-8:]
for n, k in enumerate(worst):
    plt.subplot(2, 8, n + 1)
    plt.imshow(images[k])
    plt.subplot(2, 8, n + 9)
    plt.imshow(decoded[k])
plt.show()
