"""Keras models and torch state dicts as runs: same results, and what is refused."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from interop_builders import EVERYTHING, random_model
from safetensors.torch import save_file
from torch import nn

import diabolo
from diabolo.api.export import export
from diabolo.api.import_model import import_model
from diabolo.errors import DiaboloError

FOREIGN = """
import keras, numpy as np, sys
from keras import layers
folder = sys.argv[1]
keras.utils.set_random_seed(1)
image = keras.Input((16, 16, 3))
x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
x = layers.BatchNormalization(scale=False)(x)
x = layers.MaxPooling2D((2, 2), padding="same")(x)
encoder = keras.Model(image, x, name="enc")
decoder = keras.Sequential([keras.Input((8, 8, 8)), layers.UpSampling2D((2, 2)),
                            layers.Conv2D(3, 3, padding="same", activation="sigmoid")], name="dec")
model = keras.Model(image, decoder(encoder(image)))
model.set_weights([np.random.default_rng(0).uniform(0.1, 0.5, w.shape) for w in model.get_weights()])
model.save(folder + "/m.keras"); model.save(folder + "/m.h5"); model.save_weights(folder + "/m.weights.h5")
open(folder + "/m.json", "w").write(model.to_json())
images = np.random.default_rng(1).random((2, 16, 16, 3), np.float32)
np.savez(folder + "/answers.npz", images=images, results=model.predict(images, verbose=0))

rows = layers.Reshape((64, 6))(layers.MaxPooling2D()(layers.Conv2D(6, 3, padding="same")(image)))
x = layers.Reshape((8, 8, 6))(layers.MultiHeadAttention(2, 3)(rows, rows))
x = layers.Conv2D(3, 3, padding="same", activation=layers.LeakyReLU(negative_slope=0.1))(layers.UpSampling2D()(x))
looking = keras.Model(image, x)
looking.set_weights([np.random.default_rng(2).uniform(-0.5, 0.5, w.shape) for w in looking.get_weights()])
looking.save(folder + "/looking.keras"); looking.save(folder + "/looking.h5")
np.savez(folder + "/looking.npz", images=images, results=looking.predict(images, verbose=0))
joined = keras.Model(image, layers.Concatenate()([image, layers.Conv2D(3, 3, padding="same")(image)]))
joined.save(folder + "/joined.keras")
called = keras.Model(image, keras.ops.gelu(layers.Conv2D(3, 3, padding="same")(image)))
called.save(folder + "/called.keras")
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that real Keras wrote, in a process of its own."""
    folder = tmp_path_factory.mktemp("foreign")
    subprocess.run([sys.executable, "-W", "ignore", "-c", FOREIGN, str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
def test_a_keras_model_computes_the_same(name: str, foreign: Path, tmp_path: Path) -> None:
    config = foreign / "m.json" if name == "m.weights.h5" else None
    run = import_model(foreign / name, tmp_path / "run", config=config).run
    assert run.line == "conv8 relu bn pool | up conv3 sigmoid"
    assert run.record.status == "imported"
    with np.load(foreign / "answers.npz") as answers, torch.no_grad():
        got = run.model(torch.from_numpy(answers["images"].transpose(0, 3, 1, 2).copy())).permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(got, answers["results"], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("waist", "line"),
    [
        (None, "conv8 relu bn pool | up conv3 sigmoid"),
        ("max_pooling2d", "conv8 relu bn pool | up conv3 sigmoid"),
        ("enc/batch_normalization", "conv8 relu bn | pool up conv3 sigmoid"),
        ("conv2d", "conv8 relu | bn pool up conv3 sigmoid"),
        ("up_sampling2d", "conv8 relu bn pool up | conv3 sigmoid"),
    ],
)
def test_a_waist_that_is_named(waist: str | None, line: str, foreign: Path, tmp_path: Path) -> None:
    run = import_model(foreign / "m.keras", tmp_path / "run", waist=waist).run
    assert run.line == line
    with np.load(foreign / "answers.npz") as answers, torch.no_grad():
        images = torch.from_numpy(answers["images"].transpose(0, 3, 1, 2).copy())
        latent = run.model.encode(images)
        got = run.model.decode(latent).permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(got, answers["results"], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("waist", "message"),
    [
        ("dense_7", "`--waist dense_7`: the model has no such layer"),
        ("dec", "`--waist dec`: the model has no such layer"),
        ("conv2d_1", "the model has no decoder that a line could hold; name another layer with `--waist`"),
    ],
)
def test_a_waist_that_is_none(waist: str, message: str, foreign: Path, tmp_path: Path) -> None:
    with pytest.raises(DiaboloError) as raised:
        import_model(foreign / "m.keras", tmp_path / "run", waist=waist)
    assert str(raised.value) == message


@pytest.mark.parametrize("line", EVERYTHING[:1])  # each starts Keras; all kinds: test_interop_vocabulary.py
def test_to_keras_and_back(line: str, tmp_path: Path) -> None:
    model = random_model(line)
    done = export(model, "keras", tmp_path / "m.keras")
    assert done.difference.largest <= 1e-5
    back = import_model(done.file, tmp_path / "run").run.model
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        torch.testing.assert_close(back(images), model(images), rtol=0, atol=1e-5)
    connected = line.replace("(bn) ", "")  # Keras keeps no dropped branch
    assert back.line == str(diabolo.parse(connected))


def test_an_imported_run_has_nothing_to_resume(foreign: Path, tmp_path: Path) -> None:
    run = import_model(foreign / "m.keras", tmp_path / "run").run
    with pytest.raises(DiaboloError, match="was imported, so there is no training of diabolo's to resume"):
        diabolo.resume(run)


def test_a_torch_state_dict_by_order(tmp_path: Path) -> None:
    """torch flattens channels first: the dense layers' values are turned."""
    encoder = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 5)
    )
    decoder = nn.Sequential(nn.Linear(5, 64), nn.Unflatten(1, (4, 4, 4)), nn.ConvTranspose2d(4, 3, 4, 2, 1))
    theirs = nn.Sequential(encoder, decoder)
    images = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    theirs(images)  # moves the averages
    theirs.eval()
    torch.save(theirs.state_dict(), tmp_path / "m.pt")
    line = "conv4 bn[eps=1e-05] pool flatten dense5 | dense64 unflatten deconv3"
    ours = import_model(tmp_path / "m.pt", tmp_path / "run", line=line, input_shape=(8, 8, 3)).run.model
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images), rtol=0, atol=1e-5)


def test_code_in_a_torch_file_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple:
            return (Path(tmp_path / "ran").touch, ())

    torch.save({"weight": Trap()}, tmp_path / "m.pt")
    with pytest.raises(DiaboloError, match="is no state dict that can be read without running code of it"):
        import_model(tmp_path / "m.pt", tmp_path / "run", line="conv3 pool | up conv3")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["looking.keras", "looking.h5"])
def test_attention_and_activations_inside_of_layers(name: str, foreign: Path, tmp_path: Path) -> None:
    run = import_model(foreign / name, tmp_path / "run").run
    assert run.line == "conv6 pool | attention[heads=2] up conv3 leaky[slope=0.1]"
    with np.load(foreign / "looking.npz") as answers, torch.no_grad():
        got = run.model(torch.from_numpy(answers["images"].transpose(0, 3, 1, 2).copy())).permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(got, answers["results"], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("joined.keras", r"`concatenate` \(Concatenate\) has no counterpart on the line: the line joins by sums alone"),
        ("called.keras", r"`gelu` \(Gelu\) has no counterpart on the line: what it reads or gives has no known shape; "
         "use a layer, not an operation"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named_before_a_waist_is_looked_for(
    name: str, message: str, foreign: Path, tmp_path: Path
) -> None:
    with pytest.raises(DiaboloError, match=f"^{message}$"):
        import_model(foreign / name, tmp_path / "run")


def _changed(source: Path, target: Path, change: "dict[str, bytes]") -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change.get(name, old.read(name)))
    return target


def test_weights_in_another_file_are_refused(foreign: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(foreign / "m.keras") as archive:
        (tmp_path / "w.h5").write_bytes(archive.read("model.weights.h5"))
    with h5py.File(tmp_path / "w.h5", "a") as file:
        place = "layers/functional/layers/conv2d/vars/0"
        del file[place]
        file[place] = h5py.ExternalLink("/etc/hostname", "/")
    trap = _changed(foreign / "m.keras", tmp_path / "m.keras", {"model.weights.h5": (tmp_path / "w.h5").read_bytes()})
    with pytest.raises(DiaboloError, match="is a link to somewhere else, which Keras never writes"):
        import_model(trap, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_truncated_weights_are_refused(foreign: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(foreign / "m.keras") as archive:
        half = archive.read("model.weights.h5")[:3000]
    with pytest.raises(DiaboloError, match="cannot be read"):
        import_model(_changed(foreign / "m.keras", tmp_path / "m.keras", {"model.weights.h5": half}), tmp_path / "run")


def test_a_layer_without_counterpart_is_refused_by_name(foreign: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(foreign / "m.keras") as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"][1]["config"]["layers"][1]["config"]["activation"] = "softmax"
    changed = _changed(foreign / "m.keras", tmp_path / "m.keras", {"config.json": json.dumps(config).encode()})
    with pytest.raises(DiaboloError, match="has no counterpart on the line: the line has no such layer"):
        import_model(changed, tmp_path / "run")


def test_safetensors_say_themselves_what_they_are(tmp_path: Path) -> None:
    """A flat line, which fits images of one size only, and that is not the default's."""
    model = random_model(EVERYTHING[4])
    done = export(model, "safetensors", tmp_path / "ünder ☃" / "m.safetensors")
    back = import_model(done.file, tmp_path / "run").run
    assert back.line == model.line
    assert back.record.input_shape == (16, 16, 3)
    for name, tensor in model.state_dict().items():
        assert torch.equal(back.model.state_dict()[name], tensor), name


@pytest.mark.parametrize(
    "described", ["{", "[]", '"line"', '{"line": 3}', '{"line": ""}', '{"input_shape": [16, 16, 3]}', "[" * 10_000]
)
def test_safetensors_that_do_not_say_it(described: str, tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "m.safetensors", metadata={"diabolo": described})
    with pytest.raises(DiaboloError, match="holds weights without a model; say which line they belong to"):
        import_model(tmp_path / "m.safetensors", tmp_path / "run")


@pytest.mark.parametrize("size", [[0, 16, 3], [16, 16], ["16", 16, 3], [True, 16, 3], None])
def test_safetensors_with_an_odd_size_are_taken_for_the_default(size: object, tmp_path: Path) -> None:
    described = json.dumps({"line": "pool | up", "input_shape": size})
    save_file({"weight": torch.zeros(2)}, tmp_path / "m.safetensors", metadata={"diabolo": described})
    with pytest.raises(DiaboloError, match="the line has 0 layers with weights, and the state dict 1"):
        import_model(tmp_path / "m.safetensors", tmp_path / "run")
