"""``ops``: ask TensorFlow releases which ops they have, and keep it; or say what would change.

What is kept is ``catalogue/ops.txt``, by which the oldest and newest readers of a SavedModel are
foretold. Without names it is every release of the catalogue; their environments are made where
they are missing. With ``--check`` nothing is written or made: without names it is the releases
whose environments are there.

Exit codes: 0 as it is kept, or written; 1 it would change, or a release could not be asked.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from pytest_tfroundtrip.catalogue.ops import (
    IGNORED,
    OPS_FILE,
    REFUSED,
    Measured,
    OpTable,
    read,
    write,
)
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.commands.agents import started
from pytest_tfroundtrip.commands.common import (
    add_cache,
    by_environment,
    cache_of,
    complain,
    say,
)
from pytest_tfroundtrip.errors import AgentDied, EnvironmentFailed, UsageProblem
from pytest_tfroundtrip.runtimes.files import write_aside
from pytest_tfroundtrip.runtimes.process import log_tail
from pytest_tfroundtrip.runtimes.venv import VenvProvider
from pytest_tfroundtrip.savedmodel.dtypes import REF, dtype_name, known_dtype
from pytest_tfroundtrip.savedmodel.op_list import ops_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from pytest_tfroundtrip.catalogue.ops import OpDefinition
    from pytest_tfroundtrip.catalogue.runtime import Runtime

NAME = "ops"
HELP = "measure which ops and attributes each release has, for predictions"
_FEW = 5


class _Answer(NamedTuple):
    """What a release says of itself."""

    release: Measured
    ops: Mapping[str, OpDefinition]
    dtypes: frozenset[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "runtimes", nargs="*", metavar="RELEASE", help="releases (default: all of the catalogue)"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if something would change"
    )
    add_cache(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    table = _kept()
    provider = VenvProvider(cache_of(arguments))
    runtimes = by_environment(arguments.runtimes or releases(), {})
    for name, runtime in runtimes.items():
        if runtime.name not in releases():
            msg = f"{NAME}: {name} is no release of the catalogue, whose own ops are kept"
            raise UsageProblem(msg)
    if arguments.check and not arguments.runtimes:
        runtimes = {name: each for name, each in runtimes.items() if provider.ready(each)}
    answers, failed = [], False
    for name, runtime in runtimes.items():  # one at a time: memory
        try:
            answer = _asked(provider, runtime)
        except (EnvironmentFailed, AgentDied) as error:
            failed = True
            complain(f"{name}: {error}")
            continue
        answers.append(answer)
        say(f"{name}: {len(answer.ops)} ops{_change(table, answer)}")
    text = _with(table, answers)
    changed = bool(answers) and text != _text()
    if changed and not arguments.check:
        try:
            write_aside(OPS_FILE, text)
        except OSError as error:
            msg = (
                f"{OPS_FILE} cannot be written: {error}. It belongs to the package: run this from a"
                " checkout of it"
            )
            raise EnvironmentFailed(msg) from error
    elif changed:
        names = " ".join(answer.release.name for answer in answers)
        say(f"{OPS_FILE.name} would change. Make it anew: ops {names}")
    return 1 if failed or (changed and arguments.check) else 0


def _text() -> str:
    try:
        return OPS_FILE.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _kept() -> OpTable:
    try:
        return read(_text())
    except ValueError as error:
        msg = f"{error}. Restore it from version control, or delete it and measure all releases"
        raise UsageProblem(msg) from error


def _asked(provider: VenvProvider, runtime: Runtime) -> _Answer:
    return asyncio.run(_answer(provider, runtime))


async def _answer(provider: VenvProvider, runtime: Runtime) -> _Answer:
    there = provider.prepare(runtime, say)
    async with started(provider, runtime, there) as asked:
        log = asked.folder / "step.log"
        message = {"action": NAME, "folder": str(asked.folder), "log": str(log)}
        answer = await asked.agent.step(message)
        if answer["status"] != "ok":
            why = answer.get("message") or answer["status"]
            msg = f"it could not be asked for its ops: {why}\n{log_tail(log)}"
            raise EnvironmentFailed(msg)
        versions = answer["graph_def"]
        release = Measured(
            runtime.release.name,
            str(asked.hello.versions["tensorflow"]),
            int(versions["producer"]),
            int(versions["min_consumer"]),
            int(versions["min_producer"]),
            IGNORED if answer["unknown_attributes"] else REFUSED,
        )
        ops = ops_of((asked.folder / str(answer["file"])).read_bytes())
        return _Answer(release, ops, frozenset(_dtypes(answer["dtypes"])))


def _dtypes(enum: Mapping[str, int]) -> Iterator[str]:
    """The names of a release's dtypes, from its enum ``DataType``."""
    for name, number in enum.items():
        if 0 < number < REF:
            if not known_dtype(number):
                msg = (
                    f"its dtype {name} ({number}) is not known here: add it to DataType in"
                    " savedmodel/protos/saved_model.proto, then nox -s protos"
                )
                raise EnvironmentFailed(msg)
            yield dtype_name(number)


def _change(table: OpTable, answer: _Answer) -> str:
    """What is not as it is kept, as the end of a line."""
    name = answer.release.name
    if name not in table.releases:
        return ", new"
    kept = table.of(name)
    other = [
        each for each in sorted({*kept, *answer.ops}) if kept.get(each) != answer.ops.get(each)
    ]
    if other:
        more = f" and {len(other) - _FEW} more" if len(other) > _FEW else ""
        return f", not as kept: {', '.join(other[:_FEW])}{more}"
    if table.releases[name] != answer.release:
        return ", its versions not as kept"
    return ", as kept" if _dtypes_kept(table, name) == answer.dtypes else ", its dtypes not as kept"


def _dtypes_kept(table: OpTable, release: str) -> frozenset[str]:
    return frozenset(dtype for dtype, releases in table.dtypes.items() if release in releases)


def _with(table: OpTable, answers: list[_Answer]) -> str:
    """The table with what the answers say in place of what it had of those releases."""
    measured = {**table.releases, **{each.release.name: each.release for each in answers}}
    ops = {name: table.of(name) for name in table.releases}
    ops.update({each.release.name: dict(each.ops) for each in answers})
    dtypes = {name: _dtypes_kept(table, name) for name in table.releases}
    dtypes.update({each.release.name: each.dtypes for each in answers})
    order = [measured[name] for name in releases() if name in measured]
    return write(order, ops, dtypes)
