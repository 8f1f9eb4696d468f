"""The documents are true: the tree in README, the generated tables, the links between files."""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
IGNORED = [line for line in (ROOT / ".gitignore").read_text().split() if line != "#"]


def entries(folder: Path) -> set[str]:
    """Names in a folder that belong to the project, folders with a slash at their end."""
    anywhere = [pattern.strip("/") for pattern in IGNORED if not pattern.startswith("/")]
    at_the_top = [pattern.strip("/") for pattern in IGNORED if pattern.startswith("/")] + [".git", ".gitignore"]
    ignored = anywhere + (at_the_top if folder == ROOT else [])
    return {
        f"{path.name}/" if path.is_dir() else path.name
        for path in folder.iterdir()
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored)
    }


def tree() -> dict[str, str]:
    """The file tree of README: path -> purpose."""
    block = re.search(r"## What is where\n+```text\n(.*?)```", README, re.DOTALL)
    assert block is not None
    found: dict[str, str] = {}
    above = ""
    for line in block[1].splitlines():
        name, *purpose = line.split(maxsplit=1)
        if not line.startswith(" "):
            above = name if not purpose else ""
        found[(above if line.startswith(" ") else "") + name] = " ".join(purpose)
    return found


def test_every_file_has_a_line_in_the_tree_and_the_reverse() -> None:
    top = {name for name in tree() if not name.startswith("src/")} | {"src/"}
    package = {name.removeprefix("src/diabolo/") for name in tree() if name.startswith("src/diabolo/")} - {""}
    assert entries(ROOT) == top
    assert entries(ROOT / "src" / "diabolo") == package


def test_every_line_of_the_tree_has_a_purpose() -> None:
    assert [name for name, purpose in tree().items() if not purpose and name != "src/diabolo/"] == []


def test_the_generated_parts_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("https://"):
            assert (document.parent / target).exists(), target


def test_the_line_examples_of_the_question_are_the_zoo_s() -> None:
    from diabolo.notation import parse
    from diabolo.zoo import zoo

    lines = re.findall(r"```line\n(.*?)\n```", (ROOT / "docs" / "question.md").read_text(encoding="utf-8"))
    assert [parse(line) for line in lines] == [parse(zoo()[name].line) for name in ("method-1", "method-2")]
    shown = re.findall(r"^(method-[12]) +(.*)$", README, re.MULTILINE)
    assert [(name, parse(line)) for name, line in shown] == [(name, parse(zoo()[name].line)) for name, _ in shown]
    assert len(shown) == 2
