"""Ctrl-C, SIGTERM and their like: the first asks training to stop after its step, the second stops at once."""

import contextlib
import os
import signal
from types import FrameType, TracebackType
from typing import Any, Self

# A terminal that closes (HUP), clusters that warn before the time is up (USR1, XCPU); Windows has the first two only.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGXCPU")
_WORDS = b"\nstopping after this step; again to stop at once\n"


class StopOnSignal:
    """A context in which the first signal that asks to stop only sets a flag; call it to ask whether it came.

    A signal that the starter of this process had it ignore (as `nohup` does with SIGHUP) stays ignored.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in handled_signals():
            self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.received is not None

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells have it."""
        return 128 + (self.received or signal.SIGINT)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)
        if self.received.name == "SIGHUP":
            leave_terminal()
        with contextlib.suppress(OSError):
            os.write(2, _WORDS)  # not `print`: the signal may have come in the middle of one, which Python refuses


def handled_signals() -> list[signal.Signals]:
    """Those that ask to stop, without what the starter of this process had it ignore."""
    known = [signal.Signals[name] for name in _NAMES if hasattr(signal, name)]
    return [one for one in known if one == signal.SIGINT or signal.getsignal(one) != signal.SIG_IGN]


def leave_terminal() -> None:
    """What is said from now on goes nowhere: the terminal is gone, and writing to it would be an error."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            if os.isatty(descriptor):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
