"""PyTorch's layers that are followed without being understood: recurrent layers, attention, embeddings."""

from diabolo.checks.source.torch_kind import REQUIRED, Dims, Settings, TorchKind, is_on, known, number


def _recurrent(gates: int) -> TorchKind:
    def dims_after(dims: Dims, settings: Settings) -> Dims:
        hidden, both = number(settings, "hidden_size") or 0, is_on(settings, "bidirectional")
        return (*dims[:-1], hidden * (2 if both else 1)) if dims else ()

    def weights(dims: Dims, settings: Settings) -> tuple[int, int]:
        into, hidden = number(settings, "input_size"), number(settings, "hidden_size")
        layers, directions = number(settings, "num_layers"), 2 if is_on(settings, "bidirectional") else 1
        if not into or not hidden or not layers:
            return 0, 0
        bias = 2 * hidden if is_on(settings, "bias") else 0
        first = gates * ((into + hidden) * hidden + bias)
        later = gates * ((hidden * directions + hidden) * hidden + bias)
        return directions * (first + (layers - 1) * later), 0

    return TorchKind(
        kind="recurrent",
        parameters=(
            ("input_size", REQUIRED),
            ("hidden_size", REQUIRED),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0.0),
            ("bidirectional", False),
            ("proj_size", 0),
        ),
        dims=dims_after,
        attributes=lambda settings: known(units=settings.get("hidden_size")),
        weights=weights,
    )


def _embedding_weights(dims: Dims, settings: Settings) -> tuple[int, int]:
    rows, columns = number(settings, "num_embeddings"), number(settings, "embedding_dim")
    return (rows or 0) * (columns or 0), 0


def _attention_weights(dims: Dims, settings: Settings) -> tuple[int, int]:
    width = number(settings, "embed_dim")
    if not width or settings.get("kdim") is not None or settings.get("vdim") is not None:
        return 0, 0
    return 4 * width * width + (4 * width if is_on(settings, "bias") else 0), 0


LAYERS = {
    "RNN": _recurrent(1),
    "GRU": _recurrent(3),
    "LSTM": _recurrent(4),
    "RNNCell": TorchKind(kind="recurrent", dims=lambda dims, settings: ()),
    "GRUCell": TorchKind(kind="recurrent", dims=lambda dims, settings: ()),
    "LSTMCell": TorchKind(kind="recurrent", dims=lambda dims, settings: ()),
    "Embedding": TorchKind(
        kind="embedding",
        parameters=(("num_embeddings", REQUIRED), ("embedding_dim", REQUIRED)),
        dims=lambda dims, settings: (*dims, number(settings, "embedding_dim") or 0) if dims else (),
        weights=_embedding_weights,
    ),
    "MultiheadAttention": TorchKind(
        kind="attention",
        parameters=(
            ("embed_dim", REQUIRED),
            ("num_heads", REQUIRED),
            ("dropout", 0.0),
            ("bias", True),
            ("add_bias_kv", False),
            ("add_zero_attn", False),
            ("kdim", None),
            ("vdim", None),
            ("batch_first", False),
        ),
        weights=_attention_weights,
    ),
    "TransformerEncoderLayer": TorchKind(kind="attention"),
    "TransformerDecoderLayer": TorchKind(kind="attention"),
    "TransformerEncoder": TorchKind(kind="attention"),
    "TransformerDecoder": TorchKind(kind="attention"),
    "Transformer": TorchKind(kind="attention"),
    "Bilinear": TorchKind(kind="module", dims=lambda dims, settings: ()),
    "Fold": TorchKind(kind="module", dims=lambda dims, settings: ()),
    "Unfold": TorchKind(kind="module", dims=lambda dims, settings: ()),
    "CosineSimilarity": TorchKind(kind="module", dims=lambda dims, settings: ()),
    "PairwiseDistance": TorchKind(kind="module", dims=lambda dims, settings: ()),
    "ChannelShuffle": TorchKind(kind="permute", parameters=(("groups", REQUIRED),)),
}
"""Recurrent and other layers, by class."""

SEVERAL_RESULTS = {"RNN": 2, "GRU": 2, "LSTM": 2, "MultiheadAttention": 2, "LSTMCell": 2}
"""Classes that give several results, of which the first is the one that the next layer takes."""
