"""The cases of cases.toml, and what they are under which runtime."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pytest_tfroundtrip.agent import cases as agent_cases
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, parse_runtime
from pytest_tfroundtrip.promises.cases import Case, Under, cases

FOLDER = Path(agent_cases.__path__[0])
OWN = {"old": OwnRuntime.parse("old", {"tensorflow": "1.14.0"}, FOLDER)}
RUNTIMES = [*releases(), "1.15+hub0.6", "1.15+v2", "2.15+v1", "2.21+v1", "2.21+tf_keras", "old"]


def functions(module: str) -> dict[str, int]:
    """The functions of a module of the agent's, with how many arguments they must be given."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    return {
        node.name: len(node.args.args) - len(node.args.defaults)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("case", cases().values(), ids=lambda case: case.id)
def test_a_case_is_a_function_of_the_agent(case: Case) -> None:
    there = functions(case.module)
    assert there[case.function] == (1 if case.writes else 0)
    if case.writes:
        assert there[case.writes] == 1
        assert case.written_by
        parse_runtime(case.written_by)


def test_no_function_is_forgotten() -> None:
    """Public functions without arguments are cases; what only helps has an argument or a "_"."""
    used = {
        (case.module, name) for case in cases().values() for name in (case.function, case.writes)
    }
    for file in FOLDER.glob("[!_]*.py"):
        for name, arguments in functions(file.stem).items():
            if not name.startswith("_") and arguments == 0 and file.stem != "tools":
                helps = file.stem == "guide" and name in SAVES
                assert helps or (file.stem, name) in used, f"{file.name}: {name}"


SAVES = ("builder", "simple_save", "estimator", "module", "keras")  # of the guide's program


@pytest.mark.parametrize("case", cases().values(), ids=lambda case: case.id)
def test_a_case_means_something_somewhere_and_is_broken_only_there(case: Case) -> None:
    under = [parse_runtime(name, OWN) for name in RUNTIMES]
    assert any(case.means_something_under(runtime) for runtime in under)
    for broken in case.broken:
        assert broken.says.endswith(".")
        met = [runtime for runtime in under if case.broken_under(runtime) is broken]
        assert any(case.means_something_under(runtime) for runtime in met)


@pytest.mark.parametrize(
    ("conditions", "holds", "fails"),
    [
        ({}, "1.15", None),
        ({"releases": ">=2.2"}, "2.2", "2.1"),
        ({"behaviors": ["v2"]}, "1.15+v2", "1.15"),
        ({"keras": [3]}, "2.16", "2.16+tf_keras"),
        ({"hub": "<0.16"}, "2.15", "2.16"),
        ({"hub": "<0.7"}, "1.15+hub0.6", "1.15"),
    ],
)
def test_conditions_on_a_runtime(
    conditions: dict[str, object], holds: str, fails: str | None
) -> None:
    under = Under.parse(conditions, "here")
    assert under.matches(parse_runtime(holds))
    assert fails is None or not under.matches(parse_runtime(fails))


def test_a_misspelt_condition_is_an_error() -> None:
    with pytest.raises(ValueError, match="here: unknown condition release"):
        Under.parse({"release": ">=2"}, "here")
