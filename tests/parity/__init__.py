"""Our layers, models and training steps against Keras's own, on its torch back end."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # before anything here imports keras
