"""Audits of the source: no code from files, no raw writes, no wall clock, no network but in its place."""

import ast
import re
import sys
import tomllib

from source_tree import ROOT, calls, imported, modules

_CODE = {"eval", "exec", "compile", "__import__", "builtins.eval", "builtins.exec"}
_PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml"}
_UNPACKED = {"extractall", "extract", "unpack_archive"}
# Modules that open files for writing by themselves, and why that is right.
_RAW_WRITERS = {
    "files.py": "the atomic writer",
    "runs/lock.py": "a lock is made, not written",
    "data/download.py": "a download is continued after a kill; it is verified before it gets its name",
    "data/npm.py": "the log of npm, in a scratch folder",
    "data/folder_builder.py": "pixels are added behind those that the record counts",
    "data/pixel_file.py": "pixels are added behind those that the record counts",
    "api/compare_train.py": "`train.log` is appended to by the trainings themselves",
    "kernels/compile.py": "a scratch folder",
    "interop/keras/process.py": "a scratch folder",
    "interop/keras/worker.py": "a scratch folder",
    "interop/keras/weights_file.py": "a scratch folder",
    "use/latents.py": "its functions are given the temporary path as `target`",
}
_NETWORK = {"data/connection.py"}
_PROGRAMS = {
    "data/npm.py", "kernels/compile.py", "api/compare_train.py", "checks/live/hdf5.py", "interop/keras/process.py",
}  # fmt: skip
_FROM_A_FILE = {
    "zoo/resolve.py",  # `file.py:name` runs that file; SECURITY.md says so
    "interop/keras/worker.py",  # runs the source that the export itself has just written
}
_WALL_CLOCK = {
    "api/job.py", "api/compare.py", "api/report.py", "api/import_model.py", "use/calibration.py",  # written down only
    "data/stamps.py", "data/listing.py",  # how fresh a file's own time is; a clock that jumps costs a second look
}  # fmt: skip


def in_bench(name: str) -> bool:
    """Benchmarks run other engines in environments of their own, and keep nothing of a user's."""
    return name.startswith("bench/")


def test_nothing_is_run_that_comes_from_a_file() -> None:
    found = [(name, node.lineno, called) for name, node, called in calls() if called in _CODE]
    assert [place for place in found if not in_bench(place[0])] == []
    ran = {name for name, _, called in calls() if called.endswith("exec_module")}
    assert ran <= _FROM_A_FILE


def test_no_pickles() -> None:
    assert [(name, module) for name, module in imported() if module in _PICKLES] == []
    for name, node, called in calls():
        if in_bench(name):
            continue
        if called.split(".")[-2:] == ["torch", "load"]:
            chosen = {word.arg: word.value for word in node.keywords}
            safe = chosen.get("weights_only")  # torch's own small reader: tensors and plain values, nothing else
            assert isinstance(safe, ast.Constant), f"{name}:{node.lineno} torch.load runs what a file says"
            assert safe.value is True, f"{name}:{node.lineno}"
        if called in ("np.load", "numpy.load", "np.lib.format.read_array", "np.lib.format.write_array"):
            chosen = {word.arg: word.value for word in node.keywords}
            value = chosen.get("allow_pickle")
            assert isinstance(value, ast.Constant), f"{name}:{node.lineno} `{called}` does not say allow_pickle=False"
            assert value.value is False, f"{name}:{node.lineno}"


def test_no_shells() -> None:
    for name, node, called in calls():
        assert not called.startswith(("os.system", "os.popen")), f"{name}:{node.lineno}"
        assert all(word.arg != "shell" for word in node.keywords), f"{name}:{node.lineno} shell="
    starters = {name for name, module in imported() if module == "subprocess"}
    assert {name for name in starters if not in_bench(name)} <= _PROGRAMS


def test_archives_are_never_unpacked() -> None:
    places = [(name, node.lineno, called) for name, node, called in calls() if called.split(".")[-1] in _UNPACKED]
    assert places == []


def test_the_network_has_one_door() -> None:
    doors = {"urllib", "http", "socket", "ftplib", "smtplib", "requests", "httpx", "aiohttp", "xmlrpc"}
    users = {name for name, module in imported() if module in doors and not in_bench(name)}
    assert users - {"checks/formats/sarif.py"} <= _NETWORK  # which only quotes paths with `urllib.parse`


def test_every_write_is_atomic() -> None:
    """A file is written inside `atomic_path`, whose block names its path `temporary…`, or by modules listed above."""
    found = []
    for name, node, called in calls():
        if name in _RAW_WRITERS or in_bench(name):
            continue
        last = called.split(".")[-1]
        target = called.rpartition(".")[0]
        if last in ("write_text", "write_bytes", "touch") and called != "write_text":
            is_raw = "temporary" not in target
        elif last == "open" and target not in ("Image", "tarfile", "zipfile", "gzip", "archive", "os"):
            mode = _mode(node, is_method=bool(target))
            is_raw = bool(set(mode) & set("wax+")) and "temporary" not in target
        else:
            continue
        if is_raw:
            found.append(f"{name}:{node.lineno} {called}")
    assert found == []


def _mode(node: ast.Call, *, is_method: bool) -> str:
    place = 0 if is_method else 1
    value = (
        node.args[place] if len(node.args) > place else next((w.value for w in node.keywords if w.arg == "mode"), None)
    )
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def test_no_wall_clock_in_logic() -> None:
    """A clock that jumps changes nothing: the wall clock is only written down, as the time of a start or of a page."""
    clocks = (
        "time.time",
        "time.time_ns",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.ctime",
    )
    users = {name for name, _, called in calls() if called.endswith(clocks) and not in_bench(name)}
    assert users <= _WALL_CLOCK


def declared() -> tuple[set[str], set[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def names(entries: list[str]) -> set[str]:
        return {re.split(r"[\s<>=!~;\[]", entry)[0].lower().replace("_", "-") for entry in entries}

    return names(project["dependencies"]), set().union(*map(names, project["optional-dependencies"].values()))


_IMPORT_NAMES = {"pillow": "PIL", "tomli-w": "tomli_w", "scikit-learn": "sklearn", "scikit-image": "skimage"}


def test_arrays_are_not_written_by_the_c_library() -> None:
    """numpy does not look whether the last bytes of an array reached the disk; `files.write_array` does."""
    found = [(name, node.lineno, called) for name, node, called in calls()
             if called.split(".")[-1] == "tofile" or called in ("np.save", "numpy.save")]  # fmt: skip
    assert [place for place in found if not in_bench(place[0])] == []


def test_what_is_needed_is_declared_used_and_pinned() -> None:
    """Holds the lists to each other; whether a version has a known weakness can only be looked up on the network."""
    needed, _ = declared()
    used = {module for _, module in imported()}
    assert {name for name in needed if _IMPORT_NAMES.get(name, name) not in used} == set()
    pinned = {line.split("==")[0].lower().replace("_", "-")
              for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}  # fmt: skip
    assert needed - pinned == set()


def test_what_is_imported_at_the_top_is_declared() -> None:
    """Imports inside functions may be of optional libraries; those at the top of a module are always needed."""
    needed, _ = declared()
    known = {*sys.stdlib_module_names, "diabolo", *(_IMPORT_NAMES.get(name, name) for name in needed)}
    found = set()
    for name, tree in modules():
        if in_bench(name):
            continue
        for node in tree.body:
            heads = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                heads = [node.module]
            found |= {(name, head.split(".")[0]) for head in heads if head.split(".")[0] not in known}
    assert found == set()
