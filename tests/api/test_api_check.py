"""`diabolo.check`: anything that describes an autoencoder, and findings that print well."""

import subprocess
import sys
from pathlib import Path

import pytest
import run_builders as runs

import diabolo
from diabolo.errors import DiaboloError

SOURCE = """
images = Input((32, 32, 3))
x = Conv2D(8, 3, activation='relu', padding='same')(images)
norm = BatchNormalization()(x)
pooled = MaxPooling2D(2)(x)
up = UpSampling2D(2)(pooled)
autoencoder = Model(images, Conv2D(3, 3, activation='sigmoid', padding='same')(up))
"""


def codes(what: object, **options: object) -> list[str]:
    return [finding.code for finding in diabolo.check(what, **options).errors]  # type: ignore[arg-type]


def test_lines_and_models(tmp_path: Path):
    assert codes("method-1") == ["AE101"] * 4
    assert codes(diabolo.parse("conv8 (bn) relu pool | up conv3 sigmoid")) == ["AE101"]
    assert codes(diabolo.build("method-1")) == ["AE101"] * 4
    assert codes(diabolo.build("method-1").graph) == ["AE101"] * 4
    assert codes(["method-1", "method-2"]) == ["AE101"] * 4
    assert codes("conv8 pool | up conv4", input_shape=(8, 8, 3)) == ["AE201"]


def test_sources_and_folders(tmp_path: Path):
    assert codes(SOURCE) == ["AE101"]
    file = tmp_path / "model.py"
    file.write_text("from keras.layers import *\n" + SOURCE)
    assert codes(file) == codes(str(file)) == codes(tmp_path) == ["AE101"]


def test_run_folder(tmp_path: Path):
    runs.train(tmp_path / "run")
    found = diabolo.check(tmp_path / "run")
    activity = found.subjects[0].activity
    assert activity is not None
    assert "validation images" in activity.images
    assert [finding.code for finding in diabolo.check(diabolo.load(tmp_path / "run"))] == [item.code for item in found]


def test_objects():
    import keras
    from torch import nn

    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1))
    assert codes(module, input_shape=(8, 8, 3)) == []
    images = keras.Input((8, 8, 3))
    assert codes(keras.Model(images, keras.layers.Conv2D(3, 3, padding="same")(images))) == []
    for what, said in (
        (module, "input_shape"), (nn.Conv2d, "is a class"), (keras.layers.ReLU(), "a single Keras layer"),
        (7, "cannot be checked"), (Path("nowhere.py"), "there is no file"), ("metod-1", "method-1"),
    ):  # fmt: skip
        with pytest.raises(DiaboloError, match=said):
            diabolo.check(what)


def test_select_and_ignore():
    assert codes("method-1", ignore=["dead-branch"]) == []
    assert {finding.code for finding in diabolo.check("method-1", select=["AE101"])} == {"AE101"}
    with pytest.raises(DiaboloError, match="is no rule"):
        diabolo.check("method-1", select=["AE999"])


def test_findings_print():
    found = diabolo.check("conv8 relu (bn) pool | up conv3 sigmoid", select=["AE101"])
    assert len(found) == 1
    assert found[0] in found
    assert "line:1:13: AE101" in str(found)
    assert "1 error in 1 model" in repr(found)
    page = diabolo.check(SOURCE.replace("norm =", "norm = x<b>"), select=["AE1"])._repr_html_()
    assert "<b>" not in page
    assert "<code>" in found._repr_html_()


def test_source_loads_neither_torch_nor_keras(tmp_path: Path):
    file = tmp_path / "model.py"
    file.write_text(SOURCE)
    code = (
        f"import sys, diabolo; assert diabolo.check({str(file)!r}).errors; "
        "assert not {'torch', 'keras', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("text", ["", "  ", "conv4 relu", "conv4 | conf3"])
def test_text_that_is_a_line_with_a_mistake(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command says it; the empty text is not the folder at hand."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text("import keras\nx = (\n")
    (finding,) = diabolo.check(text)
    assert finding.code == "AE001"
    assert finding.place is None or finding.place.source != "model.py"
