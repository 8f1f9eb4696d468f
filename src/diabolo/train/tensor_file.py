"""Named tensors and a little JSON in one safetensors file, with a checksum: a flipped bit is found, not trained on."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from diabolo.errors import RunError
from diabolo.files import atomic_path


def write_tensors(target: Path, tensors: Mapping[str, Tensor], content: Mapping[str, Any]) -> None:
    """Writes tensors from any device and a JSON document that travels in the file's metadata, atomically.

    Raises:
        OutputError: the file cannot be written, or the disk is full.
    """
    on_cpu = {name: value.detach().to("cpu").contiguous() for name, value in tensors.items()}
    document = json.dumps(content)
    # Not save_file: it hides a full disk in an exception of its own.
    packed = save(on_cpu, metadata={"diabolo": document, "sha256": _checksum(on_cpu, document)})
    with atomic_path(target) as temporary:
        temporary.write_bytes(packed)


def read_tensors(source: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors of a file that `write_tensors` made, and its document.

    A file without a checksum is taken as it is: other tools that rewrite safetensors drop it.

    Raises:
        RunError: it is missing, not readable, truncated, damaged, or not ours.
    """
    try:
        with safe_open(source, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
        document = metadata.get("diabolo")
        if document is None:
            raise ValueError("diabolo did not write it")
        if metadata.get("sha256") not in (None, _checksum(tensors, document)):
            raise ValueError("its checksum is wrong")
        content = json.loads(document)
        if not isinstance(content, dict):
            raise ValueError("its document is no table")
    except FileNotFoundError:  # what safetensors also says of a file that may not be read
        if source.is_file():
            raise RunError(f"`{source}` cannot be read: no permission; change its permissions") from None
        raise RunError(f"`{source}` is missing: nothing was kept there yet, or it was deleted") from None
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(
            f"`{source}` is truncated or damaged ({error}); restore it from a copy, or train again in another folder"
        ) from None
    return tensors, content


def _checksum(tensors: Mapping[str, Tensor], document: str) -> str:
    """Sha256 (hex) over the document and each tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(document.encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
