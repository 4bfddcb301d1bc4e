"""SavedModel folders as test items: one for each cell, and nothing in a folder is imported.

None of these is a ``pytest.Directory``: of those pytest loads the ``conftest.py``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.collection import marks_of
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.links import Links
from pytest_tfroundtrip.savedmodel.folders import FILES, Found, find, is_saved_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.collected import TestCell
    from pytest_tfroundtrip.session import RoundTripSession

#: Of files that Keras writes, and of archives.
_OTHER_FORMATS = (".h5", ".hdf5", ".keras", ".pb", ".gz", ".tgz", ".zip")


def is_ours(folder: Path, state: RoundTripSession) -> bool:
    """Whether a folder is a SavedModel: pytest itself leaves it alone.

    What this project keeps is nobody's model, wherever the cache is.
    """
    settings = state.settings
    kept = (settings.cache, settings.store, settings.keep)
    return is_saved_model(folder) and not any(
        place and folder.is_relative_to(place) for place in kept
    )


def is_no_model(path: Path, session: pytest.Session) -> bool:
    """Whether a file was named as if it were a SavedModel, and is a model of another kind."""
    return path.suffix in _OTHER_FORMATS and session.isinitpath(path)


_LINKS: pytest.StashKey[Links] = pytest.StashKey()


def is_linked_again(folder: Path, config: pytest.Config) -> bool:
    """Whether a folder is a link into a circle, or a SavedModel that has another name here."""
    links = config.stash.get(_LINKS, None)
    if links is None:
        invoked_in = config.invocation_params.dir
        roots = [Path(invoked_in, each.partition("::")[0]) for each in config.args]
        links = config.stash[_LINKS] = Links(roots, config.getini("norecursedirs"))
    return links.leads_back(folder) or links.is_told_elsewhere(folder)


class ModelFolder(pytest.File):
    """A folder that is a SavedModel, or that was named by ``--tf-model`` and has some below it."""

    def __init__(self, *, state: RoundTripSession, root: Path, **more: Any) -> None:
        super().__init__(**more)
        self._state = state
        self._root = root

    @classmethod
    def of(
        cls,
        parent: pytest.Collector,
        path: Path,
        state: RoundTripSession,
        root: Path | None = None,
    ) -> ModelFolder:
        """The collector of a folder; ``root`` is what was named, None for an argument."""
        config = parent.config
        root = root or _root(path, config.args, config.invocation_params.dir)
        made: ModelFolder = cls.from_parent(
            parent, path=path, nodeid=_node_id(path, config), state=state, root=root
        )
        return made

    def collect(self) -> Iterator[pytest.Collector]:
        """The files with the graphs, each with its cells."""
        from pytest_tfroundtrip.savedmodel.reading import (  # noqa: PLC0415  brings protobuf
            NoSavedModel,
            found_at,
        )

        try:
            models = list(find(self.path))
        except OSError as error:
            msg = f"{self.path} cannot be read: {error.strerror}"
            raise self.CollectError(msg) from None
        if not models:
            try:
                found_at(self.path)  # says what is there instead
            except NoSavedModel as error:
                raise self.CollectError(str(error)) from None
        for found in models:
            yield SavedModelFile.from_parent(
                self,
                path=found.file,
                nodeid=_node_id(found.file, self.config),
                found=_named(found, self._root),
                state=self._state,
                root=self._root,
            )


class SavedModelFile(pytest.File):
    """A ``saved_model.pb``: an item for each of its cells."""

    def __init__(self, *, found: Found, state: RoundTripSession, root: Path, **more: Any) -> None:
        super().__init__(**more)
        self._found = found
        self._state = state
        self._root = root

    def collect(self) -> Iterator[pytest.Item]:
        """The cells; of a file that is not in form too, so that it stands in every report."""
        from pytest_tfroundtrip.savedmodel.reading import (  # noqa: PLC0415  brings protobuf
            NoSavedModel,
            read_stamps,
            stamp_of_unread,
        )

        try:
            stamps = read_stamps(self._found)
        except NoSavedModel:
            stamps = (stamp_of_unread(self._found),)
        try:
            tests = self._state.folder_tests(self._found, stamps, root=self._root)
        except UsageProblem as error:
            raise self.CollectError(str(error)) from None
        for test in tests:
            yield CellItem.from_parent(self, name=item_name(test), test=test, state=self._state)


class CellItem(pytest.Item):
    """A cell of a folder; judged as the cell of a marked test is, and has no body of its own."""

    def __init__(self, *, test: TestCell, state: RoundTripSession, **more: Any) -> None:
        super().__init__(**more)
        self.tf_test = test
        self._state = state
        self.extra_keyword_matches.add(test.cell.id)  # -k takes it as in every report
        for mark in marks_of(test):
            self.add_marker(mark)

    def setup(self) -> None:
        """Wait for the cell, as the fixture does."""
        self._state.roundtrip(self, self.tf_test)

    def runtest(self) -> None:
        """Nothing: it is judged before the body of a test runs."""

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is, for the heading of a failure: with the model's name.

        Of what the node id ends with pytest makes a Python name: ``tf1_load_2::8``.
        """
        return self.path, None, self.tf_test.cell.id


class NoModel(pytest.File):
    """A file that was named as an argument, and is a model that no load API of a SavedModel takes.

    Its collection fails: it says what the file is, and what to do.
    """

    def collect(self) -> Iterator[pytest.Collector]:
        """Nothing.

        Raises:
            CollectError: always.
        """
        from pytest_tfroundtrip.savedmodel.folders import what_is_there  # noqa: PLC0415

        why = what_is_there(self.path)
        msg = f"{why.sentence} {why.remedy}"
        raise self.CollectError(msg)


def item_name(test: TestCell) -> str:
    """A cell's name below its file: its id without the model's name, which may be a path."""
    cell = test.cell
    folder = cell.save.model
    name = cell.id.removeprefix(f"{folder.slug}-").removeprefix("to-")
    called = getattr(folder, "called", None)
    return name if getattr(folder, "default", True) or not called else f"{called}-{name}"


def arguments(config: pytest.Config, state: RoundTripSession) -> list[str]:
    """What pytest is to collect.

    Nothing where only folders of ``--tf-model`` were named, which are no arguments: pytest would
    look in them, and above them, for an ini file and a conftest.py.
    """
    if state.settings.models and not state.named_arguments:
        return []
    invoked_in = config.invocation_params.dir
    return [_rewritten(argument, invoked_in) for argument in config.args]


def of_options(session: pytest.Session, state: RoundTripSession) -> Iterator[ModelFolder]:
    """The folders of ``--tf-model``."""
    for path in state.settings.models:
        yield ModelFolder.of(session, path, state, root=path)


def _node_id(path: Path, config: pytest.Config) -> str | None:
    """The node id of what is outside of the rootdir; None of what is in there: pytest's own.

    pytest's is relative to what was named: two folders have the same, and one of them no result.
    """
    if path.is_relative_to(config.rootpath):
        return None
    try:
        return Path(os.path.relpath(path, config.rootpath)).as_posix()
    except ValueError:  # on another drive
        return path.as_posix()


def _rewritten(argument: str, invoked_in: Path) -> str:
    """``models/m1::cell`` by the file that the cell belongs to."""
    place, colons, rest = argument.partition("::")
    for name in FILES if colons else ():
        if (invoked_in / place / name).is_file():
            return f"{place}/{name}::{rest}"
    return argument


def _root(path: Path, arguments: Sequence[str], invoked_in: Path) -> Path:
    """The outermost argument that a folder lies below; the folder itself where it was named."""
    places = (Path(invoked_in, argument.partition("::")[0]) for argument in arguments)
    above = [place for place in places if path.is_relative_to(place)]
    return min(above, key=lambda place: len(place.parts), default=path)


def _named(found: Found, root: Path) -> Found:
    """With the name below the argument, where that is not the folder itself."""
    if root == found.path or not found.path.is_relative_to(root):
        return found
    return Found(found.path, found.path.relative_to(root).as_posix(), found.format)
