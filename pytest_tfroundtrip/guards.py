"""What pytest must not run: Python and ini files in the folder of a SavedModel.

A folder that was named as an argument can bring its own ini file with ``-p``, which pytest loads
before any plugin can object; all that is left then is to say so. ``--tf-model`` has pytest look
into nothing. (pytest's own rules: ``_set_initial_conftests`` and ``determine_setup`` in _pytest.)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.savedmodel.folders import is_saved_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def check(config: pytest.Config, named: Iterable[str], models: Iterable[str]) -> None:
    """Refuse a start in which a SavedModel's folder would have a say.

    Args:
        config: before any conftest.py was loaded.
        named: the arguments as they were typed.
        models: the folders of ``--tf-model``.

    Raises:
        pytest.UsageError: an ini file, the rootdir or a conftest.py is inside of one.
    """
    invoked_in = config.invocation_params.dir
    folders = [(invoked_in / Path(each).expanduser()).resolve() for each in models]
    for what, path in (("the ini file", config.inipath), ("the rootdir", config.rootpath)):
        place = path and (path.parent if path.is_file() else path)
        if place is not None and (model := _model_of(place.resolve(), folders)):
            msg = (
                f"{what} {path} is inside of the SavedModel {model}: what is in there would decide"
                " how pytest runs. Start pytest from another folder and name the model with"
                f" --tf-model={model}"
            )
            raise pytest.UsageError(msg)
    for conftest in _conftests(named, invoked_in):
        if model := _model_of(conftest.parent.resolve(), folders):
            msg = (
                f"{conftest} is inside of the SavedModel {model}, and pytest would run it. Name the"
                f" model with --tf-model={model} instead: nothing in there is imported then"
            )
            raise pytest.UsageError(msg)


def _conftests(named: Iterable[str], invoked_in: Path) -> Iterator[Path]:
    """The conftest.py files that pytest loads before it collects: of arguments, and test* below."""
    places = [invoked_in / each.partition("::")[0] for each in named] or [invoked_in]
    for place in places:
        folder = place if place.is_dir() else place.parent
        below = sorted(folder.glob("test*")) if folder.is_dir() else []
        for each in [*reversed(folder.parents), folder, *below]:
            if (each / "conftest.py").is_file():
                yield each / "conftest.py"


def _model_of(place: Path, folders: Iterable[Path]) -> Path | None:
    """The SavedModel, or folder of ``--tf-model``, that a folder is or lies in."""
    for each in folders:
        if place.is_relative_to(each):
            return each
    return next((each for each in (place, *place.parents) if is_saved_model(each)), None)
