"""``bisect``: which release is the first that reads a SavedModel, and which the last.

``bisect DIR --load=tf2_load`` loads it under the release that wrote it, as far as the file says,
then under the oldest and the newest, then in between, until it has the two neighbours where it
begins to be read, ceases to be, or gives other numbers. Environments are made as they are needed.
``--patches`` goes on among the patch releases at each border.

Exit codes: 0 a release reads it; 1 none that was asked does, or one could not be had; 2 asked for
wrongly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import Version

from pytest_tfroundtrip.bisect import Answer, Border, Unanswered, borders
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime, parse_runtime
from pytest_tfroundtrip.causes import diagnose
from pytest_tfroundtrip.cells import Cell, absence
from pytest_tfroundtrip.commands.common import complain, say
from pytest_tfroundtrip.commands.folders import add_options, chosen_folders, settings_of
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.folder import nearest
from pytest_tfroundtrip.messages import headline
from pytest_tfroundtrip.report.lines import wrap
from pytest_tfroundtrip.settings import loaders
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_tfroundtrip.engine.engine import Engine
    from pytest_tfroundtrip.folder import Folder
    from pytest_tfroundtrip.settings import Settings

_WIDTH = 100
NAME = "bisect"
HELP = "the first and the last release that reads a SavedModel"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_options(parser)
    parser.add_argument("--load", metavar="LOADER", default="tf2_load", help="default: tf2_load")
    parser.add_argument("--oldest", metavar="RELEASE", help="look no further back than this")
    parser.add_argument("--newest", metavar="RELEASE", help="look no further ahead than this")
    parser.add_argument("--patches", action="store_true", help="go on among patch releases")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from pytest_tfroundtrip.engine.engine import Engine  # noqa: PLC0415  imports numpy

    folder = _one(chosen_folders(arguments))
    among = _among(arguments.oldest, arguments.newest)
    start = nearest(folder.runtime, map(parse_runtime, among))[0].name
    settings = settings_of(arguments, runtimes=[start])
    chosen = loaders([arguments.load], settings.apis)
    if len(chosen) != 1:
        msg = f"--load={arguments.load} is more than one: bisect asks one load API at a time"
        raise UsageProblem(msg)
    (loader,) = chosen
    if not loader.reads & {"saved_model"}:
        msg = f"{loader.name} does not load SavedModels"
        raise UsageProblem(msg)
    settings = replace(
        settings, matrix=replace(settings.matrix, loaders=(loader,), loaders_named=True)
    )
    engine = Engine(settings)
    engine.start()
    search = _Search(engine, settings, folder)
    try:
        found = borders(among, start, lambda name: search.probe(parse_runtime(name)))
        for border in found:
            if border is not None and arguments.patches:
                search.patches(border)
    except Unanswered as error:
        complain(str(error))
        return 1
    finally:
        engine.stop()
    _tell(search, among, start, found)
    return 0 if any(each.verdict is Verdict.SAME for each in search.answers.values()) else 1


def _one(folders: Sequence[Folder]) -> Folder:
    return next((folder for folder in folders if folder.default), folders[0])


def _among(oldest: str | None, newest: str | None) -> list[str]:
    names = list(releases())
    for name in (oldest, newest):
        if name is not None:
            parse_runtime(name)  # says what there is
            if name not in names:
                msg = (
                    f"{name} is no release: bisect goes along those from {names[0]} to {names[-1]}"
                )
                raise UsageProblem(msg)
    first = names.index(oldest) if oldest else 0
    last = names.index(newest) if newest else len(names) - 1
    if first > last:
        msg = f"--oldest={oldest} is newer than --newest={newest}"
        raise UsageProblem(msg)
    return names[first : last + 1]


class _Search:
    """Asks one release after the other, and says so."""

    def __init__(self, engine: Engine, settings: Settings, folder: Folder) -> None:
        self.answers: dict[str, Answer] = {}
        self.patched: list[Border] = []
        self._engine = engine
        self._settings = settings
        self._folder = folder

    @property
    def loader(self) -> str:
        """The load API's name."""
        return self._settings.matrix.loaders[0].name

    def probe(self, runtime: Runtime) -> Answer:
        """What is seen under a runtime."""
        shown = runtime.release.tensorflow if runtime.own else runtime.name
        matrix = replace(self._settings.matrix, load_runtimes=(runtime,))
        cell = next(iter(matrix.cells_of_folder(self._folder, self._settings.apis.savers)))
        answer = self._answer(cell)
        self.answers[shown] = answer
        say(f"  {shown:<8} {answer.verdict}{f': {answer.why}' if answer.why else ''}")
        return answer

    def _answer(self, cell: Cell) -> Answer:
        if why := absence(cell):
            return Answer(Verdict.ABSENT, why)
        self._engine.submit([cell])
        self._engine.prepare(complain)
        seen = self._engine.observe(cell)
        if seen.verdict is Verdict.ENV_ERROR:
            runtime = cell.load_runtime
            msg = f"{runtime}: {seen.message.strip()}"
            raise Unanswered(msg)
        diagnosis = diagnose(seen, cell)
        cause = diagnosis.cause.id if diagnosis else None
        why = f"[{cause}]" if cause else headline(seen.message)
        if diagnosis is None:
            return Answer(seen.verdict, why)
        return Answer(seen.verdict, why, cause, diagnosis.sentence, diagnosis.remedy)

    def patches(self, border: Border) -> None:
        """Find the border among the patch releases of two neighbours."""
        pinned = {releases()[name].tensorflow: name for name in (border.older, border.newer)}
        first, last = (Version(releases()[name].tensorflow) for name in pinned.values())
        there = {patch for name in pinned.values() for patch in releases()[name].patches}
        between = [patch for patch in there if first < Version(patch) < last]
        names = sorted([*pinned, *between], key=Version)

        def probe(patch: str) -> Answer:
            if patch in pinned:
                return self.answers[pinned[patch]]
            return self.probe(_patched(patch))

        older, newer = borders(names, releases()[border.older].tensorflow, probe)
        if (found := newer or older) is not None:
            self.patched.append(found)


def _patched(patch: str) -> Runtime:
    """A patch release as a runtime of one's own: its release's environment with another wheel."""
    version = Version(patch)
    release = releases()[f"{version.major}.{version.minor}"]
    pinned = release.requirements[0].partition("==")[0]
    own = OwnRuntime(f"patch-{patch}", patch, requirements=(f"{pinned}=={patch}",))
    return Runtime(own.name, own.release, own=own)


def _tell(
    search: _Search,
    among: Sequence[str],
    start: str,
    found: tuple[Border | None, Border | None],
) -> None:
    """The answer in sentences."""
    older, newer = found
    at_start = search.answers[start]
    first = older.newer if older else among[0]
    last = newer.older if newer else among[-1]
    reads = "reads it" if at_start.verdict is Verdict.SAME else f"gives {at_start.verdict}"
    span = f"from {first} to {last}" if first != last else f"under {first}"
    say(f"{search.loader} {reads} {span}.")
    _explain(at_start)
    for border, side in ((older, "older"), (newer, "newer")):
        if border is not None:
            name = border.older if side == "older" else border.newer
            other = search.answers[name]
            say(f"{name} and {side}: {other.verdict}{f', {other.why}' if other.why else ''}")
            _explain(other)
    for border in search.patched:
        say(f"among patch releases: between {border.older} and {border.newer}")
    if len(search.answers) == 1:
        say("1 release was asked.")
    else:
        say(f"{len(search.answers)} releases were asked; what lies between two of a kind was not.")


def _explain(answer: Answer) -> None:
    if answer.verdict is Verdict.SAME:
        return
    if answer.says:
        say("\n".join(wrap(answer.says, _WIDTH, "  ", "  ")))
    if answer.advises:
        say("\n".join(wrap(answer.advises, _WIDTH, "  what to do: ", "  ")))
