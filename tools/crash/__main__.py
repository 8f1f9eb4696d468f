"""`python tools/crash --kills 200`: kills commands at random moments, starts them again, and compares what they made.

Each round runs one command to its end through as many kills (SIGKILL or SIGTERM) as chance brings. After every kill all
files must read whole and nothing that was saved may be lost; at the end everything must be as in a run that nobody
killed. The log has a line a kill; a second call goes on after its last round.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from scenarios import SCENARIOS, Scenario

_LOG = Path(__file__).parents[2] / "benchmarks" / "results" / "crash-campaign.jsonl"
_SECONDS_TO_STOP = 120.0
_WHOLE_RANGE = 0.25  # of the kills come at any moment of a process, the others between its first file and its end
_LATEST = 0.8  # of the time from the first file to the end: later, most commands end before they are killed
_SECONDS_BETWEEN_LOOKS = 0.004


def main() -> int:
    """Runs rounds until every scenario has its kills; exit code 1 where something was corrupt, lost or different."""
    parser = argparse.ArgumentParser(prog="python tools/crash", description=__doc__)
    parser.add_argument("scenarios", nargs="*", help=f"which of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--kills", type=int, default=200, help="in all, shared by weight")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path, default=_LOG)
    arguments = parser.parse_args()
    chosen = [SCENARIOS[name] for name in arguments.scenarios or SCENARIOS]
    whole = sum(scenario.weight for scenario in chosen)
    with tempfile.TemporaryDirectory(prefix="diabolo-crash-") as place:
        for scenario in chosen:
            wanted = round(arguments.kills * scenario.weight / whole)
            _Campaign(scenario, Path(place) / scenario.name, arguments.seed, arguments.log).run(wanted)
    return _summary(arguments.log)


class _Campaign:
    """The rounds of one scenario."""

    def __init__(self, scenario: Scenario, place: Path, seed: int, log: Path) -> None:
        self.scenario, self.place, self.seed, self.log = scenario, place, seed, log
        command = ["git", "-C", str(_LOG.parent), "rev-parse", "--short", "HEAD"]
        self.commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        self.place.mkdir()

    def run(self, num_kills: int) -> None:
        """Rounds until the log has so many kills of this scenario."""
        known = [entry for entry in _entries(self.log) if entry["scenario"] == self.scenario.name]
        kills = sum(entry["kind"] == "kill" for entry in known)
        number = 1 + max((entry["round"] for entry in known), default=0)
        if kills >= num_kills:
            return
        self.scenario.prepare(self.place)
        reference = self.place / "reference"
        spans = self._undisturbed(reference)
        expected = self.scenario.outcome(reference)
        assert expected
        while kills < num_kills:
            kills += self._round(number, spans, expected)
            number += 1

    def _undisturbed(self, folder: Path) -> tuple[float, float]:
        """Runs the command to its end; returns the seconds of the whole, and of that from its first file on."""
        started = time.monotonic()
        process = self._start(folder)
        self._wait_until_busy(process, folder)
        busy = time.monotonic()
        code = process.wait()
        assert code == 0, folder.with_suffix(".log").read_text()
        ended = time.monotonic()
        return ended - started, ended - busy

    def _wait_until_busy(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        since = self.started_ns
        while process.poll() is None and not self.scenario.is_busy(folder, since):
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def _round(self, number: int, spans: tuple[float, float], expected: dict[str, str]) -> int:
        """One command to its end; returns how often it was killed."""
        draw = random.Random(f"{self.seed}-{self.scenario.name}-{number}")
        folder = self.place / f"round-{number}"
        kills = 0
        saved: Any = None
        for _ in range(self.scenario.most_kills):
            process = self._start(folder)
            killed = self._kill(process, folder, draw, spans)
            if killed is None:
                break
            kills += 1
            problems = self.scenario.problems(folder)
            if killed["code"] not in self.scenario.codes(killed["signal"]):
                problems.append(f"exit code {killed['code']}")
            now = self.scenario.saved(folder)
            if saved is not None and (now is None or now < saved):
                problems.append(f"what was saved went back from {saved} to {now}")
            if killed["seen"] is not None and (now is None or now < killed["seen"]):
                problems.append(f"{killed['seen']} was on the disk before the kill, and {now} after it")
            said = self.scenario.said(folder.with_suffix(".log"), killed["signal"])
            if said is not None and said != now:
                problems.append(f"it said that {said} is saved, and {now} is")
            saved = now
            self._write({"kind": "kill", "round": number, **killed, "saved": now, "problems": problems})
            if self.scenario.is_finished(folder):
                break
        if self.scenario.is_finished(folder):
            code = 0
        else:
            code = process.returncode if killed is None else self._start(folder).wait()
        problems = [] if code == 0 else [f"exit code {code}: {_tail(folder.with_suffix('.log'))}"]
        found = self.scenario.outcome(folder) if code == 0 else {}
        problems += [
            f"`{name}` differs from the run that nobody killed"
            for name in expected
            if found.get(name) != expected[name]
        ]
        problems += self.scenario.leftovers(folder)
        self._write(
            {"kind": "end", "round": number, "kills": kills, "compared": sorted(expected), "problems": problems}
        )
        return kills

    def _start(self, folder: Path) -> "subprocess.Popen[bytes]":
        self.started_ns = time.time_ns()
        with folder.with_suffix(".log").open("wb") as log:
            return subprocess.Popen(
                self.scenario.command(folder), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, "OMP_NUM_THREADS": "1", **self.scenario.environment(self.place)},
                start_new_session=True,
            )  # fmt: skip

    def _kill(
        self, process: "subprocess.Popen[bytes]", folder: Path, draw: random.Random, spans: tuple[float, float]
    ) -> dict[str, Any] | None:
        """Waits for the moment and kills; None where the process came to its end before."""
        number = draw.choice([signal.SIGKILL, signal.SIGTERM])
        from_start = draw.random() < _WHOLE_RANGE
        delay = draw.uniform(0, spans[0] if from_start else _LATEST * spans[1])
        started = time.monotonic()
        if not from_start:
            self._wait_until_busy(process, folder)
        ready = time.monotonic() - started
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            pass
        else:
            return None
        seen = self.scenario.saved(folder)
        process.send_signal(number)
        code = process.wait(_SECONDS_TO_STOP)
        self._end_children(process)
        if code == 0:  # it was at its end, with nothing left to stop
            return None
        return {"signal": number.name, "after_seconds": round(ready + delay, 3), "code": code, "seen": seen}

    @staticmethod
    def _end_children(process: "subprocess.Popen[bytes]") -> None:
        """What a killed command had started, such as Keras, would otherwise work on beside the next attempt."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)

    def _write(self, entry: dict[str, Any]) -> None:
        entry = {"scenario": self.scenario.name, "seed": self.seed, **entry, "commit": self.commit}
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        if entry["problems"]:
            print(json.dumps(entry), file=sys.stderr, flush=True)


def _entries(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def _summary(log: Path) -> int:
    kills: Counter[tuple[str, str]] = Counter()
    rounds: Counter[str] = Counter()
    problems = 0
    for entry in _entries(log):
        problems += len(entry["problems"])
        if entry["kind"] == "kill":
            kills[entry["scenario"], entry["signal"]] += 1
        else:
            rounds[entry["scenario"]] += 1
    for scenario in dict.fromkeys(name for name, _ in kills):
        print(
            f"{scenario}: {kills[scenario, 'SIGKILL']} SIGKILL, {kills[scenario, 'SIGTERM']} SIGTERM in "
            f"{rounds[scenario]} rounds"
        )
    print(f"{sum(kills.values())} kills, {problems} problems")
    return int(problems > 0)


def _tail(log: Path) -> str:
    return log.read_text(errors="replace").strip()[-300:]


if __name__ == "__main__":
    sys.exit(main())
