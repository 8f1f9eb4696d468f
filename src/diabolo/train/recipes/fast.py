"""`fast`, the default: small batches and a one-cycle learning rate; in 3 epochs past what `keras` reaches in 50."""

from diabolo.train.recipe import Recipe

RECIPE = Recipe(
    name="fast",
    epochs=3,
    batch_size=50,
    optimiser="adam-keras",
    learning_rate=0.01,
    schedule="one-cycle",
    warmup=0.3,
    loss="bce",
    validation="held-out",
    keep="best",
)
