"""Writes the event stream of a training into its run folder, passing every event on."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from diabolo.model import AutoEncoder
from diabolo.runs import RunFolder, RunRecord, write_history, write_record
from diabolo.train.events import Checkpoint, Diverged, EpochDone, Event, Started, Stopped, Trained
from diabolo.train.state import write_state, write_weights


def write_events(events: Iterable[Event], model: AutoEncoder, folder: RunFolder, record: RunRecord) -> Iterator[Event]:
    """Keeps a run folder up to date while training goes on; hold the folder's lock meanwhile.

    The initial state is written before `run.toml`, so that what is a run can always be resumed, from weights that the
    user made too; kept weights before the state that counts their epoch, so that a kill between the two only repeats
    work. A training that is killed leaves the status `running`.

    Raises:
        OutputError: the folder cannot be written, or the disk is full; what was written before stays whole.
    """
    for event in events:
        match event:
            case Started():
                if not event.is_resumed:
                    write_state(folder.state_file, event.state())
                write_record(folder.record_file, replace(record, status="running"))
            case EpochDone():
                if event.is_kept:
                    write_weights(folder.model_file, model, record.line)
                write_history(folder.history_file, event.history)
            case Checkpoint():
                write_state(folder.state_file, event.state())
            case Stopped():
                write_state(folder.state_file, event.state())
                write_record(folder.record_file, replace(record, status="stopped"))
            case Diverged():
                write_record(folder.record_file, replace(record, status="diverged"))
            case Trained():
                write_record(folder.record_file, replace(record, status="trained"))
        yield event
