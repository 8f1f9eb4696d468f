"""Paths without permission: every command says it itself, as for all other errors, and never by a usage text."""

from pathlib import Path

import pytest
import typer
from cli_builders import Command

from diabolo.cli.main import app


def declared(below: typer.Typer) -> list[tuple[str, str, bool]]:
    """Command, parameter, and whether typer looks for permission, of all that take a path."""
    found = [
        (str(command.name), name, one.readable)
        for command in below.registered_commands
        for name, annotation in command.callback.__annotations__.items()  # type: ignore[union-attr]
        if "Path" in str(annotation)
        for one in getattr(annotation, "__metadata__", ())
    ]
    return found + [one for group in below.registered_groups for one in declared(group.typer_instance)]  # type: ignore[arg-type]


def test_typer_looks_at_no_path(diabolo: Command) -> None:
    assert diabolo("--version").code == 0
    found = declared(app)
    assert len(found) > 20
    assert [one for one in found if one[2]] == []


def test_an_unreadable_file_is_named_by_the_command(
    diabolo: Command, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root can read everything, the answer of the system is given."""
    Path("secret.png").write_bytes(b"")
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    answer = diabolo("encode", trained, "secret.png")
    assert (answer.code, answer.err) == (
        2,
        "diabolo: the only file is no image that can be read (`secret.png`: not an image)\n",
    )


def test_a_permission_that_nobody_caught_is_no_traceback(diabolo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "shut/x.pt")

    monkeypatch.setattr("diabolo.api.import_model.import_model", refuse)
    answer = diabolo("import", "shut/x.pt")
    assert answer.code == 2
    assert answer.err == (
        "diabolo: `shut/x.pt`: no permission to read or write it; change its permissions, or those of its folder\n"
    )
