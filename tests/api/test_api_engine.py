"""The engine option: what wins, what is recorded, and what a user is told of an option that does nothing here."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from run_builders import PLAIN, SMALL, random_images, save_images

import diabolo
from diabolo.api import engine as engine_module
from diabolo.api.engine import describe_engine, has_bfloat16, pick_engine, precision_notes
from diabolo.api.execute import execute
from diabolo.api.job import new_job, resumed_job
from diabolo.errors import DiaboloError
from diabolo.kernels import find_library

CPU = torch.device("cpu")
ELSEWHERE = torch.device("meta")


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIABOLO_ENGINE", raising=False)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the native stages were there."""
    monkeypatch.setattr("diabolo.api.engine.find_library", object)
    monkeypatch.setattr("diabolo.model.engine.find_library", object)


@pytest.fixture
def not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """As after an install without a compiler."""
    monkeypatch.setenv("DIABOLO_STAGES_LIBRARY", str(tmp_path / "nothing.so"))
    find_library.cache_clear()
    yield
    find_library.cache_clear()


@pytest.mark.usefixtures("built")
def test_option_beats_environment_beats_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_engine(None, CPU) == ("fused", ())
    for asked in ("plain", "fused"):
        monkeypatch.setenv("DIABOLO_ENGINE", asked)
        assert pick_engine(None, CPU) == (asked, ())
        for option, wanted in (("plain", "plain"), ("fused", "fused"), ("auto", "fused")):
            assert pick_engine(option, CPU) == (wanted, ())
    monkeypatch.setenv("DIABOLO_ENGINE", " ")
    assert pick_engine(None, CPU) == ("fused", ())


@pytest.mark.usefixtures("not_built")
def test_fused_that_is_not_there_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder, tmp_path: Path
) -> None:
    job = new_job(PLAIN, random_images(), settings=SMALL, out=tmp_path / "run", engine="fused")
    (note,) = job.notes
    assert note.startswith("`engine` (=fused): the native stage engine is not there (no C++ compiler at install")
    assert "install a C++ compiler, then `python -m diabolo.kernels`" in note
    assert (job.record.engine, job.model.engine) == ("plain", "plain")
    monkeypatch.setenv("DIABOLO_ENGINE", "fused")
    assert pick_engine(None, CPU)[1][0].startswith("`DIABOLO_ENGINE` (=fused): the native")
    assert pick_engine("plain", CPU) == ("plain", ())
    monkeypatch.delenv("DIABOLO_ENGINE")
    for asked in (None, "auto"):
        chosen, (note,) = pick_engine(asked, CPU)
        assert (chosen, note[:42]) == ("plain", "the native stage engine is not there (no C")
        assert pick_engine(asked, CPU, trains=False) == ("plain", ()), "only trainings are much slower without"
    assert not recwarn.list, "a note, not a warning with the place in our sources"


@pytest.mark.usefixtures("built")
def test_where_fused_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, (note,) = pick_engine("fused", ELSEWHERE)
    assert (chosen, note) == ("plain", "`engine` (=fused) has no effect on meta, where torch does all the work")
    assert pick_engine("auto", ELSEWHERE) == pick_engine(None, ELSEWHERE) == ("plain", ())
    chosen, (note,) = pick_engine("fused", CPU, "bfloat16")
    assert chosen == "fused"
    assert note.startswith("`engine` (=fused) has no effect on the training steps of `precision=bfloat16`")
    assert pick_engine("fused", CPU, "bfloat16", trains=False) == ("fused", ())
    assert pick_engine("auto", CPU, "bfloat16") == ("fused", ())
    monkeypatch.setenv("DIABOLO_ENGINE", "fused")
    assert pick_engine(None, ELSEWHERE)[1][0].startswith("`DIABOLO_ENGINE` (=fused) has no effect on meta")


@pytest.mark.parametrize("device", [CPU, ELSEWHERE])
def test_an_unknown_engine(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DiaboloError, match=r"`engine` \(='fast'\) must be one of auto, plain, fused"):
        pick_engine("fast", device)
    monkeypatch.setenv("DIABOLO_ENGINE", "quick")
    with pytest.raises(DiaboloError, match=r"`DIABOLO_ENGINE` \(='quick'\) must be one of"):
        pick_engine(None, device)


def test_the_engine_is_recorded_and_a_resume_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIABOLO_ENGINE", "fused" if find_library() else "plain")
    job = new_job(PLAIN, save_images(tmp_path), settings=SMALL, out=tmp_path / "run", engine="plain")
    assert execute(job, should_stop=lambda: True, pictures=False).run.record.engine == "plain"
    job = resumed_job(tmp_path / "run")
    assert (job.model.engine, job.notes) == ("plain", ())
    assert job.engine == "engine: plain (torch), 1 thread, float32"


@pytest.mark.skipif(find_library() is None, reason="the native stages are not built here")
def test_the_instructions_are_recorded_and_others_are_named(tmp_path: Path) -> None:
    job = new_job(PLAIN, save_images(tmp_path), settings=SMALL, out=tmp_path / "run", engine="fused")
    used = find_library().level
    assert job.record.machine["instructions"] == used
    execute(job, should_stop=lambda: True, pictures=False)
    assert resumed_job(tmp_path / "run").notes == ()
    file = tmp_path / "run" / "run.toml"
    file.write_text(file.read_text().replace(f'instructions = "{used}"', 'instructions = "other"'))
    (note,) = resumed_job(tmp_path / "run").notes
    assert f"started with other instructions, and goes on with {used}" in note


@pytest.mark.skipif(find_library() is None, reason="the native stages are not built here")
@pytest.mark.parametrize(("asked", "taken"), [("baseline", "baseline"), ("", None), ("sse9", None)])
def test_an_instruction_set_that_there_is_not_is_named(asked: str, taken: str | None) -> None:
    program = (
        "import warnings; from diabolo.kernels import find_library\n"
        "with warnings.catch_warnings(record=True) as said:\n    level = find_library().level\n"
        "print(level, *(one.message for one in said))"
    )
    environment = {**os.environ, "DIABOLO_ISA": asked}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    level, _, said = done.stdout.strip().partition(" ")
    assert level == (taken or find_library().level)
    assert said == (
        "" if asked != "sse9" else "`DIABOLO_ISA` (='sse9') has no effect: it must be one of baseline, avx2, avx512"
    )


@pytest.mark.skipif(find_library() is None, reason="the native stages are not built here")
def test_python_takes_the_engine_too(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIABOLO_ENGINE", "plain")
        assert diabolo.build(PLAIN, engine="fused").engine == "fused"
        assert diabolo.build(PLAIN).engine == "plain"
        run = diabolo.fit(
            PLAIN, random_images(), out=tmp_path / "run", engine="fused", watch=lambda event: None, **SMALL
        )
        assert run.record.engine == "fused"
        assert run.model.engine == "plain", "a run that is loaded asks anew"
        assert diabolo.load(tmp_path / "run", engine="fused").model.engine == "fused"
    with pytest.raises(DiaboloError, match="must be one of"):
        diabolo.load(tmp_path / "run", engine="quick")


def test_a_built_model_keeps_its_engine_and_says_so(tmp_path: Path) -> None:
    job = new_job(
        diabolo.build(PLAIN, (8, 8, 3), engine="plain"),
        random_images(),
        settings=SMALL,
        out=tmp_path / "run",
        engine="fused",
    )
    (note,) = job.notes
    assert note.startswith("`engine` (=fused) has no effect on a model that is built already: it runs on plain")
    assert job.record.engine == "plain"


def test_precisions_that_do_nothing_or_harm_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert precision_notes("float32", CPU) == ()
    assert "`precision` (=tf32) has no effect on cpu" in precision_notes("tf32", CPU)[0]
    assert precision_notes("tf32", torch.device("cuda")) == precision_notes("bfloat16", torch.device("cuda")) == ()
    for known, num_notes in ((True, 0), (None, 0), (False, 1)):
        monkeypatch.setattr(engine_module, "has_bfloat16", lambda known=known: known)
        assert len(precision_notes("bfloat16", CPU)) == num_notes


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 avx512_bf16 sse\n", True),
        ("processor : 0\nFeatures\t: fp asimd bf16\n", True),
        ("processor : 0\nflags : fpu avx2 avx512f\nmodel name : bf16\n", False),
        ("processor : 0\n", None),
    ],
)
def test_the_processors_bfloat16(text: str, known: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self, **options: text)
    has_bfloat16.cache_clear()
    assert has_bfloat16() is known
    has_bfloat16.cache_clear()


def test_one_line_says_what_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert describe_engine("fused", CPU, "float32") == "engine: fused (native stages), 1 thread, float32"
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    assert describe_engine("plain", CPU, "bfloat16") == "engine: plain (torch), 2 threads, bfloat16"
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Some Card")
    assert describe_engine("plain", torch.device("cuda"), "tf32") == "engine: plain (torch), Some Card, tf32"
