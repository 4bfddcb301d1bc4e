"""The documents' sentences on real releases, held against what is kept of earlier runs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.promises.measured import measured

from .harness import PROJECTS, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RUNTIMES = ("1.15", "2.15", "2.21")


def kept(*names: str) -> dict[tuple[str, str], str]:
    """What is kept of runtimes: {(case, runtime): verdict}."""
    return {
        (case, runtime): seen["verdict"]
        for case, under in measured()["cases"].items()
        for runtime, seen in under.items()
        if runtime in names
    }


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], Any]:
    chosen = f"--tf-runtimes={','.join(RUNTIMES)}"
    folder = tmp_path_factory.mktemp("statements")
    seen = run(folder, chosen, "--pyargs", "pytest_tfroundtrip.statements")
    assert seen.status == 0, seen.output
    return {(each["case"], each["runtime"]): each for each in seen.report["statements"]}


def test_what_is_kept_is_what_is_seen(tried: Mapping[tuple[str, str], Any]) -> None:
    assert {key: each["verdict"] for key, each in tried.items()} == kept(*RUNTIMES)


def test_a_sentence_that_is_not_kept_says_why(tried: Mapping[tuple[str, str], Any]) -> None:
    against = [each for each in tried.values() if each["verdict"] != "kept"]
    assert against
    assert all(each["why"] and each["message"] for each in against)
    assert {each["outcome"] for each in against} == {"xfailed"}


def test_what_a_tf2_savedmodel_meets_before_1_15(tmp_path: Path) -> None:
    """By a runtime of one's own: the catalogue begins with 1.15."""
    shutil.copy(PROJECTS / "before_1_15" / "pyproject.toml", tmp_path)
    seen = run(
        tmp_path,
        *("--tf-runtimes=old", "--pyargs", "pytest_tfroundtrip.statements", "-k", "before_1_15"),
    )
    assert seen.status == 0, seen.output
    (old,) = [each for each in seen.report["runtimes"] if each["name"] == "old"]
    assert (old["tensorflow"], old["tensorflow_hub"]) == ("1.14.0", "0.9.0")
    tried = {(each["case"], "1.14"): each for each in seen.report["statements"]}
    assert {key: each["verdict"] for key, each in tried.items()} == kept("1.14")
    says = tried["hub_load_before_1_15_of_2_15", "1.14"]["message"]
    assert "with a variable: NotFoundError: Op type not registered 'DisableCopyOnRead'" in says
