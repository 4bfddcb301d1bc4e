"""``shell``: Python in a runtime, with a SavedModel loaded as one of its cells loads it.

``shell models/m1::tf2_load_2.21-inference`` takes what pytest calls the cell: the folder (or the
file in it), ``::``, the signature where it is not the usual one, the load API and the runtime.

Exit codes: that of the Python; 1 the runtime could not be had; 2 asked for wrongly.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.cells import Cell, absence
from pytest_tfroundtrip.commands.common import add_cache, complain
from pytest_tfroundtrip.commands.folders import chosen_folders, settings_of
from pytest_tfroundtrip.errors import EnvironmentFailed, UsageProblem
from pytest_tfroundtrip.runtimes.launch import agent_main, process_environ
from pytest_tfroundtrip.settings import DEFAULT_RUNTIMES, PROVIDERS, loaders

if TYPE_CHECKING:
    import argparse

    from pytest_tfroundtrip.engine.engine import Engine
    from pytest_tfroundtrip.runtimes.provider import Environment
    from pytest_tfroundtrip.settings import Settings

NAME = "shell"
HELP = "Python in a runtime with a SavedModel loaded as a cell loads it"
#: Loads the agent's package by its path, as the agent does, and takes what shell.py gives.
_BOOT = """\
import importlib.util as _util, json as _json, sys as _sys
_spec = _util.spec_from_file_location("tf_roundtrip_main", _sys.argv[1])
_main = _util.module_from_spec(_spec)
_spec.loader.exec_module(_main)
_main.make_package()
globals().update(_main.module("shell").opened(_json.loads(_sys.argv[2])))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("cell", metavar="CELL", help="DIR::LOADER_RUNTIME-inference, as in pytest")
    parser.add_argument("--tags", metavar="TAGS", help="of the meta graph, with commas between")
    parser.add_argument("--examples", type=Path, metavar="FILE", help="as --tf-examples")
    parser.add_argument("--provider", choices=PROVIDERS, default="auto", help="as --tf-provider")
    add_cache(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from pytest_tfroundtrip.engine.engine import Engine  # noqa: PLC0415  imports numpy

    cell, settings = _asked(arguments)
    engine = Engine(settings)
    engine.start()
    try:
        engine.submit([cell])
        engine.prepare(complain)
        engine.observe(cell)  # its record is there then, whatever came of it
        record = engine.artifact(cell.save)
        environment = _environment(engine, cell)
    finally:
        engine.stop()
    if not isinstance(record, Path):
        msg = f"{cell.id}: {record}"
        raise EnvironmentFailed(msg)
    return _python(cell, environment, record)


def _asked(arguments: argparse.Namespace) -> tuple[Cell, Settings]:
    folder, colons, name = arguments.cell.partition("::")
    found = _parsed(name) if colons else None
    if found is None:
        msg = (
            f"{arguments.cell!r} is no cell of a folder: DIR::LOADER_RUNTIME-inference, such as"
            " models/m1::tf2_load_2.21-inference, was expected"
        )
        raise UsageProblem(msg)
    signature, api, release = found
    runtime = parse_runtime(release)
    arguments.folder = folder
    arguments.signature = [signature] if signature else None
    chosen = chosen_folders(arguments)
    one = next((each for each in chosen if each.default), chosen[0])
    settings = settings_of(arguments, runtimes=[*DEFAULT_RUNTIMES, runtime.name])
    (loader,) = loaders([api], settings.apis)
    matrix = replace(
        settings.matrix, loaders=(loader,), loaders_named=True, load_runtimes=(runtime,)
    )
    cell = next(iter(matrix.cells_of_folder(one, settings.apis.savers)), None)
    if cell is None:
        msg = f"{loader.name} does not load SavedModels"
        raise UsageProblem(msg)
    if why := absence(cell):
        raise UsageProblem(why)
    return cell, settings


def _parsed(name: str) -> tuple[str | None, str, str] | None:
    """Signature, load API and runtime of an item's name, see ``item_name`` in folder_items.py."""
    rest, dash, _ = name.rpartition("-")
    for api in sorted(apis().loaders, key=len, reverse=True) if dash else ():
        if found := re.fullmatch(rf"(?:(.+)-)?{re.escape(api)}_(.+)", rest):
            return found[1], api, found[2]
    return None


def _environment(engine: Engine, cell: Cell) -> Environment:
    runtime = cell.load_runtime
    assert runtime is not None  # noqa: S101  for the type checker
    found = engine.facts.environments.get(runtime.environment)
    if isinstance(found, EnvironmentFailed):
        raise found
    if found is None or found.folder is None:
        msg = f"{runtime} is in an image: a shell needs an environment, --provider=venv"
        raise UsageProblem(msg)
    return found


def _python(cell: Cell, environment: Environment, record: Path) -> int:
    """An interactive Python of the runtime; Ctrl-C is its own."""
    runtime, loader = cell.load_runtime, cell.loader
    assert runtime is not None  # noqa: S101  for the type checker
    assert loader is not None  # noqa: S101
    told = {
        "title": cell.id,
        "artifact": str(record),
        "payload": str(cell.save.model.file),
        "loader": loader.base,
        "variant": loader.variant,
        "behavior": runtime.behavior and str(runtime.behavior),
    }
    command = [str(environment.python), "-B", "-s", "-i", "-c", _BOOT]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sys.stdout.flush()
        return subprocess.call(
            [*command, str(agent_main()), json.dumps(told)],
            env=process_environ(runtime.process_env),
        )
    finally:
        signal.signal(signal.SIGINT, before)
