"""What several commands need: which runtimes are meant, where the cache is, how a table looks."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_tfroundtrip.catalogue.apis import Apis, apis, extended
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime, parse_runtime
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.settings import default_cache

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def add_cache(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """Declare ``--cache``."""
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        default=default,
        help="the cache folder (default: TF_ROUNDTRIP_CACHE, else the user's cache)",
    )


class Switch(NamedTuple):
    """An option without a value that goes with one action."""

    flag: str
    action: str
    help: str


def add_actions(
    parser: argparse.ArgumentParser, actions: Mapping[str, str], switches: Sequence[Switch]
) -> None:
    """Declare what a command does with runtimes, each action with a help page of its own.

    ``actions`` are their names and what they do; without a name it is the first. A switch with
    another action is read all the same, so that the command can say where it belongs.
    """
    first = next(iter(actions))
    pages = parser.add_subparsers(metavar="ACTION", title=f"actions (default: {first})")
    for name, does in actions.items():
        page = pages.add_parser(name, help=does, description=does)
        page.add_argument(
            "runtimes", nargs="*", metavar="RUNTIME", help="which ones", default=argparse.SUPPRESS
        )
        _add_options(page, name, switches)
        page.set_defaults(action=name)
    _add_options(parser, first, switches)
    parser.set_defaults(
        action=first, runtimes=[], cache=None, **{each.flag[2:]: False for each in switches}
    )


def _add_options(parser: argparse.ArgumentParser, action: str, switches: Iterable[Switch]) -> None:
    # Without defaults: those of an action's page would hide what stands before the action.
    for each in switches:
        says = each.help if each.action == action else argparse.SUPPRESS
        parser.add_argument(each.flag, action="store_true", help=says, default=argparse.SUPPRESS)
    add_cache(parser, default=argparse.SUPPRESS)


def cache_of(arguments: argparse.Namespace) -> Path:
    """The cache folder that was chosen."""
    chosen: Path | None = arguments.cache
    return chosen.expanduser().absolute() if chosen else default_cache()


def own_runtimes(folder: Path) -> dict[str, OwnRuntime]:
    """The user's own runtimes: of the nearest pyproject.toml, in this folder or above it.

    Raises:
        UsageProblem: the file cannot be read, or a table in it is wrong.
    """
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if file.is_file():
            return _read(file)
    return {}


def _read(file: Path) -> dict[str, OwnRuntime]:
    try:
        content: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{file} cannot be read: {error}"
        raise UsageProblem(msg) from error
    tables = content.get("tool", {}).get("tf_roundtrip", {}).get("runtime", {})
    if not isinstance(tables, dict):
        msg = f"{file}: write [tool.tf_roundtrip.runtime.NAME] for a runtime of your own"
        raise UsageProblem(msg)
    return {name: OwnRuntime.parse(name, table, file.parent) for name, table in tables.items()}


def known_apis(savers: Iterable[str]) -> Apis:
    """What there is, for a command that was asked for these savers.

    Where one is not ours, those of the plugins that are installed, as pytest finds them: no
    ``conftest.py`` and no ``-p``, for there is no pytest run. Nothing of theirs is imported before.

    Raises:
        UsageProblem: a plugin cannot be loaded, or what it adds is not in form.
    """
    ours = all(name in apis().savers for name in savers)
    if ours or os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        return apis()
    from pytest import PytestPluginManager  # noqa: PLC0415, PT013  imports all of pytest

    from pytest_tfroundtrip import hookspecs  # noqa: PLC0415
    from pytest_tfroundtrip.catalogue.extensions import asked  # noqa: PLC0415

    manager = PytestPluginManager()
    manager.add_hookspecs(hookspecs)
    try:
        manager.load_setuptools_entrypoints("pytest11")
    except Exception as error:
        why = error.__cause__ or error  # pytest's own error names no plugin
        msg = f"a pytest plugin that is installed cannot be loaded: {type(why).__name__}: {why}"
        raise UsageProblem(msg) from error
    return extended(asked(manager))


def by_environment(names: Iterable[str], own: Mapping[str, OwnRuntime]) -> dict[str, Runtime]:
    """The runtimes of these names, one of each environment.

    Raises:
        UnknownRuntime: there is no such runtime.
    """
    found: dict[str, Runtime] = {}
    for name in names:
        runtime = parse_runtime(name, own)
        found.setdefault(runtime.environment, runtime)
    return found


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with aligned columns, two blanks between them."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def say(line: str) -> None:
    """Print a line at once, so that progress is seen in logs as well."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Print a line for what went wrong."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
