"""What several rules of the family share: what overwrites a result, and an example."""

from diabolo.checks.rules.shared.kinds import LINEAR_LAYERS, NORMALISATIONS
from diabolo.checks.rules.shared.walk import dead_end
from diabolo.graph import ModelGraph, Node


def may_read(graph: ModelGraph, reader: Node, instead: Node, new: Node) -> bool:
    """Whether a layer can be handed another tensor: PyTorch's layers are made for one number of channels."""
    if graph.origin != "torch" or reader.kind not in LINEAR_LAYERS | NORMALISATIONS:
        return True
    return not (instead.shape and new.shape) or instead.shape[-1] == new.shape[-1]


def overwriting(graph: ModelGraph, node: Node) -> Node | None:
    """Of a dead end whose variable is given another value unread: the node there that reads what its branch reads.

    It was meant to read the branch; None where the variable is merely used for something else later.
    """
    _, parent = dead_end(graph, node)
    overwritten = node.overwritten
    if parent is None or overwritten is None or graph.consumers(node.name):
        return None
    order = {other.name: index for index, other in enumerate(graph.nodes)}
    for other in graph.consumers(parent.name):
        place = other.place
        if place is None or place == node.place or order[other.name] < order[node.name]:
            continue  # the same place: the next turn of a loop
        if place.cell == overwritten.cell and place.row <= overwritten.last_row and place.last_row >= overwritten.row:
            return other
    return None


AUTOENCODER = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 4, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)

    def forward(self, images):
        return torch.sigmoid(self.up(F.relu(self.down(images))))

"""
"""A small model, before a loop that trains it."""
