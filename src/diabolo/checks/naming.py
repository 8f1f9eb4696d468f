"""How messages call a node: by the name that its writer gave it, else by its class."""

from diabolo.graph import Node


def called(node: Node, *, brief: bool = False) -> str:
    """`` `bnorm1_1` (BatchNormalization) `` where the source has a name for it, else `` `BatchNormalization` ``.

    Args:
        node: to be named.
        brief: leaves out the class where there is a name.
    """
    if node.variable:
        return f"`{node.variable}`" if brief else f"`{node.variable}` ({node.title})"
    if node.place is not None and node.kind not in ("input", "add"):
        return f"`{node.title}` in row {node.place.row}" if node.place.row > 1 else f"`{node.title}`"
    return f"`{node.name}`" if brief else f"`{node.name}` ({node.title})"
