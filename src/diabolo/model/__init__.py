"""Models: a graph as a plain torch module, with its initial weights."""

from diabolo.model.autoencoder import AutoEncoder
from diabolo.model.build import build_model
from diabolo.model.closed_form import Batches, initialise_closed_form
from diabolo.model.initialise import INITIALISATIONS, derive_seed, initialise
from diabolo.model.main_path import matrices, parameters_on_main_path

__all__ = [
    "INITIALISATIONS",
    "AutoEncoder",
    "Batches",
    "build_model",
    "derive_seed",
    "initialise",
    "initialise_closed_form",
    "matrices",
    "parameters_on_main_path",
]
