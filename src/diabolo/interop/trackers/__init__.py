"""Trackers: readers of the event stream that write a training's numbers for TensorBoard, MLflow and trackio.

All of them write on this machine, unless their own settings say otherwise. A tracker that fails is left out from then
on, with a note: it never stops a training.
"""

from diabolo.interop.trackers.reader import TRACKERS, TrackerReader, open_trackers
from diabolo.interop.trackers.tracker import Tracker, numbers_of

__all__ = ["TRACKERS", "Tracker", "TrackerReader", "numbers_of", "open_trackers"]
