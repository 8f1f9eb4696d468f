"""Environments: those that are there are used, others are made or named; nothing here is an error."""

from dataclasses import replace
from pathlib import Path

import pytest

from diabolo.bench.engines import ENGINES, Engine, choose_engines, reference_among
from diabolo.bench.environments import find_environment
from diabolo.errors import DiaboloError

KERAS = next(engine for engine in ENGINES if engine.name == "keras-jax")


def with_requirements(*requirements: str) -> Engine:
    return replace(KERAS, requirements=requirements)


def test_our_own_python_needs_no_environment(tmp_path: Path) -> None:
    ours = next(engine for engine in ENGINES if engine.name == "diabolo-plain")
    assert find_environment(ours, tmp_path, install=False).python is not None
    assert not list(tmp_path.iterdir())


def test_without_leave_nothing_is_installed_and_the_way_is_shown(tmp_path: Path) -> None:
    found = find_environment(KERAS, tmp_path, install=False)
    assert found.python is None
    assert "--no-install" in found.reason
    assert "jax==" in found.reason
    assert not list(tmp_path.iterdir())


def test_offline_nothing_is_installed(tmp_path: Path) -> None:
    found = find_environment(KERAS, tmp_path, install=True)  # $DIABOLO_OFFLINE is set for all tests
    assert found.python is None
    assert "DIABOLO_OFFLINE" in found.reason
    assert not list(tmp_path.iterdir())


def test_a_failed_installation_names_its_reason_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIABOLO_OFFLINE")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    broken = with_requirements(str(tmp_path / "no-such-package"))
    said: list[str] = []
    found = find_environment(broken, tmp_path / "venvs", install=True, say=said.append, seconds=0.001)
    assert found.python is None
    assert "not done after 0.001 s" in found.reason
    found = find_environment(broken, tmp_path / "venvs", install=True, say=said.append)
    assert found.python is None
    assert "no-such-package" in found.reason
    assert len(said) == 2


def test_what_was_made_once_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIABOLO_OFFLINE")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    said: list[str] = []
    engine = with_requirements("pip")  # is in every new environment, so nothing is fetched
    first = find_environment(engine, tmp_path / "venvs", install=True, say=said.append)
    again = find_environment(engine, tmp_path / "venvs", install=False, say=said.append)
    assert first.python == again.python
    assert first.python is not None
    assert first.python.exists()
    assert len(said) == 1
    (first.python.parents[1] / "complete").unlink()  # as after an installation that was interrupted
    assert find_environment(engine, tmp_path / "venvs", install=False).python is None
    other = find_environment(with_requirements("pip", "pip>=1"), tmp_path / "venvs", install=False)
    assert other.python is None  # other requirements, another environment


def test_engines_are_chosen_by_name_in_the_order_of_the_table() -> None:
    assert [engine.name for engine in choose_engines("diabolo-fused, keras-jax")] == ["keras-jax", "diabolo-fused"]
    assert choose_engines(None) == ENGINES
    assert len({engine.name for engine in ENGINES}) == len(ENGINES)
    for wrong in ("diabolo-fast", "", " , "):
        with pytest.raises(DiaboloError, match="diabolo-plain"):
            choose_engines(wrong)


def test_the_reference_is_ours() -> None:
    assert reference_among(["keras-jax", "diabolo-plain", "diabolo-fused"]) == "diabolo-fused"
    assert reference_among(["keras-jax", "diabolo-plain"]) == "diabolo-plain"
    assert reference_among(["keras-jax"]) is None
