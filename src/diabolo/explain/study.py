"""`Study`: what the readings ask of a history, each computed once."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from diabolo.explain.history import Curve, History
from diabolo.explain.outlook import Outlook, outlook
from diabolo.explain.robust import level, noise, running_median, slope

LN2 = math.log(2)
"""Binary cross-entropy of a model that answers one half everywhere, whatever the images are."""
FEWEST_EPOCHS = 6
"""Below this the noise of a curve cannot be told from its course."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """A history with the quantities that several readings need.

    Losses are taken as their excess over the floor wherever the floor is known: of a binary cross-entropy of 0.5566
    on photographs, 0.547 is the floor, and only the rest says anything about the model.
    """

    history: History
    """The curves."""
    references: tuple[Any, ...] = ()
    """What needs no training: objects with `title`, `psnr` (dB) and `latent_values`."""

    @cached_property
    def times(self) -> Curve:
        """Numbers of the epochs."""
        return self.history.epochs.astype(np.float64)

    @property
    def num_epochs(self) -> int:
        """Rows with a finite judged loss."""
        return int(np.isfinite(self.judged).sum())

    @cached_property
    def floors_known(self) -> bool:
        """Whether 0 in this study is what a perfect reconstruction reaches."""
        return self.history.loss in ("mse", "l1") or self.history.val_floor is not None

    @cached_property
    def running(self) -> Curve | None:
        """Train loss while training, an average over each epoch; less its floor where that is known."""
        return self._less_floor("loss", self.history.train_floor)

    @cached_property
    def train(self) -> Curve | None:
        """Train loss after each epoch in evaluation mode; less its floor where that is known."""
        return self._less_floor("train_loss", self.history.train_floor)

    @cached_property
    def val(self) -> Curve | None:
        """Validation loss; less its floor where that is known."""
        return self._less_floor("val_loss", self.history.val_floor)

    @cached_property
    def judged(self) -> Curve:
        """The curve that tells the state: the validation loss, or where there is none another loss."""
        for found in (self.val, self.train, self.running):
            if found is not None:
                return found
        return np.full(len(self.history.epochs), np.nan)

    @cached_property
    def judged_name(self) -> str:
        """How sentences call `judged`."""
        return "validation loss" if self.val is not None else "train loss"

    @cached_property
    def learned(self) -> Curve:
        """The curve that tells whether anything is learnt: the running train loss, which no moving average blurs."""
        return self.running if self.running is not None else self.judged

    @cached_property
    def smooth(self) -> Curve:
        """`judged` without its wild epochs."""
        return running_median(self.judged, 5 if self.num_epochs >= 15 else 3)

    @cached_property
    def scale(self) -> float:
        """What a change of the loss is large or small against: the excess that is left; without a floor a guess.

        The guess is a tenth of all that the loss fell, or the loss itself where that is less: on the question's
        50 epochs it gives 0.0106 where the excess is 0.0093.
        """
        finite = self.judged[np.isfinite(self.judged)]
        if not len(finite):
            return math.nan
        last = level(self.judged, self.tail)
        if self.floors_known:
            return max(last, 1e-12)
        fall = float(finite.max() - finite.min())
        return max(min(abs(last), 0.1 * fall), 1e-12)

    @cached_property
    def tail(self) -> int:
        """Epochs at the end that a level is taken from: a tenth, at least 3."""
        return max(3, round(self.num_epochs / 10))

    @cached_property
    def noise(self) -> float:
        """Epoch-to-epoch deviation of the judged loss in its last half; 0 where there are too few epochs."""
        finite = self.judged[np.isfinite(self.judged)]
        found = noise(finite[-max(5, len(finite) // 2) :])
        return found if math.isfinite(found) else 0.0

    @cached_property
    def horizon(self) -> int:
        """How far readings look ahead: half as many epochs again."""
        return max(1, round(self.num_epochs / 2))

    @cached_property
    def outlook(self) -> Outlook | None:
        """Of the judged loss, `horizon` epochs on."""
        return outlook(self.times, self.judged, self.horizon, lowest=0.0 if self.floors_known else None)

    @cached_property
    def psnr_outlook(self) -> Outlook | None:
        """Of the PSNR in dB, `horizon` epochs on; None where there is no such curve."""
        psnr = self.history.curve("val_psnr")
        if psnr is None:
            return None
        # PSNR rises; `outlook` carries falling curves on.
        found = outlook(self.times, -psnr, self.horizon)
        return found and Outlook(
            num_epochs=found.num_epochs, now=-found.now, then=-found.then, low=-found.high, high=-found.low
        )

    @cached_property
    def trend(self) -> tuple[float, float, float]:
        """Slope of the judged loss over its last half, an epoch, and the slope's 95 % interval."""
        half = max(FEWEST_EPOCHS, len(self.times) // 2)
        return slope(self.times[-half:], self.judged[-half:])

    @cached_property
    def rate_ended(self) -> bool:
        """Whether the learning rate has fallen to less than a twentieth of its highest."""
        rate = self.history.curve("learning_rate")
        if rate is None:
            return False
        rate = rate[np.isfinite(rate)]
        return bool(rate[-1] < 0.05 * rate.max())

    @cached_property
    def last_psnr(self) -> float:
        """PSNR of the last epochs in dB; NaN where it is not known."""
        psnr = self.history.curve("val_psnr")
        if psnr is not None:
            return level(psnr, min(3, self.tail))
        return math.nan

    @cached_property
    def last_mse(self) -> float:
        """Validation MSE of the last epochs; NaN where it is not known."""
        mse = self.history.curve("val_mse")
        if mse is None and self.history.loss == "mse":
            mse = self.val
        return level(mse, min(3, self.tail)) if mse is not None else math.nan

    def of(self, history: History) -> "Study":
        """The same questions for another history."""
        return replace(self, history=history)

    def _less_floor(self, name: str, floor: float | None) -> Curve | None:
        curve = self.history.curve(name)
        if curve is None:
            return None
        return curve - floor if floor is not None else curve
