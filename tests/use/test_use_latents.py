"""Files of latents: each format gives back what was put in, hostile ones are refused, and images come out the same."""

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from use_builders import LINE, make_run, save_image

from diabolo.errors import DataError, DiaboloError, OutputError
from diabolo.use import Run, load
from diabolo.use.decode_files import decode_files
from diabolo.use.encode_files import encode_files
from diabolo.use.files import reconstruct_files
from diabolo.use.latents import write_latents
from diabolo.use.latents_read import LatentFile

SUFFIXES = [".npz", ".npy", ".parquet"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return load(make_run(tmp_path / "run").path)


def photos(folder: Path, *, even: bool) -> list[Path]:
    sizes = [(8, 8)] * 4 if even else [(8, 8), (9, 13), (9, 13), (1, 30)]
    return [save_image(folder / f"{number}.png", *size, seed=number) for number, size in enumerate(sizes)]


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_encoded_decodes_to_the_reconstructions(run: Run, tmp_path: Path, suffix: str, even: bool) -> None:
    files = photos(tmp_path / "in", even=even)
    target = tmp_path / f"latents{suffix}"
    if suffix == ".npy" and not even:
        with pytest.raises(DiaboloError, match=r"the images differ in size and so do their latents, \(4, 4, 4\) and"):
            encode_files(run, files, target)
        assert not target.exists()
        return
    done = encode_files(run, files, target)
    assert (done.num_images, done.shape) == (4, (4, 4, 4) if even else None)
    wanted, _ = reconstruct_files(run, files, tmp_path / "wanted")
    made = decode_files(run, target, tmp_path / "made")
    assert [one.name for one in made] == [str(file) for file in files]
    for one, other in zip(made, wanted, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(one.target)), np.asarray(Image.open(other.target)))
    table = LatentFile(target).table
    assert (table.line, table.pool, table.kind) == (LINE, "", "latents")
    assert table.sizes[-1] == ((8, 8) if even else (1, 30))


def test_what_others_read_with_numpy_and_pyarrow(run: Run, tmp_path: Path) -> None:
    import pyarrow.parquet

    files = photos(tmp_path / "in", even=True)
    wanted = run.encode(np.stack([np.asarray(Image.open(file)) for file in files]))
    for suffix in SUFFIXES:
        encode_files(run, files, tmp_path / f"x{suffix}")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as archive:
        assert set(archive) == {"latents", "names", "sizes", "line", "pool", "format"}
        np.testing.assert_array_equal(archive["latents"], wanted)
        assert archive["names"].tolist() == [str(file) for file in files]
        assert archive["sizes"].tolist() == [[8, 8]] * 4
        assert str(archive["line"]) == LINE
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy", allow_pickle=False), wanted)
    assert json.loads((tmp_path / "x.json").read_text())["names"] == [str(file) for file in files]
    table = pyarrow.parquet.read_table(tmp_path / "x.parquet").to_pydict()
    assert table["name"] == [str(file) for file in files]
    assert table["shape"] == [[4, 4, 4]] * 4
    np.testing.assert_array_equal(np.array(table["values"], np.float32).reshape(wanted.shape), wanted)


@pytest.mark.parametrize("pool", ["mean", "max"])
def test_pooled_latents_are_even_and_cannot_be_decoded(run: Run, tmp_path: Path, pool: str) -> None:
    files = photos(tmp_path / "in", even=False)
    done = encode_files(run, files, tmp_path / "x.npy", pool=pool)
    assert done.shape == (4,)
    with pytest.raises(DataError, match=rf"holds the {pool} of each latent .*encode without `--pool`"):
        decode_files(run, tmp_path / "x.npy", tmp_path / "made")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("codes", ["digits", "bytes"])
@pytest.mark.parametrize("line", ["conv4 pool fsq | up conv3", "conv4 pool vq16 | up conv3"])
def test_codes_decode_to_the_reconstructions(tmp_path: Path, line: str, codes: str, suffix: str) -> None:
    run = load(make_run(tmp_path / "run", line=line).path)
    files = photos(tmp_path / "in", even=suffix == ".npy")
    encode_files(run, files, tmp_path / f"x{suffix}", codes=codes)
    file = LatentFile(tmp_path / f"x{suffix}")
    assert file.table.kind == {"digits": "codes", "bytes": "packed"}[codes]
    assert next(iter(file.batches())).dtype.kind == "u"
    wanted, _ = reconstruct_files(run, files, tmp_path / "wanted")
    made = decode_files(run, tmp_path / f"x{suffix}", tmp_path / "made")
    for one, other in zip(made, wanted, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(one.target)), np.asarray(Image.open(other.target)))


def test_codes_where_there_are_none(run: Run, tmp_path: Path) -> None:
    files = photos(tmp_path / "in", even=True)
    for options, message in (
        ({"codes": "digits"}, "is made of numbers, not of codes"),
        ({"codes": "bits"}, r"`codes` \(=bits\) must be digits"),
        ({"codes": "bytes", "pool": "mean"}, "`codes` and `pool` do not go together"),
    ):
        with pytest.raises(DiaboloError, match=message):
            encode_files(run, files, tmp_path / "x.npz", **options)
    assert not (tmp_path / "x.npz").exists()


def test_names_that_harm_nothing(run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "victim.png"
    names = [
        "../victim.png",
        "/etc/passwd",
        "",
        "..",
        "a/../../b",
        "x\0y",
        "<img onerror=1>.png",
        "a" * 300,
        "\ud800.png",
    ]
    for suffix in (".npz", ".parquet"):
        with write_latents(tmp_path / f"x{suffix}", line=LINE) as writer:
            writer.add(names, [(8, 8)] * len(names), np.zeros((len(names), 4, 4, 4), np.float32))
        done = decode_files(run, tmp_path / f"x{suffix}", tmp_path / f"made{suffix}")
        assert len({one.target for one in done}) == len(names)
        assert {one.target.parent for one in done} == {tmp_path / f"made{suffix}"}
        assert all(one.target.is_file() for one in done)
    assert not outside.exists()


def test_images_that_were_encoded_are_not_written_over(run: Run, tmp_path: Path) -> None:
    files = photos(tmp_path / "in", even=True)
    before = [file.read_bytes() for file in files]
    encode_files(run, files, tmp_path / "x.npz")
    decode_files(run, tmp_path / "x.npz", tmp_path / "in")
    assert [file.read_bytes() for file in files] == before
    assert (tmp_path / "in" / "0-2.png").exists()


def npz(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


def member(path: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def header(shape: object, descr: str = "<f4") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_damaged_and_hostile_files(run: Run, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "executed",))

    good = np.zeros((2, 4, 4, 4), np.float32)
    evil = np.empty(1, object)
    evil[0] = Evil()
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "empty.npz").touch()
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "text.parquet").write_text("no table")
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps(Evil()))
    np.save(tmp_path / "object.npy", evil, allow_pickle=True)
    whole = npz(tmp_path / "whole.npz", latents=good, names=np.array(["a", "b"])).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    cases = {
        "text.npz": "is no file of latents, or damaged",
        "empty.npz": "is no file of latents, or damaged",
        "text.npy": "is no file of latents, or damaged",
        "text.parquet": "is no Parquet file of latents, or damaged",
        "pickle.npy": "is no file of latents, or damaged",
        "object.npy": "is no file of latents, or damaged",
        "cut.npz": "is no file of latents, or damaged",
        npz(tmp_path / "other.npz", pictures=good).name: "holds no array `latents`",
        npz(tmp_path / "objects.npz", latents=evil).name: "holds Python objects, which are not read",
        npz(tmp_path / "names.npz", latents=good, names=evil).name: "is no file of latents, or damaged",
        npz(tmp_path / "few.npz", latents=good, names=np.array(["a"])).name: "2 latents and 1 names or sizes",
        npz(tmp_path / "fortran.npz", latents=np.asfortranarray(good)).name: "in Fortran order",
        npz(tmp_path / "number.npz", latents=np.float32(3)).name: "a single number",
        npz(tmp_path / "none.npz", latents=good[:0]).name: "holds no latents",
        npz(tmp_path / "sizes.npz", latents=good, sizes=np.array([[8, 8], [0, 8]])).name: "image 2 is said to be 0×8",
        npz(tmp_path / "line.npz", latents=good, line=np.array("conv4 | conv3")).name: "was written by another model",
        member(tmp_path / "short.npz", "latents.npy", header((9, 4, 4, 4)) + bytes(99)).name: "ends too early",
        member(tmp_path / "huge.npz", "latents.npy", header((2, 10**9, 4, 4))).name: "more than a gigabyte an image",
        member(tmp_path / "many.npz", "latents.npy", header((10**15, 4, 4, 4))).name: "ends too early",
        member(tmp_path / "void.npz", "latents.npy", b"").name: "is no file of latents, or damaged",
        npz(tmp_path / "int.npz", latents=good.astype(int)).name: "`latents` are int64",
        npz(tmp_path / "shape.npz", latents=good[..., :3]).name: r"shape \(2, 4, 4, 3\)",
        npz(tmp_path / "nan.npz", latents=good * np.nan).name: "NaN or infinite",
        "nothing.npz": "there is no file",
        "x.txt": "latents go into a file that ends in .npz, .npy, .parquet",
    }
    for name, message in cases.items():
        with pytest.raises(DiaboloError, match=message):
            decode_files(run, tmp_path / name, tmp_path / "made")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("beside", ["{", "[]", '{"line": 1}', "[" * 100_000, '{"names": 3}'])
def test_a_json_that_says_nothing(run: Run, tmp_path: Path, beside: str) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 4, 4, 4), np.float32))
    assert len(decode_files(run, tmp_path / "x.npy", tmp_path / "made")) == 2
    (tmp_path / "x.json").write_text(beside)
    with pytest.raises(DataError, match="does not say what the latents beside it are"):
        decode_files(run, tmp_path / "x.npy", tmp_path / "made")


def test_nothing_is_left_of_a_file_that_could_not_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(DataError, match="the only file is no image that can be read"):
        encode_files(run, [tmp_path / "text.png"], tmp_path / "out" / "x.npz")
    assert list((tmp_path / "out").iterdir()) == []
    with pytest.raises(OutputError, match="cannot write"):
        encode_files(run, photos(tmp_path / "in", even=True), Path("/proc/diabolo/x.npz"))


def test_without_pyarrow(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DiaboloError) as raised:
        encode_files(run, photos(tmp_path / "in", even=True), tmp_path / "x.parquet")
    assert str(raised.value) == (
        "Parquet files need the library pyarrow, which is not installed; `pip install pyarrow`, or choose a name that "
        "ends in .npz"
    )
