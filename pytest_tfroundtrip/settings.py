"""Options, ini values and ``[tool.tf_roundtrip]``, read into one frozen Settings.

Order of precedence: the command line (and ``addopts``), then pytest's ini file, then the table
``[tool.tf_roundtrip]`` of the rootdir's ``pyproject.toml``, then the default.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.apis import Api, Apis, apis, choose, extended
from pytest_tfroundtrip.catalogue.extensions import asked
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime, parse_runtime
from pytest_tfroundtrip.cells import Matrix, Tolerances
from pytest_tfroundtrip.errors import UsageProblem, meant
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.limits import Limits, read_limits
from pytest_tfroundtrip.options import OPTIONS
from pytest_tfroundtrip.vocabulary import Expect, Operation
from pytest_tfroundtrip.writers import Writer, read_writers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

    from pytest_tfroundtrip.cells import Model

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

DEFAULT_RUNTIMES = ("1.15", "2.15", "2.21")
DEFAULT_OPERATIONS = (Operation.CREATION, Operation.INFERENCE)


PROVIDERS = ("auto", "venv", "docker", "current")
REPORTS = (".html", ".json", ".md")


@dataclass(frozen=True)
class Settings:
    """Everything that was chosen for a run."""

    rootdir: Path
    matrix: Matrix
    expect: Expect
    explicit_expect: bool  # the user chose; a mark's own choice yields to it
    provider: str
    cache: Path
    jobs: int
    timeout: float
    reports: tuple[Path, ...] = ()
    keep: Path | None = None
    store: Path | None = None  # of artifacts; None: in the cache
    models: tuple[Path, ...] = ()  # folders with SavedModels, of which nothing is imported
    examples: Path | None = None  # inputs for SavedModels that came as folders
    untrusted: bool = False  # each model has containers of its own
    trusted: bool = False  # SavedModels that came as folders share containers too
    limits: Limits = field(default_factory=Limits)  # what containers may have
    own: Mapping[str, OwnRuntime] = field(default_factory=dict)
    baseline: Path | None = None  # what is accepted as broken
    baseline_update: bool = False
    diff_saves: tuple[Writer, ...] = ()  # each two in a row are a pair of every model
    apis: Apis = field(default_factory=apis)  # what there is, third parties' included
    typed: frozenset[str] = frozenset()  # what the command line says narrows what marks say

    def untrusts(self, model: Model | Folder) -> bool:
        """Whether a model has containers of its own: a folder may come from anywhere."""
        if self.untrusted:
            return True
        return isinstance(model, Folder) and self.provider == "docker" and not self.trusted


def read_settings(config: pytest.Config) -> Settings:
    """The settings of a run.

    Raises:
        UsageProblem: a value that cannot be; one clear sentence.
    """
    table = _pyproject(config.rootpath)
    own = _own_runtimes(table.pop("runtime", {}), config.rootpath)
    limits = read_limits(table.pop("sandbox", {}))
    values = _Values(config, table)
    known = extended(asked(config.pluginmanager))
    provider = values.word("provider", PROVIDERS, "auto")
    cache = values.path("cache") or default_cache()
    return Settings(
        rootdir=config.rootpath,
        matrix=_matrix(values, own, known),
        expect=Expect(values.word("expect", [str(e) for e in Expect], Expect.ROUND_TRIP)),
        explicit_expect=values.raw("expect")[0] is not None,
        provider=provider,
        cache=cache,
        jobs=int(values.number("jobs", 1, whole=True) or os.cpu_count() or 1),
        timeout=values.number("timeout", 0.001) or 120.0,
        reports=_reports(values),
        keep=_folder(values, "keep"),
        store=_folder(values, "store"),
        models=_models(values, cache),
        examples=_examples(values),
        **_untrusted(values, provider),
        limits=limits,
        own=own,
        **_baseline(values),
        diff_saves=read_writers(
            values.names("diff_saves"), values.raw("diff_saves")[1], known, own
        ),
        apis=known,
        typed=values.typed(),
    )


def _examples(values: _Values) -> Path | None:
    path = values.path("examples")
    if path is not None:
        from pytest_tfroundtrip.inputs import read_examples  # noqa: PLC0415  brings numpy

        read_examples(path)  # says what is wrong with it before anything runs
    return path


def _reports(values: _Values) -> tuple[Path, ...]:
    paths = tuple(values.folder(word, "--tf-report") for word in values.words("report"))
    for path in paths:
        if path.suffix not in REPORTS:
            endings = f"{', '.join(REPORTS[:-1])} or {REPORTS[-1]}"
            msg = f"--tf-report: {path.name} should end in {endings}"
            raise UsageProblem(msg)
    return tuple(dict.fromkeys(paths))


def _folder(values: _Values, name: str) -> Path | None:
    path = values.path(name)
    if path is not None and path.exists() and not path.is_dir():
        msg = f"--tf-{name}: {path} is a file; a folder is needed, which is made if it is not there"
        raise UsageProblem(msg)
    return path


def _models(values: _Values, cache: Path) -> tuple[Path, ...]:
    """The folders of ``--tf-model``; what is no folder of this machine is copied to the cache."""
    if not values.words("model"):
        return ()
    from pytest_tfroundtrip.fetching import folder_of, is_elsewhere  # noqa: PLC0415
    from pytest_tfroundtrip.savedmodel.folders import FILES, what_is_there  # noqa: PLC0415

    paths = []
    for name in values.words("model"):
        if is_elsewhere(name):
            paths.append(folder_of(name, [values.invoked_in], cache))
            continue
        path = values.folder(name, "--tf-model")
        if path.name in FILES and path.is_file():
            path = path.parent
        if not path.is_dir():
            why = what_is_there(path)
            msg = f"--tf-model: {why.sentence} {why.remedy}"
            raise UsageProblem(msg)
        paths.append(path)
    return tuple(paths)


def _baseline(values: _Values) -> dict[str, Any]:
    path, update = values.path("baseline"), values.switch("baseline_update")
    if update and path is None:
        msg = "--tf-baseline-update writes the file of --tf-baseline: name one"
        raise UsageProblem(msg)
    return {"baseline": path, "baseline_update": update}


def _untrusted(values: _Values, provider: str) -> dict[str, Any]:
    untrusted, trusted = values.switch("untrusted"), values.switch("trusted")
    if untrusted and trusted:
        msg = "--tf-untrusted and --tf-trusted exclude each other: say one of them"
        raise UsageProblem(msg)
    if untrusted and provider != "docker":
        msg = (
            "--tf-untrusted: a model that is not to be trusted runs in a container only."
            f" Say --tf-provider=docker as well (it is {provider})"
        )
        raise UsageProblem(msg)
    return {"untrusted": untrusted, "trusted": trusted}


def _matrix(values: _Values, own: Mapping[str, OwnRuntime], known: Apis) -> Matrix:
    both = values.names("runtimes") or DEFAULT_RUNTIMES
    return Matrix(
        save_runtimes=runtimes(values.names("save_runtimes") or both, own),
        load_runtimes=runtimes(values.names("load_runtimes") or both, own),
        savers=savers(values.names("savers"), known),
        loaders=loaders(values.names("loaders"), known),
        operations=operations(values.names("operations")),
        tolerances=Tolerances(values.number("rtol", 0), values.number("atol", 0)),
        seed=int(values.number("seed", 0, whole=True) or 0),
        resave_runtimes=runtimes(values.names("resave_runtimes") or both, own),
        loaders_named=bool(values.names("loaders")),
    )


class _Values:
    """The settings as they were written, each from the first place that has it."""

    def __init__(self, config: pytest.Config, table: Mapping[str, Any]) -> None:
        self._config = config
        self._table = table
        self._options = {option.name: option for option in OPTIONS}
        for key in table:
            if key not in self._options:
                where = "pyproject.toml: [tool.tf_roundtrip]"
                msg = f"{where} has no key {key!r}.{meant(key, self._options)}"
                raise UsageProblem(msg)

    @property
    def invoked_in(self) -> Path:
        """Where pytest was started."""
        return self._config.invocation_params.dir

    def raw(self, name: str) -> tuple[Any, str]:
        """The value, None where nobody said, and where it stands."""
        option = self._options[name]
        if self._config.getoption(option.ini) in ("", [""]):
            msg = f"{option.flag}: nothing was said (an environment variable that is not set?)"
            raise UsageProblem(msg)
        for value, where in (
            (self._config.getoption(option.ini), option.flag),
            (self._config.getini(option.ini), f"ini {option.ini}"),
            (self._table.get(name), f"[tool.tf_roundtrip] {name}"),
        ):
            if value not in (None, "", [], False):
                return value, where
        return None, option.flag

    def typed(self) -> frozenset[str]:
        """The settings that stand on the command line."""
        options = self._options.values()
        return frozenset(each.name for each in options if self._config.getoption(each.ini))

    def words(self, name: str) -> tuple[str, ...]:
        """A list of texts that may have blanks and commas in them; none where nobody said."""
        value, where = self.raw(name)
        parts = [value] if isinstance(value, str) else value or []
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            msg = f"{where}: a list of paths was expected, not {value!r}"
            raise UsageProblem(msg)
        return tuple(parts)

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names; none where nobody said."""
        return _names(*self.raw(name))

    def number(self, name: str, least: float, *, whole: bool = False) -> float | None:
        """A number, at least so large."""
        value, where = self.raw(name)
        return None if value is None else _number(value, where, least, whole=whole)

    def word(self, name: str, allowed: Sequence[str], default: str) -> str:
        """One of some words."""
        value, where = self.raw(name)
        if value is not None and value not in allowed:
            msg = f"{where}: {value!r} is not one of {', '.join(allowed)}"
            raise UsageProblem(msg)
        return str(value or default)

    def switch(self, name: str) -> bool:
        """Whether it is on."""
        value, where = self.raw(name)
        if value not in (None, True, False):
            msg = f"{where}: {value!r} is neither true nor false"
            raise UsageProblem(msg)
        return bool(value)

    def path(self, name: str) -> Path | None:
        """A path, relative to where pytest was started."""
        value, where = self.raw(name)
        return None if value is None else self.folder(value, where)

    def folder(self, value: Any, where: str = "") -> Path:
        """The path of a text."""
        try:
            return self._config.invocation_params.dir / Path(value).expanduser()
        except (TypeError, RuntimeError):
            msg = f"{where}: {value!r} is no path"
            raise UsageProblem(msg) from None


def default_cache() -> Path:
    """Where environments and artifacts live unless told otherwise.

    ``TF_ROUNDTRIP_CACHE``, else ``pytest-tfroundtrip`` in the user's cache folder.
    """
    chosen = os.environ.get("TF_ROUNDTRIP_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_path  # noqa: PLC0415  only where it is needed

    return user_cache_path("pytest-tfroundtrip", appauthor=False)


def runtimes(names: Sequence[str], own: Mapping[str, OwnRuntime]) -> tuple[Runtime, ...]:
    """The runtimes of these names, each once, in order; "all" is every release there is."""
    spelled = (each for name in names for each in (releases() if name == "all" else [name]))
    return tuple(parse_runtime(name, own) for name in dict.fromkeys(spelled))


def operations(names: Sequence[str]) -> tuple[Operation, ...]:
    """The operations of these names; none is the default ones, "all" is all there are.

    Raises:
        UsageProblem: an operation that there is not.
    """
    if not names:
        return DEFAULT_OPERATIONS
    if list(names) == ["all"]:
        return tuple(Operation)
    for name in names:
        if name not in tuple(Operation):
            msg = f"unknown operation {name!r}. There are: {', '.join(Operation)} (or all)."
            raise UsageProblem(msg)
    return tuple(op for op in Operation if op in names)


def savers(names: Sequence[str], known: Apis) -> tuple[Api, ...]:
    """The savers of these names."""
    return choose(names, known.savers, "saver")


def loaders(names: Sequence[str], known: Apis) -> tuple[Api, ...]:
    """The loaders of these names."""
    return choose(names, known.loaders, "loader")


def _names(value: Any, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        msg = f"{where}: a list of names was expected, not {value!r}"
        raise UsageProblem(msg)
    return tuple(name for part in parts for name in part.replace(",", " ").split())


def _number(value: Any, where: str, least: float, *, whole: bool) -> float:
    try:
        number = int(str(value)) if whole else float(str(value))
    except ValueError:
        kind = "whole number" if whole else "number"
        msg = f"{where}: {value!r} is not a {kind}"
        raise UsageProblem(msg) from None
    if not least <= number < float("inf"):
        msg = f"{where}: {value} is out of range: it must be {least} or more"
        raise UsageProblem(msg)
    return number


def _pyproject(root: Path) -> dict[str, Any]:
    file = root / "pyproject.toml"
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        msg = f"{file} cannot be read: {error}"
        raise UsageProblem(msg) from None
    tools = raw.get("tool", {})
    for wrong in ("tf-roundtrip", "tfroundtrip", "pytest_tfroundtrip"):
        if wrong in tools:
            msg = f"pyproject.toml: [tool.{wrong}] is nobody's table: write [tool.tf_roundtrip]"
            raise UsageProblem(msg)
    table: Any = tools.get("tf_roundtrip", {})
    if isinstance(table, dict) and isinstance(table.get("runtimes"), dict):
        msg = (
            "pyproject.toml: a runtime of your own is [tool.tf_roundtrip.runtime.NAME], singular;"
            " runtimes = [...] are those to choose"
        )
        raise UsageProblem(msg)
    if not isinstance(table, dict):
        msg = "pyproject.toml: tool.tf_roundtrip is not a table"
        raise UsageProblem(msg)
    return dict(table)


def _own_runtimes(raw: Any, root: Path) -> dict[str, OwnRuntime]:
    if not isinstance(raw, dict):
        msg = (
            "pyproject.toml: write [tool.tf_roundtrip.runtime.NAME] for a runtime of your own, or"
            " runtimes = [...] for those to choose"
        )
        raise UsageProblem(msg)
    return {name: OwnRuntime.parse(name, table, root) for name, table in raw.items()}
