"""What the files of SavedModels say, without TensorFlow; each is read once while it is in use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from pytest_tfroundtrip.observation import FileFault
from pytest_tfroundtrip.savedmodel.faults import messages_of
from pytest_tfroundtrip.savedmodel.reading import NoSavedModel, found_at, read_saved_model

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_tfroundtrip.savedmodel.folders import Found
    from pytest_tfroundtrip.savedmodel.model import Fault, SavedModel

_KEPT = 64  # models: what is asked of one comes close together
#: Ops that no seed in the file binds, and ops of other packages, of which nothing is known.
_RANDOM = re.compile(r"Random|Rng|Multinomial|Normal$|Timestamp|Shuffle|Sampler|PyFunc|>")


@dataclass(frozen=True)
class Files:
    """What a SavedModel's files say before anything is loaded."""

    faults: tuple[FileFault, ...]  # what is wrong with them
    random: bool  # an op may give other values in another process


@cache
def files_of(folder: Path) -> Files:
    """What a SavedModel's files say."""
    try:
        model = model_at(found_at(folder))
    except NoSavedModel as error:
        return Files(_told([error.fault]), random=True)
    ops = (op.name for graph in model.meta_graphs for op in graph.ops)
    return Files(_told(model.faults), any(map(_RANDOM.search, ops)))


def model_at(found: Found) -> SavedModel:
    """What is in a SavedModel; not read again soon after.

    Raises:
        NoSavedModel: not even its graphs can be read.
    """
    try:
        status = found.file.stat()
    except OSError:
        return read_saved_model(found)  # says what it is
    return _read(found, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=_KEPT)
def _read(found: Found, _size: int, _changed: int) -> SavedModel:
    return read_saved_model(found)


def _told(faults: Iterable[Fault]) -> tuple[FileFault, ...]:
    return tuple(
        FileFault(fault.id, fault.sentence, fault.remedy, fault.stops, messages_of(fault))
        for fault in faults
    )
