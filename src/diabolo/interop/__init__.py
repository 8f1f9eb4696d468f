"""Models in other systems' formats: to ONNX, Keras and torch, from Keras and torch; trackers of training.

The formats' own libraries are imported where they are needed, never before.
"""
