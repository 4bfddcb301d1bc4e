"""A cell: one model, saved by one API under one runtime, loaded by another under another."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from pytest_tfroundtrip.catalogue.apis import Api, Apis, apis
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime, parse_runtime
from pytest_tfroundtrip.folder import UNKNOWN, Folder, asked
from pytest_tfroundtrip.folder import from_json as folder_from_json
from pytest_tfroundtrip.vocabulary import Direction, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True)
class Model:
    """A user's ``tf.Module`` subclass, named by file and class; imported by agents only.

    ``variables`` is what its test declares: whether it holds variables. The file cannot be asked
    at collection, because nothing of TensorFlow is imported there. ``keras_model`` is what can be
    read from the source: whether the class defines one (None: it inherits from elsewhere).
    """

    name: str
    file: Path
    root: Path  # pytest's rootdir: an artifact depends on the files below it that were read
    variables: bool | None = None
    keras_model: bool | None = None

    @property
    def slug(self) -> str:
        """The name as it stands in ids: ``AddTwo`` is ``add_two``."""
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.name)
        return words.lower()

    def to_json(self) -> list[Any]:
        """What :meth:`from_json` takes."""
        return [self.name, str(self.file), str(self.root), self.variables, self.keras_model]

    @classmethod
    def from_json(cls, raw: list[Any]) -> Model:
        """The model that :meth:`to_json` described."""
        name, file, root, variables, keras_model = raw
        return cls(name, Path(file), Path(root), variables, keras_model)


@dataclass(frozen=True)
class Tolerances:
    """How far apart two numbers may be; None is the default of their dtype."""

    rtol: float | None = None
    atol: float | None = None


@dataclass(frozen=True)
class Save:
    """What makes an artifact: a model, a saver, a runtime and a seed.

    ``resaved`` is the runtime that then loaded it with ``tf.saved_model.load`` and saved that
    again, if one did. Of a :class:`Folder` saver and runtime are what its file says; its artifact
    is the record of what it gives, made under the first of ``references`` that can.
    """

    model: Model | Folder
    saver: Api
    runtime: Runtime
    seed: int = 0
    resaved: Runtime | None = None
    references: tuple[Runtime, ...] = ()

    @cached_property
    def id(self) -> str:
        """The save as it stands in ids: ``affine-builder_1.15``, ``..._1.15-resave_2.15``."""
        again = f"-resave_{self.resaved.name}" if self.resaved else ""
        if isinstance(self.model, Folder):
            return f"{self.model.slug}{again}"
        return f"{self.model.slug}-{self.saver.name}_{self.runtime.name}{again}"

    @property
    def writer(self) -> Runtime:
        """The runtime that wrote the file."""
        return self.resaved or self.runtime

    @property
    def maker(self) -> Runtime:
        """The runtime that the artifact is made under."""
        return self.resaved or (self.references[0] if self.references else self.runtime)

    @property
    def original(self) -> Save:
        """What was saved first; the save itself where nothing was saved again."""
        return replace(self, resaved=None) if self.resaved else self

    @property
    def key(self) -> str:
        """The save's identity in this run: two models may share a name, not a file too."""
        asked = ",".join(runtime.name for runtime in self.references)
        return f"{self.model.file}:{self.seed}:{asked}:{self.id}"

    @property
    def has_variables(self) -> bool | None:
        """Whether the artifact holds variables; None where nobody said."""
        if self.saver.freezes_variables:
            return False
        return True if self.saver.adds_variables else self.model.variables


@dataclass(frozen=True)
class Cell:
    """One question; ``load`` and ``load_runtime`` are None for ``creation``.

    A ``resave`` is the load and the save that follows it; the cells that read what it wrote are
    loads of a ``save`` with ``resaved``.
    """

    save: Save
    operation: Operation
    loader: Api | None = None
    load_runtime: Runtime | None = None
    tolerances: Tolerances = field(default=Tolerances(), compare=False)
    #: Reads as a sentence: ``affine-builder_1.15-to-tf2_load_2.21-inference``. Made at once: for
    #: thousands of cells a cached_property, which locks, takes as long as all the rest.
    id: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        load = ""
        if self.loader is not None and self.load_runtime is not None:
            load = f"-to-{self.loader.name}_{self.load_runtime.name}"
        object.__setattr__(self, "id", f"{self.save.id}{load}-{self.operation.value}")

    @property
    def key(self) -> str:
        """The cell's identity in this run.

        Two models may share a name, not a file too; two tests may ask the same with tolerances of
        their own.
        """
        wide = self.tolerances
        operation = self.operation.value
        load = (
            f"{self.loader.name}:{self.load_runtime.name}"
            if self.loader and self.load_runtime
            else ""
        )
        return f"{self.save.key}:{load}:{operation}:{wide.rtol}:{wide.atol}"

    @property
    def direction(self) -> Direction:
        """Whether an older TensorFlow reads (``forward``) or a newer one (``backward``)."""
        if self.load_runtime is None:
            return Direction.SAME_RELEASE
        if self.save.writer.name == UNKNOWN:
            return Direction.UNKNOWN
        saved, loaded = self.save.writer.release, self.load_runtime.release
        return _direction(saved.tensorflow, loaded.tensorflow)

    @property
    def makes(self) -> Save | None:
        """The artifact that the cell is the making of, if it is."""
        if self.operation is Operation.CREATION:
            return self.save
        if self.operation is Operation.RESAVE:
            return replace(self.save, resaved=self.load_runtime)
        return None

    @property
    def artifact(self) -> Save:
        """The artifact that has to be there for the cell to be answered."""
        return self.makes or self.save

    @property
    def third_party(self) -> bool:
        """Whether a third party's saver or loader is in it: no document has a word on that."""
        loader = self.loader
        return bool(self.save.saver.extension or (loader and loader.extension))

    def mark(self, promise: str) -> dict[str, str]:
        """The keywords of the mark ``tf_cell``, all strings, so that ``-m`` can ask for them."""
        return {
            "save": self.save.saver.name,
            "save_runtime": self.save.runtime.name,
            "resave_runtime": self.save.resaved.name if self.save.resaved else "",
            "load": self.loader.name if self.loader else "",
            "load_runtime": self.load_runtime.name if self.load_runtime else "",
            "operation": self.operation.value,
            "direction": self.direction.value,
            "promise": promise,
        }

    def to_json(self) -> dict[str, Any]:
        """What :func:`from_json` takes: how a cell reaches the engine of another process."""
        model = self.save.model
        return {
            "model": model.to_json(),
            "folder": isinstance(model, Folder),
            "save": [self.save.saver.name, self.save.runtime.name, self.save.seed],
            "references": [runtime.name for runtime in self.save.references],
            "resaved": self.save.resaved and self.save.resaved.name,
            "load": [self.loader.name, self.load_runtime.name]
            if self.loader and self.load_runtime
            else None,
            "operation": str(self.operation),
            "tolerances": [self.tolerances.rtol, self.tolerances.atol],
        }


def from_json(
    raw: Mapping[str, Any], own: Mapping[str, OwnRuntime], known: Apis | None = None
) -> Cell:
    """The cell that :meth:`Cell.to_json` described.

    ``own`` are the user's runtimes, ``known`` the savers and loaders (None: those that are ours).
    """
    known = known or apis()
    saver, save_runtime, seed = raw["save"]
    model: Model | Folder
    if raw["folder"]:
        model = folder_from_json(raw["model"])
        runtime = model.runtime
    else:
        model = Model.from_json(raw["model"])
        runtime = parse_runtime(save_runtime, own)
    save = Save(
        model,
        known.savers[saver],
        runtime,
        seed,
        parse_runtime(raw["resaved"], own) if raw["resaved"] else None,
        tuple(parse_runtime(name, own) for name in raw["references"]),
    )
    loader, load_runtime = raw["load"] or (None, None)
    return Cell(
        save,
        Operation(raw["operation"]),
        known.loaders[loader] if loader else None,
        parse_runtime(load_runtime, own) if load_runtime else None,
        Tolerances(*raw["tolerances"]),
    )


@cache
def _direction(saved: str, loaded: str) -> Direction:
    writer, reader = Version(saved), Version(loaded)
    if writer.release[:2] == reader.release[:2]:
        return Direction.SAME_RELEASE
    return Direction.BACKWARD if writer < reader else Direction.FORWARD


@dataclass(frozen=True)
class Matrix:
    """What is crossed with what: the axes of cells besides the model."""

    save_runtimes: tuple[Runtime, ...]
    load_runtimes: tuple[Runtime, ...]
    savers: tuple[Api, ...]
    loaders: tuple[Api, ...]
    operations: tuple[Operation, ...]
    tolerances: Tolerances = Tolerances()
    seed: int = 0
    resave_runtimes: tuple[Runtime, ...] = ()
    loaders_named: bool = False  # somebody did; else they are the default ones

    def cells(self, models: Iterable[Model]) -> Iterator[Cell]:
        """Every cell of the models: a save's creation first, then its loads, then its resaves."""
        for model in models:
            for runtime in self.save_runtimes:
                for saver in self.savers:
                    yield from self._of(Save(model, saver, runtime, self.seed))

    def cells_of_folder(self, folder: Folder, among: Mapping[str, Api]) -> Iterator[Cell]:
        """Every cell of a SavedModel that came as a folder: its loads, then its resaves.

        Loaders that take no signature are asked with the one that is called by default.

        Args:
            folder: one signature of it.
            among: the savers there are, by name.
        """
        stamp = folder.runtime
        references = asked(stamp, self.save_runtimes)
        save = Save(folder, among[folder.savers[0]], stamp, self.seed, references=references)
        yield from self._of(save)

    def _of(self, save: Save) -> Iterator[Cell]:
        if Operation.CREATION in self.operations and not isinstance(save.model, Folder):
            yield Cell(save, Operation.CREATION, tolerances=self.tolerances)
        yield from self._loads(save)
        resaver = apis().resaver
        if Operation.RESAVE not in self.operations or save.saver.writes not in resaver.reads:
            return
        for runtime in self.resave_runtimes:
            # Whichever loaders are chosen: they are who reads the result.
            yield Cell(save, Operation.RESAVE, resaver, runtime, self.tolerances)
            yield from self._loads(replace(save, resaved=runtime))

    def _loads(self, save: Save) -> Iterator[Cell]:
        for loader in self.loaders:
            if save.saver.writes not in loader.reads:
                continue  # no question: a Session does not load a GraphDef as a SavedModel
            if isinstance(save.model, Folder) and not self._asks(loader, save.model):
                continue
            for operation in self.operations:
                if operation in loader.operations and operation is not Operation.RESAVE:
                    for runtime in self.load_runtimes:
                        yield Cell(save, operation, loader, runtime, self.tolerances)

    def _asks(self, loader: Api, folder: Folder) -> bool:
        """Whether a loader is tried on a folder."""
        told = loader.by_function if folder.function else loader.by_signature
        if not (folder.default or told):
            return False  # the same question again: it calls what it calls
        suits = not loader.made_by or not loader.made_by.isdisjoint(folder.savers)
        return suits or self.loaders_named


def absence(cell: Cell) -> str | None:
    """Why a cell cannot exist: an API that its release does not have. None where it can."""
    return next(_absences(cell), None)


def _absences(cell: Cell) -> Iterator[str]:
    save = cell.save
    for api, runtime in (
        (None if isinstance(save.model, Folder) else save.saver, save.runtime),
        (apis().resaver, save.resaved),
        (cell.loader, cell.load_runtime),
    ):
        if api is not None and runtime is not None and (why := api.missing_in(runtime)):
            yield why
    if save.saver.keras_model and save.model.keras_model is False:
        yield f"{save.model.name} has no keras_model(), which {save.saver.name} saves"
    if cell.operation is Operation.FINE_TUNING:
        if save.model.variables is False:
            yield f"{save.model.name} has no variables: there is nothing to train"
        if save.saver.freezes_variables:
            yield f"{save.saver.name} makes constants of variables: there is nothing to train"
