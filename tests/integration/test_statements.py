"""The documents' sentences on real releases, held against what is kept of earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.promises.measured import measured

from .harness import run

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNTIMES = ("1.15", "2.15", "2.21")


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], Any]:
    chosen = f"--tf-runtimes={','.join(RUNTIMES)}"
    folder = tmp_path_factory.mktemp("statements")
    seen = run(folder, chosen, "--pyargs", "pytest_tfroundtrip.statements")
    assert seen.status == 0, seen.output
    return {(each["case"], each["runtime"]): each for each in seen.report["statements"]}


def test_what_is_kept_is_what_is_seen(tried: Mapping[tuple[str, str], Any]) -> None:
    kept = {
        (case, runtime): seen["verdict"]
        for case, under in measured()["cases"].items()
        for runtime, seen in under.items()
        if runtime in RUNTIMES
    }
    assert {key: each["verdict"] for key, each in tried.items()} == kept


def test_a_sentence_that_is_not_kept_says_why(tried: Mapping[tuple[str, str], Any]) -> None:
    against = [each for each in tried.values() if each["verdict"] != "kept"]
    assert against
    assert all(each["why"] and each["message"] for each in against)
    assert {each["outcome"] for each in against} == {"xfailed"}
