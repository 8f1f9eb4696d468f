"""Front ends for models in memory and in files: Keras models, `.keras` archives, torch modules."""
