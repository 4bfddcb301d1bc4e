"""The mark ``tf_roundtrip``: what a test asks for, read into cells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip import settings as reading
from pytest_tfroundtrip.causes import causes
from pytest_tfroundtrip.cells import Cell, Matrix, Tolerances, absence
from pytest_tfroundtrip.errors import UsageProblem, meant
from pytest_tfroundtrip.folder import folders_of
from pytest_tfroundtrip.inputs import unmatched
from pytest_tfroundtrip.model_source import find_model
from pytest_tfroundtrip.vocabulary import Expect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_tfroundtrip.savedmodel.folders import Found
    from pytest_tfroundtrip.savedmodel.model import Stamp
    from pytest_tfroundtrip.settings import Settings

#: What a mark with ``saved_model`` has instead of a model, and what it has no use for.
_OF_FOLDERS = ("saved_model", "tags", "signatures", "examples")
_OF_MODELS = ("savers", "variables")

#: What a mark may say beside its model: with a text where no option has the same name.
KEYWORDS: Mapping[str, str] = {
    **dict.fromkeys(("runtimes", "save_runtimes", "load_runtimes", "resave_runtimes"), ""),
    **dict.fromkeys(("savers", "loaders", "operations", "expect", "rtol", "atol", "seed"), ""),
    "variables": "whether the model has variables (True or False): many causes turn on it, and"
    " nobody can tell before the model is imported",
    "accept": "a dict of what is accepted as broken, to the reason: a cause, or a glob of cell ids",
    "saved_model": "in place of a model, a SavedModel that is there: a folder, an archive, a handle"
    " of TensorFlow Hub, a URL of fsspec's",
    "tags": "of saved_model: of which meta graph (default: the one that is served)",
    "signatures": "of saved_model: which ones (default: all)",
    "examples": "",
}


@dataclass(frozen=True)
class Request:
    """What one marked test asks for."""

    cells: tuple[tuple[Cell, str | None], ...]  # with why it cannot exist, None where it can
    expect: Expect
    accept: Mapping[str, str] = field(default_factory=dict)  # cause or glob of ids → reason


def read_mark(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], *, beside: Path, settings: Settings
) -> Request:
    """The cells of a marked test.

    What the mark names is crossed; the command line narrows it: a runtime, saver or loader typed
    there is tried only where the mark has it too.

    Raises:
        UsageProblem: the mark cannot be understood; one clear sentence.
    """
    for keyword in kwargs:
        if keyword not in KEYWORDS:
            msg = f"tf_roundtrip has no keyword {keyword!r}.{meant(keyword, KEYWORDS)}"
            raise UsageProblem(msg)
    if "saved_model" in kwargs:
        return _read_saved_model(args, kwargs, beside=beside, settings=settings)
    if unfit := sorted(set(kwargs) & set(_OF_FOLDERS)):
        msg = f"tf_roundtrip({unfit[0]}=...) goes with saved_model='DIR' only"
        raise UsageProblem(msg)
    if len(args) != 1:
        msg = "tf_roundtrip takes one model, as 'path.py:Class', or saved_model='DIR'"
        raise UsageProblem(msg)
    variables = kwargs.get("variables")
    if variables not in (None, True, False):
        msg = f"tf_roundtrip(variables={variables!r}): True or False was expected"
        raise UsageProblem(msg)
    model = find_model(args[0], beside=beside, root=settings.rootdir, variables=variables)
    cells = tuple((cell, absence(cell)) for cell in _matrix(kwargs, settings).cells([model]))
    return Request(cells, _expect(kwargs, settings), _accept(kwargs, cells))


def _read_saved_model(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], *, beside: Path, settings: Settings
) -> Request:
    """The cells of a test whose model is a SavedModel that is there already."""
    if args:
        msg = f"tf_roundtrip takes a model or saved_model=..., not both: {args[0]!r}"
        raise UsageProblem(msg)
    if unfit := sorted(set(kwargs) & set(_OF_MODELS)):
        msg = f"tf_roundtrip({unfit[0]}=...) is for models that are saved here, not saved_model"
        raise UsageProblem(msg)
    where = kwargs["saved_model"]
    if not isinstance(where, (str, Path)) or not str(where):
        msg = f"tf_roundtrip(saved_model={where!r}): a path or a URL was expected"
        raise UsageProblem(msg)
    from pytest_tfroundtrip.fetching import folder_of  # noqa: PLC0415  only where it is needed
    from pytest_tfroundtrip.savedmodel.reading import read_stamps, the_one_in  # noqa: PLC0415

    found = the_one_in(folder_of(str(where), (beside, settings.rootdir), settings.cache))
    tags, signatures = (
        _strings(kwargs[name], name) if name in kwargs else None for name in ("tags", "signatures")
    )
    try:
        folders = folders_of(
            found, read_stamps(found), root=found.path, tags=tags, signatures=signatures
        )
    except LookupError as error:
        msg = f"tf_roundtrip(saved_model={str(where)!r}): {error.args[0]}"
        raise UsageProblem(msg) from None
    examples = settings.examples
    if "examples" in kwargs and examples is None:
        examples = folder_of(str(kwargs["examples"]), (beside, settings.rootdir), settings.cache)
    folders = tuple(replace(folder, examples=examples) for folder in folders)
    if why := unmatched(folders):
        msg = f"tf_roundtrip(saved_model={str(where)!r}): {why}"
        raise UsageProblem(msg)
    matrix = _matrix(kwargs, settings)
    matrix = replace(matrix, loaders_named=matrix.loaders_named or "loaders" in kwargs)
    cells = tuple(
        (cell, absence(cell))
        for folder in folders
        for cell in matrix.cells_of_folder(folder, settings.apis.savers)
    )
    return Request(cells, _expect(kwargs, settings), _accept(kwargs, cells))


def read_folder(
    found: Found, stamps: Sequence[Stamp], *, root: Path, settings: Settings
) -> Request:
    """The cells of a SavedModel that was collected as a folder."""
    matrix, savers = settings.matrix, settings.apis.savers
    cells = tuple(
        (cell, absence(cell))
        for folder in folders_of(found, stamps, root=root)
        for cell in matrix.cells_of_folder(replace(folder, examples=settings.examples), savers)
    )
    return Request(cells, settings.expect)


def _matrix(kwargs: Mapping[str, Any], settings: Settings) -> Matrix:
    matrix = settings.matrix

    def chosen(name: str, of_settings: tuple[Any, ...], read: Any) -> tuple[Any, ...]:
        if name not in kwargs:
            return of_settings
        names = _strings(kwargs[name], name)
        if not names:
            msg = f"tf_roundtrip({name}=...) names nothing: leave it out for what was chosen"
            raise UsageProblem(msg)
        found: tuple[Any, ...] = read(names)
        typed = {name, "runtimes"} if name.endswith("runtimes") else {name}
        if typed & settings.typed:
            return tuple(each for each in found if each in of_settings)
        return found

    def runtimes(names: tuple[str, ...]) -> tuple[Any, ...]:
        return reading.runtimes(names, settings.own)

    def savers(names: tuple[str, ...]) -> tuple[Any, ...]:
        return reading.savers(names, settings.apis)

    def loaders(names: tuple[str, ...]) -> tuple[Any, ...]:
        return reading.loaders(names, settings.apis)

    def either(name: str, of_settings: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the mark says of one side, else of both."""
        return chosen(name if name in kwargs else "runtimes", of_settings, runtimes)

    return replace(
        matrix,
        save_runtimes=either("save_runtimes", matrix.save_runtimes),
        load_runtimes=either("load_runtimes", matrix.load_runtimes),
        resave_runtimes=either("resave_runtimes", matrix.resave_runtimes),
        savers=chosen("savers", matrix.savers, savers),
        loaders=chosen("loaders", matrix.loaders, loaders),
        operations=chosen("operations", matrix.operations, reading.operations),
        tolerances=Tolerances(
            _number(kwargs, "rtol", matrix.tolerances.rtol),
            _number(kwargs, "atol", matrix.tolerances.atol),
        ),
        seed=int(_number(kwargs, "seed", matrix.seed) or 0),
    )


def _expect(kwargs: Mapping[str, Any], settings: Settings) -> Expect:
    if settings.explicit_expect or "expect" not in kwargs:
        return settings.expect
    try:
        return Expect(kwargs["expect"])
    except ValueError:
        msg = f"tf_roundtrip(expect={kwargs['expect']!r}): one of {', '.join(Expect)} was expected"
        raise UsageProblem(msg) from None


def _accept(
    kwargs: Mapping[str, Any], cells: tuple[tuple[Cell, str | None], ...]
) -> dict[str, str]:
    accept = kwargs.get("accept", {})
    if not isinstance(accept, dict) or not all(
        isinstance(text, str) and text for pair in accept.items() for text in pair
    ):
        msg = "tf_roundtrip(accept=...): a dict of cause, or glob of cell ids, to the reason"
        raise UsageProblem(msg)
    known = {cause.id for cause in causes()}
    for name in accept:
        if name in known or "*" in name or any(fnmatchcase(cell.id, name) for cell, _ in cells):
            continue
        msg = (
            f"tf_roundtrip(accept=...): {name!r} is no cause and no cell.{meant(name, known)}"
            " Causes are those of causes.toml; a glob of cell ids has a *."
        )
        raise UsageProblem(msg)
    return accept


def _strings(value: Any, name: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    msg = f"tf_roundtrip({name}={value!r}): a list of names was expected"
    raise UsageProblem(msg)


def _number(kwargs: Mapping[str, Any], name: str, default: float | None) -> float | None:
    value = kwargs.get(name, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        msg = f"tf_roundtrip({name}={value!r}): a number was expected"
        raise UsageProblem(msg)
    if value is not None and not 0 <= value < float("inf"):
        msg = f"tf_roundtrip({name}={value!r}) is out of range: it must be 0 or more"
        raise UsageProblem(msg)
    return value
