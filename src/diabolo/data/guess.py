"""'Did you mean' for data set names, and the list of what `--data` accepts."""

import difflib

from diabolo.data.catalogue import CATALOGUE

ACCEPTED = (
    f"a catalogue name ({', '.join(CATALOGUE)}), a folder of images, an .npy or .npz file, "
    "IDX files as of MNIST, or the python archive of CIFAR-10 or CIFAR-100"
)
"""What `load_data` and `--data` take, for messages."""


def did_you_mean(name: str) -> str:
    """ "; did you mean `cifar10`?", or nothing where no catalogue name is near."""
    plain = {_plain(known): known for known in CATALOGUE}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.7)
    return f"; did you mean `{plain[near[0]]}`?" if near else "."


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
