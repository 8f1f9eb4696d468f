"""The exported model at work, without diabolo: python examples/use_onnx.py model.onnx photo.jpg result.png"""

import sys

import numpy as np
import onnxruntime
from PIL import Image

model, photo, result = sys.argv[1:]
image = np.asarray(Image.open(photo).convert("RGB"))
image = image[: image.shape[0] // 4 * 4, : image.shape[1] // 4 * 4]  # the model works on blocks of 4×4 pixels
session = onnxruntime.InferenceSession(model)
(made,) = session.run(None, {session.get_inputs()[0].name: image[None]})
Image.fromarray(made[0]).save(result)
