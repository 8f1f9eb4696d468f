"""`keras`: the question's training to the letter, with Keras's defaults, test images as validation included."""

from diabolo.train.recipe import Recipe

RECIPE = Recipe(
    name="keras",
    epochs=50,
    batch_size=1000,
    optimiser="adam-keras",
    learning_rate=0.001,
    schedule="constant",
    loss="bce",
    validation="test",
    keep="last",
)
