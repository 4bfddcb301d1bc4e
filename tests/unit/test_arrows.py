"""Imports go one way, as docs/architecture.md says and ``data/arrows.toml`` holds."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_tfroundtrip

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(pytest_tfroundtrip.__file__).parent
ARROWS: Mapping[str, Any] = tomllib.loads(
    (Path(__file__).parent / "data" / "arrows.toml").read_text(encoding="utf-8")
)
MAY: Mapping[str, list[str]] = ARROWS["may_import"]


@dataclass(frozen=True)
class Arrow:
    """An import: from a file of one part to another part, or out of the package."""

    file: str
    part: str
    to: str
    typed: bool  # only type checkers see it


def arrows_of(package: Path) -> Iterator[Arrow]:
    """The imports of a package, those within a part left out.

    What does not lie in the package is there by its top name, `pytest` as well as `json`.
    """
    parts = {path.stem for path in package.iterdir()}
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        part = inside.parts[0].removesuffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        typed = {
            id(node)
            for block in ast.walk(tree)
            if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
            for line in block.body
            for node in ast.walk(line)
        }
        for node in ast.walk(tree):
            for name in _names(node):
                first, _, rest = name.partition(".")
                to = rest.partition(".")[0] if first == package.name else first
                if first == package.name and (to not in parts or to == part):
                    continue  # the part itself; or a name of the package's own __init__
                yield Arrow(inside.as_posix(), part, to, id(node) in typed)


def _names(node: ast.AST) -> Iterator[str]:
    """What a node imports, in full."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


ALL = [*arrows_of(PACKAGE)]
PARTS = {path.stem for path in PACKAGE.iterdir() if path.suffix in ("", ".py")} - {"__pycache__"}
OURS = [arrow for arrow in ALL if arrow.to in PARTS]


@pytest.mark.parametrize("part", MAY)
def test_a_package_imports_what_it_may_and_all_of_it(part: str) -> None:
    found = {arrow.to: arrow.file for arrow in OURS if arrow.part == part}
    for common in ARROWS["anybody"]:
        found.pop(common, None)
    assert {to: file for to, file in found.items() if to not in MAY[part]} == {}
    assert [to for to in MAY[part] if to not in found] == [], "nobody needs it any more"


def test_every_package_is_in_the_file() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    # The agent has a test of its own; commands are on top and take what they need.
    assert packages - {"agent", "commands"} == set(MAY)


def test_no_two_parts_need_each_other() -> None:
    with_cycle: str | None = None
    try:
        TopologicalSorter(_graph(OURS)).prepare()
    except CycleError as error:
        with_cycle = " -> ".join(error.args[1])
    assert with_cycle is None


def test_nothing_reaches_a_line_above_its_own() -> None:
    reached = _reached(_graph(OURS))
    above: list[str] = []
    for line in ARROWS["lines"]:
        for part in line:
            assert part in PARTS
            assert reached[part].isdisjoint(above), part
        above += line


def test_who_may_not_know_pytest_does_not() -> None:
    knowing = {arrow.part: arrow.file for arrow in ALL if arrow.to in ("pytest", "_pytest")}
    assert sorted(knowing) == ARROWS["know_pytest"], knowing


def test_what_is_common_needs_nothing_of_ours() -> None:
    common = ARROWS["anybody"]
    assert [arrow for arrow in OURS if arrow.part in common and arrow.to not in common] == []


def test_an_arrow_is_found_wherever_and_however_it_is_drawn(tmp_path: Path) -> None:
    package = tmp_path / "ours"
    (package / "low").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "high.py").write_text(
        "from ours.low import one\nfrom ours import low, __version__\n"
    )
    (package / "low" / "__init__.py").write_text("import ours.high\n")
    (package / "low" / "one.py").write_text(
        "from ours.low import two\n"
        "if TYPE_CHECKING:\n    from ours.high import Thing\n"
        "def late():\n    from pytest import fail\n"
    )
    found = [*arrows_of(package)]
    assert found == [
        Arrow("high.py", "high", "low", typed=False),
        Arrow("high.py", "high", "low", typed=False),
        Arrow("low/__init__.py", "low", "high", typed=False),
        Arrow("low/one.py", "low", "high", typed=True),
        Arrow("low/one.py", "low", "pytest", typed=False),
    ]
    with pytest.raises(CycleError):
        TopologicalSorter(_graph(found)).prepare()
    assert _reached(_graph(found))["high"] == {"low", "high", "pytest"}


def _graph(arrows: list[Arrow]) -> Mapping[str, set[str]]:
    """The parts that each needs when it runs."""
    graph: dict[str, set[str]] = defaultdict(set)
    for arrow in arrows:
        if not arrow.typed:
            graph[arrow.part].add(arrow.to)
    return graph


def _reached(graph: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    """Whatever each part needs, by way of others too."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in graph:
        left = [part]
        while left:
            new = graph.get(left.pop(), set()) - found[part]
            found[part] |= new
            left += new
    return found
