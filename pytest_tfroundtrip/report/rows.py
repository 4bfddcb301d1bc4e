"""One cell of a run as a plain row: what every view of the report is made from."""

from __future__ import annotations

import shlex
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.folder import DEFAULT_FUNCTION, DEFAULT_SIGNATURE, UNKNOWN, Folder
from pytest_tfroundtrip.observation import mispredicted
from pytest_tfroundtrip.vocabulary import Expect, Operation, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_tfroundtrip.cells import Cell, Model
    from pytest_tfroundtrip.observation import Change, Observation
    from pytest_tfroundtrip.vocabulary import Direction, Foreseen, Promise

#: What is said of any graph without objects, see savedmodel/origin.py.
_NO_TRACE = ("builder", "simple_save")


@dataclass(frozen=True)
class Row:
    """An entry of ``cells`` in the JSON report; the field names are the report's.

    ``verdict`` is None for a cell that was not run (``-x``, Ctrl-C), ``outcome`` (pytest's word)
    None for a cell that is no test. ``load`` and ``load_runtime`` are empty for ``creation``.
    """

    id: str
    model: str
    save: str
    save_runtime: str
    load: str
    load_runtime: str
    operation: Operation
    direction: Direction
    promise: Promise
    verdict: Verdict | None
    outcome: str | None
    contradiction: bool
    stage: Stage | None
    exception: str
    message: str
    cause: str | None  # id in causes.toml
    remedy: str | None
    max_abs_error: float | None
    max_rel_error: float | None
    seconds: float
    signature: str | None
    command: str  # reruns this cell alone
    not_compared: tuple[str, ...]
    nodeids: tuple[str, ...]
    reused: bool
    expect: Expect
    why: str | None  # the cause in a sentence
    statement: str | None  # what the documents say, quoted ...
    document: str | None  # ... and where
    file: str  # the model's, below the rootdir
    log: str | None
    note: str  # how it failed against what was expected, beyond not being `same`
    notes: tuple[str, ...] = ()  # the loader's, on how it was done and what was not done
    writers: tuple[str, ...] = ()  # of a SavedModel that came as a folder: savers that write such
    resave_runtime: str = ""  # that loaded what was saved and saved it again; empty: none did
    predicted: Foreseen | None = None  # of a load: what its files foretold; None: nothing
    predicted_reason: str | None = None
    changes: tuple[Change, ...] = ()  # of the contract: what a caller meets
    thread: str | None = None  # the cause's, upstream
    reference_load: str = ""  # of a folder: the loader that computed what it should give ...
    reference_runtime: str = ""  # ... and under which release
    function: str | None = None  # of a folder without signatures: what was called of it
    inputs: str = ""  # where those that it was fed with come from: "made up", a file's name

    @property
    def creation(self) -> bool:
        """Whether the cell is the save itself."""
        return self.operation is Operation.CREATION

    def with_resave(self, what: str) -> str:
        """What was saved, in a word, and who saved it again: ``builder, resave 2.15``."""
        return f"{what}, resave {self.resave_runtime}" if self.resave_runtime else what

    @property
    def saved(self) -> str:
        """The save API, and who saved again what it wrote."""
        return self.with_resave(self.save)

    @property
    def down(self) -> str:
        """Whose line it is in a picture: a folder's its own, another model's its save API's."""
        return self.with_resave(self.model) if self.writers else self.saved

    @property
    def failed(self) -> bool:
        """Whether pytest counts the cell as a failure or an error."""
        return self.outcome in ("failed", "error")

    @property
    def answered(self) -> bool:
        """Whether it says something of the model, or of TensorFlow."""
        return self.verdict not in (None, Verdict.ABSENT, Verdict.ENV_ERROR)

    @property
    def asserted(self) -> bool:
        """Whether it came back the same, and the test's own body failed all the same."""
        return self.failed and self.verdict is Verdict.SAME and not self.note

    @property
    def unexpected(self) -> bool:
        """Whether it failed for coming back the same: ``note`` says who did not expect it."""
        return self.failed and self.verdict is Verdict.SAME and bool(self.note)

    @property
    def lost(self) -> bool:
        """Whether it failed and did not come back the same."""
        return self.failed and self.verdict is not Verdict.SAME

    @property
    def mispredicted(self) -> bool:
        """Whether it was said to fail for certain, and loaded."""
        return mispredicted(self.predicted, self.verdict)

    @property
    def named(self) -> str:
        """The model, and which of its signatures or functions where that is not the usual one."""
        if self.function not in (None, DEFAULT_FUNCTION):
            return f"{self.model} (function {self.function!r})"
        if not self.writers or self.signature in (None, DEFAULT_SIGNATURE):
            return self.model
        return f"{self.model} (signature {self.signature!r})"

    @property
    def _written(self) -> str:
        by = " or ".join(self.writers)
        if self.save_runtime != UNKNOWN:
            return f"written by {by} under {self.save_runtime}"
        if self.writers == _NO_TRACE:
            return "which does not say what wrote it"
        return f"written by {by} under a release that it does not name"

    @property
    def sentence(self) -> str:
        """The cell in words: ``Affine saved by builder under 2.15 and loaded by ...``."""
        if self.writers:
            parts = [f"{self.named}, {self._written}"]
        else:
            parts = [f"{self.named} saved by {self.save} under {self.save_runtime}"]
        if self.resave_runtime:
            parts.append(f"saved again under {self.resave_runtime}")
        if self.operation is Operation.RESAVE:
            parts.append(f"loaded by {self.load} and saved again under {self.load_runtime}")
        elif self.load:
            loaded = f"loaded by {self.load} under {self.load_runtime}"
            if self.writers:
                parts.append(loaded)
            else:
                parts[-1] += f" and {loaded}"
        return ", ".join(parts)


@dataclass(frozen=True)
class RuntimeInfo:
    """An entry of ``runtimes`` in the JSON report; versions are None where nothing is known."""

    name: str
    provider: str
    tensorflow: str | None = None
    keras: str | None = None
    tensorflow_hub: str | None = None
    numpy: str | None = None
    python: str | None = None
    lock: str | None = None
    image: str | None = None  # its digest
    import_seconds: float | None = None


def row_of(
    cell: Cell,
    observation: Observation | None,
    promise: Promise,
    *,
    expect: Expect,
    outcome: str | None = None,
    contradiction: bool = False,
    cause: str | None = None,
    why: str | None = None,
    remedy: str | None = None,
    thread: str | None = None,
    statement: str | None = None,
    document: str | None = None,
    note: str = "",
    signature: str | None = None,
    function: str | None = None,
    nodeids: Sequence[str] = (),
    test: str | None = None,
    options: Sequence[str] = (),
) -> Row:
    """The row of a cell.

    Args:
        cell: which one.
        observation: what was seen; None where the cell was not run.
        promise: what the documents say of it.
        expect: what it is held against.
        outcome: pytest's word; None where the cell is no test.
        contradiction: TensorFlow does otherwise than its documents say, and it is known.
        cause: id of the cause.
        why: the cause in a sentence.
        remedy: what to do about it.
        thread: the public upstream issue or source.
        statement: the documents' sentence.
        document: the document's title.
        note: how it failed against what was expected, beyond not being ``same``.
        signature: which signature was called.
        function: which function, where there is no signature.
        nodeids: of the tests that are this cell (two tests may ask for the same).
        test: what to run where the cell has no node id of its own: file, folder or test.
        options: the ``--tf-*`` options that this run was given and a rerun needs as well.
    """
    seen = observation
    return Row(
        id=cell.id,
        model=cell.save.model.name,
        save=cell.save.saver.name,
        save_runtime=cell.save.runtime.name,
        resave_runtime=cell.save.resaved.name if cell.save.resaved else "",
        load=cell.loader.name if cell.loader else "",
        load_runtime=cell.load_runtime.name if cell.load_runtime else "",
        operation=cell.operation,
        direction=cell.direction,
        promise=promise,
        verdict=seen.verdict if seen else None,
        outcome=outcome,
        contradiction=contradiction,
        stage=seen.stage if seen else None,
        exception=seen.exception if seen else "",
        message=seen.message if seen else "",
        cause=cause,
        remedy=remedy,
        max_abs_error=seen.max_abs_error if seen else None,
        max_rel_error=seen.max_rel_error if seen else None,
        seconds=seen.seconds if seen else 0.0,
        signature=signature,
        function=function,
        command=command_of(cell, nodeids, test=test, options=options),
        not_compared=seen.not_compared if seen else (),
        nodeids=tuple(nodeids),
        reused=seen.reused if seen else False,
        expect=expect,
        why=why,
        statement=statement,
        document=document,
        file=file_of(cell.save.model),
        log=seen.log if seen else None,
        note=note,
        notes=seen.notes if seen else (),
        predicted=seen.predicted if seen else None,
        predicted_reason=(seen.predicted_reason or None) if seen else None,
        writers=cell.save.model.savers if isinstance(cell.save.model, Folder) else (),
        changes=seen.changes if seen else (),
        thread=thread,
    )


def command_of(
    cell: Cell, nodeids: Sequence[str], *, test: str | None = None, options: Sequence[str] = ()
) -> str:
    """The command that runs this cell alone, quoted for a shell.

    A cell that is no test has no node id; the options that leave nothing but it stand for one.
    ``options`` come first: a later option of the same name wins in pytest.
    """
    words = ["pytest", "--tf-roundtrip", *options]
    if nodeids:
        return shlex.join([*words, nodeids[0]])
    model = cell.save.model
    if isinstance(model, Folder):
        words += [f"--tf-model={_shown(model.file)}"]
    else:
        words += [f"--tf-savers={cell.save.saver.name}"]
        words += [f"--tf-save-runtimes={cell.save.runtime.name}"]
    if cell.loader and cell.load_runtime:
        words += [
            f"--tf-loaders={cell.loader.name}",
            f"--tf-load-runtimes={cell.load_runtime.name}",
        ]
    operations = [cell.operation]
    if cell.save.resaved:
        words.append(f"--tf-resave-runtimes={cell.save.resaved.name}")
        operations.insert(0, Operation.RESAVE)
    elif cell.operation is Operation.RESAVE and cell.load_runtime:
        words.append(f"--tf-resave-runtimes={cell.load_runtime.name}")
    words.append(f"--tf-operations={','.join(operations)}")
    if isinstance(model, Folder) and not model.default:
        words += ["-k", f"{model.called}-{cell.loader.name if cell.loader else ''}"]
    return shlex.join([*words, *([test] if test else [])])


def _shown(path: Path) -> str:
    """A path as people type it: below the folder that they are in, where it is."""
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else str(path)


class _OfModel(Protocol):
    """A frozen dataclass that is a row on a model."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def id(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def file(self) -> str: ...


Named = TypeVar("Named", bound=_OfModel)


def disambiguate(rows: Iterable[Named], *, beside: Iterable[Row] = ()) -> list[Named]:
    """The rows, with the file put before models of the same name: ``affine.py:Affine``.

    As much of the path as tells them apart; their ids get the same in front. ``beside`` are rows of
    the same report, as they were before, whose models have to be told apart from these as well.
    """
    rows = list(rows)
    files: dict[str, set[str]] = defaultdict(set)
    for model, file in [(row.model, row.file) for row in rows] + [
        (row.model, row.file) for row in beside
    ]:
        files[model].add(file)
    short = {model: _tails(paths) for model, paths in files.items() if len(paths) > 1}
    return [
        replace(row, model=f"{tail}:{row.model}", id=f"{tail}:{row.id}")
        if (tail := short.get(row.model, {}).get(row.file))
        else row
        for row in rows
    ]


def in_order(rows: Iterable[Row]) -> list[Row]:
    """The rows by model, save, load: the same order in every run, APIs as in the catalogue."""
    return sorted(rows, key=_key)


def _key(row: Row) -> tuple[object, ...]:
    return (
        row.model,
        row.file,
        runtime_order(row.save_runtime),
        api_order(row.save),
        bool(row.resave_runtime),
        runtime_order(row.resave_runtime),
        not row.creation,
        api_order(row.load),
        runtime_order(row.load_runtime),
        row.operation,
        row.id,
    )


def file_of(model: Model | Folder) -> str:
    """A model's file, below the rootdir where it is; a folder below what was named, with that."""
    if isinstance(model, Folder):
        return model.file.relative_to(model.root.parent).as_posix()
    if model.file.is_relative_to(model.root):
        return model.file.relative_to(model.root).as_posix()
    return model.file.as_posix()


def told_apart(folders: Iterable[Folder]) -> dict[Path, str]:
    """The file of each folder, with more of its path where two would have the same."""
    files: dict[str, set[Path]] = defaultdict(set)
    for folder in folders:
        files[file_of(folder)].add(folder.file)
    found: dict[Path, str] = {}
    for file, paths in files.items():
        tails = _tails(map(str, paths)) if len(paths) > 1 else {}
        found.update((path, tails.get(str(path), file)) for path in paths)
    return found


def _tails(paths: Iterable[str]) -> dict[str, str]:
    """The shortest ends of the paths that are all different."""
    parts = {path: PurePath(path).parts for path in paths}
    longest = max(map(len, parts.values()))
    for length in range(1, longest + 1):
        tails = {path: PurePath(*words[-length:]).as_posix() for path, words in parts.items()}
        if len(set(tails.values())) == len(tails):
            return tails
    return {path: path for path in parts}
