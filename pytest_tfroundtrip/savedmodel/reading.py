"""Reading a SavedModel's folder, and saying what is wrong with it."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.savedmodel import checks
from pytest_tfroundtrip.savedmodel.checkpoint import PREFIX, read_checkpoint
from pytest_tfroundtrip.savedmodel.faults import fault
from pytest_tfroundtrip.savedmodel.file import opened, parsed
from pytest_tfroundtrip.savedmodel.folders import WARMUP, find, what_is_there
from pytest_tfroundtrip.savedmodel.meta_graph import meta_graph_of, stamp_of
from pytest_tfroundtrip.savedmodel.model import SavedModel
from pytest_tfroundtrip.savedmodel.origin import Traces
from pytest_tfroundtrip.savedmodel.pieces import Damaged
from pytest_tfroundtrip.savedmodel.protos import message

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.savedmodel.folders import Found
    from pytest_tfroundtrip.savedmodel.model import Checkpoint, Fault, MetaGraph, Stamp

KERAS_METADATA = "keras_metadata.pb"
HUB_MODULE = "tfhub_module.pb"
FINGERPRINT = "fingerprint.pb"
RECORD = ("assets.extra", "tf_roundtrip", "record.json")
_FINGERPRINT_MOST = 1 << 16
_SERVE = "serve"
_SHOWN = 5


class NoSavedModel(UsageProblem):
    """A folder in which there is no SavedModel that can be read; ``fault`` says why."""

    def __init__(self, why: Fault) -> None:
        super().__init__(f"{why.sentence} {why.remedy}")
        self.fault = why


def found_at(path: Path) -> Found:
    """The SavedModel in a folder, not below it.

    Raises:
        NoSavedModel: there is none; the error says what is there instead.
    """
    try:
        found = next(find(path), None)
    except OSError:
        found = None
    if found is None or found.path not in (path, path.parent):
        raise NoSavedModel(what_is_there(path))
    return found


def the_one_in(path: Path) -> Found:
    """The SavedModel in a folder, or the only one below it: archives have a folder around theirs.

    Raises:
        NoSavedModel: there is none.
        UsageProblem: there are several.
    """
    try:
        several = list(islice(find(path), _SHOWN + 1)) if path.is_dir() else []
    except OSError:
        several = []
    if len(several) == 1:
        return several[0]
    if not several:
        return found_at(path)
    shown = ", ".join(each.name for each in several[:_SHOWN])
    more = " ..." if len(several) > _SHOWN else ""
    msg = f"{path} has several SavedModels below it: {shown}{more}. Name one of them"
    raise UsageProblem(msg)


def read_stamps(found: Found) -> tuple[Stamp, ...]:
    """What the meta graphs say of themselves: no graph is read, however large it is.

    Raises:
        NoSavedModel: the file is not in form.
    """
    if why := checks.of_file(found.file):
        raise NoSavedModel(why)
    traces = _traces(found.path)
    try:
        with opened(found.file) as parts:
            stamps = tuple(stamp_of(part.head, traces) for part in parts)
        if not stamps:
            raise NoSavedModel(fault("no-meta-graphs", str(found.file)))
    except (Damaged, OSError) as error:
        raise NoSavedModel(_unread(found.file, error)) from error
    return stamps


def stamp_of_unread(found: Found) -> Stamp:
    """What stands for the stamp of a file that is not in form: what lies beside it may say more."""
    return replace(stamp_of(message("MetaGraphDef")(), _traces(found.path)), tags=(_SERVE,))


def read_saved_model(found: Found) -> SavedModel:
    """All there is to say of a SavedModel, with what looks wrong.

    Raises:
        NoSavedModel: not even its graphs can be read.
    """
    folder = found.path
    if why := checks.of_file(found.file):
        raise NoSavedModel(why)
    traces = _traces(folder)
    try:
        graphs = _graphs(found, traces)
        if not graphs:
            raise NoSavedModel(fault("no-meta-graphs", str(found.file)))
        size, graph_size = _size(folder), found.file.stat().st_size
    except (Damaged, OSError) as error:
        raise NoSavedModel(_unread(found.file, error)) from error
    index = folder.joinpath(*PREFIX).with_suffix(".index")
    checkpoint, faults = _checkpoint(index)
    if not faults:
        faults += checks.of_variables(index, checkpoint, graphs)
    faults += [
        *checks.of_folder(folder),
        *checks.of_path(folder, graphs),
        *checks.of_assets(folder, graphs),
    ]
    warmup = folder.joinpath(*WARMUP)
    return SavedModel(
        path=folder,
        format=found.format,
        size=size,
        graph_size=graph_size,
        meta_graphs=graphs,
        checkpoint=checkpoint,
        keras_metadata=traces.keras_metadata,
        hub_module=traces.hub_module,
        fingerprint=_fingerprint(folder / FINGERPRINT),
        warmup_requests=warmup.stat().st_size if warmup.is_file() else None,
        record=folder.joinpath(*RECORD).is_file(),
        faults=tuple(faults),
    )


def _traces(folder: Path) -> Traces:
    return Traces((folder / KERAS_METADATA).is_file(), (folder / HUB_MODULE).is_file())


def _graphs(found: Found, traces: Traces) -> tuple[MetaGraph, ...]:
    with opened(found.file) as parts:
        return tuple(meta_graph_of(part, found.path, traces) for part in parts)


def _checkpoint(index: Path) -> tuple[Checkpoint | None, list[Fault]]:
    """What the index says; None and a fault where it is there and says nothing."""
    if not index.exists() and not index.is_symlink():
        return None, []
    if why := checks.of_file(index):
        return None, [why]
    try:
        return read_checkpoint(index), []
    except Damaged as error:
        return None, [fault("index-damaged", str(index), why=error)]
    except OSError as error:
        return None, [_unread(index, error)]


def _unread(path: Path, error: Damaged | OSError) -> Fault:
    if isinstance(error, OSError):
        return fault("unreadable", str(path), why=error.strerror or error)
    return checks.damaged(path, error)


def _fingerprint(path: Path) -> str | None:
    """A word for the save that the file belongs to; None where there is none to be had."""
    try:
        if not path.is_file() or path.stat().st_size > _FINGERPRINT_MOST:
            return None
        message = parsed("FingerprintDef", path.read_bytes())
    except (Damaged, OSError):
        return None
    return message.uuid or f"{message.saved_model_checksum:016x}"


def _size(folder: Path) -> int:
    """Bytes of all files in a folder and below it."""
    size = 0
    for place, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(place, name)  # noqa: PTH118  a Path takes ten times as long
            if os.path.exists(path):  # noqa: PTH110
                size += os.stat(path).st_size  # noqa: PTH116
    return size
