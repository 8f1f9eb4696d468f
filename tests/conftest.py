"""What every test needs: Keras, the independent reference of many of them, computes with torch."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
