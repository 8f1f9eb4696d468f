"""Build hook: compiles the stage engine into the wheel; an install without a C++ compiler goes on without it."""

import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PACKAGE = Path("src/diabolo/kernels")


class StageEngineHook(BuildHookInterface):
    """Called by hatchling for wheels and editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles and adds the library; `version` is `standard` or `editable`."""
        if self.target_name != "wheel":
            return
        path = Path(self.root) / _PACKAGE / "compile.py"
        spec = importlib.util.spec_from_file_location("diabolo_compile", path)
        assert spec is not None
        assert spec.loader is not None
        compiler = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = compiler
        spec.loader.exec_module(compiler)
        if version == "editable":
            target = Path(self.root) / _PACKAGE / compiler.LIBRARY_NAME
            target.unlink(missing_ok=True)  # one of older sources would be worse than none
        else:
            self._folder = tempfile.TemporaryDirectory(prefix="diabolo-wheel-")
            target = Path(self._folder.name) / compiler.LIBRARY_NAME
        try:
            compiler.compile_library(target)
        except compiler.CompileError as error:
            self.app.display_warning(f"diabolo: the native stage engine was not built, torch is used instead: {error}")
            return
        if version != "editable":
            build_data["force_include"][str(target)] = f"diabolo/kernels/{compiler.LIBRARY_NAME}"
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{compiler.wheel_platform()}"
