"""What needs no training: the mean image, PCA, JPEG, WebP and the floor of cross-entropy, as bars beside a model's."""

from diabolo.references.blocks import choose_block
from diabolo.references.cache import cache_key, read_references, write_references
from diabolo.references.gather import references_for
from diabolo.references.reference import Reference

__all__ = ["Reference", "cache_key", "choose_block", "read_references", "references_for", "write_references"]
