"""The agent runs under the oldest Python that a runtime has: 3.6."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from interpreters import find_python

from pytest_tfroundtrip.agent import wire

AGENT = Path(wire.__file__).parent
ROOT = Path(__file__).parents[2]
REFERENCE = AGENT.parent / "reference" / "models.py"
EXAMPLE = ROOT / "tests/example_plugin/acme_roundtrip/agent"
FILES = [
    *sorted(AGENT.rglob("*.py")),
    REFERENCE,
    *sorted((ROOT / "tests/models").glob("*.py")),
    *sorted(EXAMPLE.glob("*.py")),
]
IDS = [str(file.relative_to(ROOT)) for file in FILES]

#: Modules that came after 3.6.
TOO_NEW = {"dataclasses", "importlib.metadata", "importlib.resources", "zoneinfo", "tomllib"}


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_its_grammar_is_that_of_3_6(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 6))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.module not in TOO_NEW
            assert (node.module, node.names[0].name) != ("__future__", "annotations")
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & TOO_NEW
        assert not isinstance(node, (ast.NamedExpr, ast.Match))
        if isinstance(node, ast.arguments):
            assert not node.posonlyargs


def test_python_3_6_compiles_it() -> None:
    python = find_python("3.6")
    if python is None:
        pytest.skip("no Python 3.6 on this machine")
    code = "import sys\nfor f in sys.argv[1:]: compile(open(f, encoding='utf-8').read(), f, 'exec')"
    done = subprocess.run(
        [python, "-c", code, *map(str, FILES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_plugin_needs_only_wire_of_it() -> None:
    package = AGENT.parent
    for file in package.rglob("*.py"):
        if AGENT in file.parents:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "pytest_tfroundtrip.agent"
            ):
                names = {alias.name for alias in node.names}
                assert node.module.endswith("wire") or names == {"wire"}, file  # type: ignore[union-attr]
