"""A SavedModel that carries what it should give: a record in its ``assets.extra/tf_roundtrip``.

The record of the signature that is called by default lies there itself, as savers of ours leave it,
those of others in ``signatures/0``, ``signatures/1`` ... below. A record that was frozen names the
files that it is of: the graphs and the index of the variables by their sha256, all others by size.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import RoundTripError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_tfroundtrip.folder import Folder

PLACE = ("assets.extra", "tf_roundtrip")
RECORD = "record.json"
FILES = (RECORD, "record.npz")
_OTHERS = "signatures"
_ANEW = "remove that folder to have the values computed anew"
#: What is read to tell whether a file is the same: TensorFlow's index has checksums of the values.
_HASHED = ("saved_model.pb", "saved_model.pbtxt", "variables/variables.index")


def record_in(folder: Folder) -> Path | None:
    """The folder of the record of a signature, None where the SavedModel carries none.

    Raises:
        RoundTripError: there is one, of files that have changed since.
    """
    for place, said in _records(folder.file):
        if _called(said) != (folder.signature, folder.function) or _tags(said) != sorted(
            folder.tags
        ):
            continue
        if missing := [name for name in FILES if not (place / name).is_file()]:
            msg = (
                f"{place}: the record is not whole, {missing[0]} is not there: a .gitignore may"
                f" have left it out. Put it back, or {_ANEW}"
            )
            raise RoundTripError(msg)
        told = said.get("files")
        if told is not None and (changed := _changed(told, state_of(folder.file))):
            msg = (
                f"{place / RECORD} was recorded of other files: {changed}. Record the SavedModel"
                f" again (python -m pytest_tfroundtrip record DIR), or {_ANEW}"
            )
            raise RoundTripError(msg)
        return place
    return None


def freeze(source: Path, target: Path, records: Sequence[tuple[Folder, Path]]) -> None:
    """Copy a SavedModel with the records of its signatures.

    Args:
        source: the SavedModel's folder.
        target: where the copy goes; must not be there.
        records: of each signature the folder of its record, the default one's first.

    Raises:
        UsageProblem: the copy cannot be made.
    """
    refuse(source, target)
    making = target.with_name(f".{target.name}-{uuid.uuid4().hex[:8]}")
    try:
        shutil.copytree(source, making, ignore=_without_records(source))
        # Of the copy: links to folders are folders there.
        state = state_of(making)
        for number, (_, record) in enumerate(records):
            place = making.joinpath(*PLACE)
            if number:
                place = place / _OTHERS / str(number - 1)
            place.mkdir(parents=True)
            for name in FILES:
                shutil.copyfile(record / name, place / name)
            content = json.loads((place / RECORD).read_text(encoding="utf-8"))
            text = json.dumps({**content, "files": state}, indent=1, sort_keys=True)
            (place / RECORD).write_text(text + "\n", encoding="utf-8")
        making.rename(target)
    except (OSError, ValueError, TypeError) as error:  # shutil.Error is an OSError
        msg = f"{source} cannot be copied to {target}: {error}"
        raise UsageProblem(msg) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def refuse(source: Path, target: Path) -> None:
    """Check where a copy is to go.

    Raises:
        UsageProblem: something is there, or it lies in the source, which is left as it is.
    """
    if target.resolve().is_relative_to(source.resolve()):
        msg = f"{target} is in {source}, which is left as it is: name another folder with --to"
        raise UsageProblem(msg)
    if target.exists():
        msg = f"{target} is there already: name another folder with --to"
        raise UsageProblem(msg)


def state_of(folder: Path) -> dict[str, str | int]:
    """{name: sha256, or size in bytes} of a SavedModel's files, records left out.

    Raises:
        RoundTripError: a file cannot be read.
    """
    found: dict[str, str | int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            relative = path.relative_to(folder)
            if relative.parts[: len(PLACE)] == PLACE:
                continue
            shown = relative.as_posix()
            try:
                if shown in _HASHED:
                    found[shown] = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
                else:
                    found[shown] = path.stat().st_size
            except FileNotFoundError:  # a link to nowhere: no file of the SavedModel
                continue
            except OSError as error:
                raise RoundTripError(str(error)) from error
    return found


def _records(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    place = folder.joinpath(*PLACE)
    try:
        below = sorted((place / _OTHERS).iterdir()) if (place / _OTHERS).is_dir() else []
    except OSError:
        below = []
    for each in (place, *below):
        try:
            said = json.loads((each / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(said, dict):
            yield each, said


def _called(said: Mapping[str, Any]) -> tuple[Any, Any]:
    """The signature and the function that a record is of."""
    function = said.get("function")
    return said.get("signature"), function.get("name") if isinstance(function, dict) else None


def _tags(said: Mapping[str, Any]) -> list[str] | None:
    """The tags of the meta graph that a record is of, None where it is no record."""
    contract = said.get("contract")
    tags = contract.get("tags") if isinstance(contract, dict) else None
    return sorted(map(str, tags)) if isinstance(tags, list) else None


def _changed(told: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Which files are not as they were, empty where all are."""
    if not isinstance(told, dict):
        return "it does not say which"
    names = [name for name in {**told, **now} if told.get(name) != now.get(name)]
    return ", ".join(sorted(map(str, names))[:5])


def _without_records(source: Path) -> Any:
    """For copytree: leaves out records that the SavedModel carries already."""
    holder = str(source.joinpath(*PLACE[:-1]))

    def ignore(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if folder == holder and name == PLACE[-1]]

    return ignore
