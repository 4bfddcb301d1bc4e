"""What is wrong with the files of a SavedModel: one check for each, without TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_tfroundtrip.savedmodel.faults import BEGINNING, by_beginning, fault
from pytest_tfroundtrip.savedmodel.folders import FILES
from pytest_tfroundtrip.savedmodel.model import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_tfroundtrip.savedmodel.model import Checkpoint, Fault, MetaGraph, Shard

_NAMED = 5  # variables are named in a sentence
_FILLS_FROM_FILE = "InitializeTableFromTextFile"  # and its V2


def of_file(path: Path) -> Fault | None:
    """What is wrong with a file before it is read: gone, empty, or something else."""
    shown = str(path)
    if path.is_symlink() and not path.exists():
        return fault("broken-link", shown, target=path.readlink())
    if path.is_dir():
        return fault("folder-as-file", shown)
    if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
        return fault("unreadable", shown, why="it is no regular file")
    try:
        with path.open("rb") as file:
            beginning = file.read(BEGINNING)
    except OSError as error:
        return fault("unreadable", shown, why=error.strerror)
    return _of_content(path, beginning) if beginning else fault("empty-file", shown)


def _of_content(path: Path, beginning: bytes) -> Fault | None:
    """What a file is that begins so, if it is not what its name says."""
    found = by_beginning(beginning, str(path))
    form = FILES.get(path.name)
    if found is None and form is Format.BINARY and beginning.startswith(b"\n"):
        # Field 1 of a graph is a message, of a SavedModel a number: this byte begins the former.
        return fault("graph-as-saved-model", str(path))
    return None if found and found.id == "text-as-binary" and form is Format.TEXT else found


def damaged(path: Path, why: object) -> Fault:
    """A file that is what its name says, but not whole."""
    return fault("damaged", str(path), why=why, size=path.stat().st_size)


def of_folder(folder: Path) -> Iterator[Fault]:
    """What is wrong with which files there are."""
    if all((folder / name).is_file() for name in FILES):
        yield fault("both-formats", str(folder / f"saved_model.{Format.TEXT}"))


def of_path(folder: Path, graphs: Sequence[MetaGraph]) -> Iterator[Fault]:
    """Whether TensorFlow finds variables there: GetMatchingPaths takes the path for a pattern.

    https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/kernels/save_restore_v2_ops.cc
    """
    from fnmatch import fnmatchcase  # noqa: PLC0415  only here

    path = folder.absolute()
    if not any(graph.restores for graph in graphs):
        return
    for part in path.parts[1:]:
        # * and ? stand for themselves too, and [ without ] for nothing else.
        sign = "\\" if "\\" in part else None if fnmatchcase(part, part) else "[...]"
        if sign:
            yield fault("name-is-a-pattern", str(path), sign=sign)
            return


def of_variables(
    index: Path, checkpoint: Checkpoint | None, graphs: Sequence[MetaGraph]
) -> Iterator[Fault]:
    """What is wrong with the checkpoint, as far as index and sizes tell."""
    if checkpoint is not None:
        for shard in checkpoint.shards:
            yield from _of_shard(index, shard, len(checkpoint.shards))
        yield from _not_stored(index, checkpoint, graphs)
        return
    if not any(graph.restores for graph in graphs):
        return
    number = len({variable.name for graph in graphs for variable in graph.variables})
    if index.parent.is_dir() and any(index.parent.glob("*.data-*")):
        yield fault("index-left-out", str(index))
    else:
        # tf.saved_model.save writes a checkpoint for a model without variables too, and its
        # loaders want it.
        count = f"{number} variables" if number > 1 else "a variable" if number else "its objects"
        missing = index if index.parent.is_dir() else index.parent
        yield fault("variables-left-out", str(missing), count=count)


def of_assets(folder: Path, graphs: Sequence[MetaGraph]) -> Iterator[Fault]:
    """Assets that are not there, or stand for something else."""
    # By functions, too: tf.Transform has its tables in there.
    read = any(op.name.startswith(_FILLS_FROM_FILE) for graph in graphs for op in graph.ops)
    for asset in sorted({asset for graph in graphs for asset in graph.assets}, key=str):
        path = folder / "assets" / asset.filename
        if asset.size is None:
            yield fault("asset-missing" if read else "asset-left-out", str(path))
        elif (found := of_file(path)) and found.id.endswith("-pointer"):  # else: its own affair
            yield fault("asset-pointer", str(path), kind=found.id)


def _of_shard(index: Path, shard: Shard, count: int) -> Iterator[Fault]:
    path = index.with_name(shard.filename)
    if shard.size == shard.expected:
        return
    if shard.size is None:
        if path.is_symlink():
            yield fault("broken-link", str(path), target=path.readlink())
            return
        number = f"{count} shards" if count > 1 else "one shard"
        yield fault("shard-missing", str(path), count=number, expected=shard.expected)
        return
    other = of_file(path)
    # Values may begin like anything; a few bytes where there should be more are a pointer.
    if other and (shard.size <= BEGINNING or other.id in ("web-page", "unreadable")):
        yield other
        return
    short = shard.size < shard.expected
    yield fault(
        "shard-short" if short else "shard-long",
        str(path),
        size=shard.size,
        expected=shard.expected,
    )


def _not_stored(
    index: Path, checkpoint: Checkpoint, graphs: Sequence[MetaGraph]
) -> Iterator[Fault]:
    stored = {each.name for each in checkpoint.stored}
    names = sorted(
        {
            variable.name
            for graph in graphs
            for variable in graph.variables
            if variable.key and variable.key not in stored
        }
    )
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield fault("variable-not-stored", str(index), names=", ".join(names[:_NAMED]) + more)
