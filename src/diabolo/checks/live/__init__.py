"""Live front ends: Keras models, `.keras` files, PyTorch modules; torch is loaded only by modules of its own."""
