"""A reading's budget of steps and depth, so that no source takes long or nests deeper than Python can."""

from diabolo.graph import Place


class EndOfBudget(Exception):  # noqa: N818, a signal that is caught in one place
    """Raised when the reading has taken all its steps."""

    def __init__(self, message: str, place: Place | None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


class Budget:
    """Steps taken and levels entered."""

    MAX_STEPS = 100_000
    """Steps of one reading of a short source: about a second."""
    STEPS_A_ROW = 20
    """Further steps for each row."""
    MAX_DEPTH = 500
    """Levels of expressions and statements inside of each other, calls included."""
    MAX_CALLS = 40
    """Calls inside of each other."""

    def __init__(self, num_rows: int = 0) -> None:
        self.steps = 0
        """Taken so far."""
        self.depth = 0
        """Levels of expressions and statements entered."""
        self.calls = 0
        """Calls entered."""
        self.most = self.MAX_STEPS + self.STEPS_A_ROW * num_rows
        """All that there are."""

    def spend(self, steps: int, place: Place | None) -> None:
        """Takes steps.

        Raises:
            EndOfBudget: there are none left.
        """
        self.steps += steps
        if self.steps > self.most:
            raise EndOfBudget(
                "the source takes more steps than are followed (a long loop, or functions that call each other many "
                "times); what comes after was not read",
                place,
            )
