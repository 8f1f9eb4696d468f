"""`diabolo check`: what it prints, its exit codes, what it mends, what it leaves alone."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from check_sources import DEAD_ROWS, METHOD_1, METHOD_2
from cli_builders import PROGRAM, Command
from syrupy.assertion import SnapshotAssertion


@pytest.fixture
def method_1(tmp_path: Path) -> Path:
    path = tmp_path / "method1.py"
    path.write_text(METHOD_1)
    return path


def findings(out: str, severity: str = "error") -> list[tuple[str, int]]:
    found = json.loads(out)["findings"]
    return [(finding["code"], finding["row"]) for finding in found if finding["severity"] == severity]


def test_the_question(method_1: Path, diabolo: Command, snapshot: SnapshotAssertion) -> None:
    """Exactly the four layers that were never connected, and no other error."""
    answer = diabolo("check", method_1.name)
    assert answer.code == 1
    assert answer.out == snapshot
    assert findings(diabolo("check", method_1, "--json").out) == [("AE101", row) for row in DEAD_ROWS]


def test_the_second_version_has_no_error(tmp_path: Path, diabolo: Command) -> None:
    (tmp_path / "method2.py").write_text(METHOD_2)
    answer = diabolo("check", "method2.py", "--json")
    assert answer.code == 0
    assert findings(answer.out) == []
    assert diabolo("check", "method2.py", "--strict").code == 1  # it is validated on the test images


def test_mending_makes_the_second_version(method_1: Path, diabolo: Command) -> None:
    method_1.chmod(0o640)
    answer = diabolo("check", method_1, "--unsafe-fixes")
    assert answer.code == 0
    assert method_1.read_text() == METHOD_2
    assert method_1.stat().st_mode & 0o777 == 0o640
    assert answer.err.count("mended AE101") == 4


def test_mended_code_is_what_keras_counts(method_1: Path, diabolo: Command) -> None:
    """19,363 parameters, 19,107 of them trained, in real Keras."""
    diabolo("check", method_1, "--unsafe-fixes")
    model = method_1.read_text().split("autoencoder.compile")[0]
    program = "from keras import *\nfrom keras.layers import *\nfrom keras.models import Model\n" + model
    program += "print(autoencoder.count_params(), sum(w.numpy().size for w in autoencoder.trainable_weights))\n"
    environment = {**os.environ, "KERAS_BACKEND": "torch", "CUDA_VISIBLE_DEVICES": ""}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=250)
    assert ran.stdout.split() == ["19363", "19107"], ran.stderr


def test_without_consent_nothing_changes(method_1: Path, diabolo: Command) -> None:
    assert diabolo("check", method_1, "--fix", "--select", "AE101").code == 1
    assert method_1.read_text() == METHOD_1


def test_a_difference_is_shown_and_nothing_written(method_1: Path, diabolo: Command) -> None:
    answer = diabolo("check", method_1, "--unsafe-fixes", "--diff")
    assert "+up2_2 = UpSampling2D((2, 2))(bnorm2_2)" in answer.out.splitlines()
    assert sum(line.startswith("+") for line in answer.out.splitlines()) == 5
    assert method_1.read_text() == METHOD_1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_line_ends_and_encoding_are_kept(tmp_path: Path, encoding: str, diabolo: Command) -> None:
    comment = "# -*- coding: latin-1 -*-\n# Grün\n" if encoding == "latin-1" else "# Grün\n"
    path = tmp_path / "windows.py"
    path.write_bytes((comment + METHOD_1).replace("\n", "\r\n").encode(encoding))
    assert diabolo("check", path, "--unsafe-fixes", "--select", "AE101").code == 0
    assert path.read_bytes() == (comment + METHOD_2).replace("\n", "\r\n").encode(encoding)


@pytest.mark.parametrize("indent", [1, 4, None])
def test_a_notebook_keeps_its_layout_and_outputs(tmp_path: Path, indent: int | None, diabolo: Command) -> None:
    def notebook(source: str) -> str:
        first, second = source.split("### decoder ###\n")
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": "# Grün"},
            {"cell_type": "code", "metadata": {}, "execution_count": 3, "source": first.splitlines(keepends=True),
             "outputs": [{"output_type": "stream", "name": "stdout", "text": ["0.1 1e-07\n"]}]},
            {"cell_type": "code", "metadata": {}, "execution_count": None, "source": second, "outputs": []},
        ]  # fmt: skip
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        return json.dumps(content, indent=indent, ensure_ascii=False) + "\n"

    path = tmp_path / "question.ipynb"
    path.write_text(notebook(METHOD_1), encoding="utf-8")
    found = json.loads(diabolo("check", path, "--json", "--select", "AE101").out)["findings"]
    assert [(finding["cell"], finding["row"]) for finding in found] == [(2, 5), (2, 9), (3, 2), (3, 6)]
    diabolo("check", path, "--unsafe-fixes", "--select", "AE101")
    assert path.read_text(encoding="utf-8") == notebook(METHOD_2)


def test_standard_input(method_1: Path, diabolo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(METHOD_1.encode())))
    answer = diabolo("check", "-", "--json")
    assert findings(answer.out) == [("AE101", row) for row in DEAD_ROWS]
    assert json.loads(answer.out)["findings"][0]["file"] == "<stdin>"


def test_lines_and_zoo_names(diabolo: Command) -> None:
    assert diabolo("check", "method-2").code == 0
    answer = diabolo("check", "method-1", "--json")
    assert [code for code, _ in findings(answer.out)] == ["AE101"] * 4
    assert diabolo("check", "conv16 relu pool | conv16 relu conv3").code == 1
    mended = diabolo("check", "conv8 relu (bn) pool | conv8 relu up conv3 sigmoid", "--unsafe-fixes")
    assert "conv8 relu bn pool | conv8 relu up conv3 sigmoid" in mended.out.splitlines()


def test_a_folder(tmp_path: Path, method_1: Path, diabolo: Command) -> None:
    (tmp_path / "helpers.py").write_text("import os\n")
    (tmp_path / "broken.py").write_text("import keras\nx = (\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "method2.py").write_text(METHOD_2)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.diabolo.check]\nignore = ['AE6']\nper-file-ignores = {'method1.py' = ['dead-branch']}\n"
    )
    answer = diabolo("check", ".", "--json")
    assert {code for code, _ in findings(answer.out)} == {"AE001"}
    assert answer.code == 1
    assert {Path(model["source"]).name for model in json.loads(answer.out)["models"]} == {"method1.py", "method2.py"}
    assert findings(answer.out, "warning") == []


def test_comments_silence(tmp_path: Path, diabolo: Command) -> None:
    silenced = METHOD_1.replace("(conv1_1)\nmpool", "(conv1_1)  # diabolo: ignore[AE101]\nmpool")
    (tmp_path / "silenced.py").write_text(silenced)
    assert [row for _, row in findings(diabolo("check", "silenced.py", "--json").out)] == DEAD_ROWS[1:]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("syntax.py", b"x = (\n", "AE001"),
        ("latin.py", b"# caf\xe9\nx = 1\n", "not UTF-8"),
        ("cookie.py", b"# -*- coding: klingon -*-\nx = 1\n", "klingon"),
        ("null.py", METHOD_1.encode().replace(b"relu", b"re\x00lu", 1), "AE101"),
        ("notebook.ipynb", b"{", "no notebook"),
        ("old.ipynb", b'{"worksheets": []}', "holds no cells"),
        ("deep.py", b"x = " + b"(" * 5000 + b")" * 5000 + b"\n", "AE001"),
        ("recursive.py", b"def f(x):\n    return f(x)\ny = f(Input((3, 3, 1)))\n", ""),
    ],
)
def test_files_that_cannot_be_read_get_a_sentence(
    tmp_path: Path, name: str, content: bytes, says: str, diabolo: Command
) -> None:
    (tmp_path / name).write_bytes(content)
    answer = diabolo("check", name)
    assert answer.code in (0, 1)
    assert "Traceback" not in answer.err
    assert says in answer.out


def test_an_empty_file_and_an_empty_folder(tmp_path: Path, diabolo: Command) -> None:
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "folder").mkdir()
    assert diabolo("check", "empty.py").out == "No model found.\n"
    assert diabolo("check", "folder").out == "No model found.\n"


def test_a_file_that_cannot_be_written_is_left_whole(method_1: Path) -> None:
    """A limit of one byte stands in for a full disk; it also holds for root."""
    command = f"ulimit -f 0; exec {PROGRAM} check {method_1} --unsafe-fixes --select AE101"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=100)
    assert ran.returncode == 2
    assert "cannot write" in ran.stderr
    assert method_1.read_text() == METHOD_1
    assert [path.name for path in method_1.parent.iterdir() if path.name.endswith(".py")] == ["method1.py"]


@pytest.mark.parametrize("name", ["json", "github", "sarif"])
def test_formats_for_machines(method_1: Path, name: str, diabolo: Command) -> None:
    out = diabolo("check", method_1, "--format", name).out
    if name == "github":
        assert out.startswith(f"::error file={method_1},line=5,")
    else:
        json.loads(out)


def test_neither_torch_nor_keras_nor_numpy_is_imported(method_1: Path) -> None:
    program = (
        "import sys; sys.argv = ['diabolo', 'check', sys.argv[1]]\n"
        "from diabolo.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = ('torch', 'keras', 'tensorflow', 'numpy', 'scipy', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(method_1)], capture_output=True, text=True, timeout=100)
    assert "AE101" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "[]"


def test_nothing_of_a_source_is_executed(tmp_path: Path, diabolo: Command) -> None:
    mark = tmp_path / "executed"
    (tmp_path / "hostile.py").write_text(
        f"import os\nopen({str(mark)!r}, 'w')\nos.system('touch {mark}')\n__import__('os').mkdir({str(mark)!r})\n"
        + METHOD_1
    )
    assert diabolo("check", "hostile.py").code == 1
    assert not mark.exists()


def test_a_reader_that_goes_away(method_1: Path) -> None:
    """`diabolo check … | head -1` ends without a traceback."""
    command = f"{PROGRAM} check {method_1} | head -1"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=100)
    assert "Traceback" not in ran.stderr


def test_rules(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    table = diabolo("rule").out
    assert sum(line.startswith("  AE") for line in table.splitlines()) >= 30
    assert diabolo("rule", "AE101").out == snapshot
    assert diabolo("rule", "dead-branch").out == diabolo("rule", "ae101").out
    values = json.loads(diabolo("rule", "--json").out)
    assert json.loads(diabolo("rule", "AE101", "--json").out) in values
