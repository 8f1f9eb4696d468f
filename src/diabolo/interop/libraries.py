"""Optional libraries: imported when they are needed, and missed in one clear paragraph."""

import importlib
from types import ModuleType

from diabolo.errors import DiaboloError

_PACKAGES = {"h5py": "h5py", "keras": "keras", "onnx": "onnx", "onnxruntime": "onnxruntime"}


def need(module: str, purpose: str) -> ModuleType:
    """Imports a library.

    Args:
        module: its name, as `import` takes it.
        purpose: what needs it, to stand before 'needs'.

    Raises:
        DiaboloError: it is not installed, or does not start.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = _PACKAGES.get(module, module)
        missing = error.name == module.split(".")[0]
        reason = "which is not installed" if missing else f"which does not start here ({error})"
        raise DiaboloError(f"{purpose} needs `{package}`, {reason}; `pip install {package}` brings it") from None
