"""Whether a runtime has what ``apis.json`` declares for its release."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from pytest_tfroundtrip.agent import probe

RELEASES = [(1, 15), (2, 0), (2, 3), (2, 9), (2, 10), (2, 15), (2, 16), (2, 21)]


@pytest.mark.parametrize(
    "specifier", [">=1.15", ">=1.15,<2.16", "<2", "==2.15", "!=2.3", ">2.9, <=2.15", "", "<2.10"]
)
def test_a_specifier_means_what_packaging_says(specifier: str) -> None:
    reference = SpecifierSet(specifier)
    for major, minor in RELEASES:
        expected = reference.contains(f"{major}.{minor}")
        assert probe.contains(specifier, (major, minor)) is expected, (specifier, major, minor)


@pytest.mark.parametrize("specifier", ["2.15", "~=2.15", ">=two"])
def test_another_specifier_is_an_error(specifier: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        probe.contains(specifier, (2, 15))


def declared(releases: str) -> dict[str, Any]:
    entry = {"releases": releases, "needs": ["tf.here", "tf.estimator.Estimator"]}
    return {"savers": {"estimator": entry}, "loaders": {}}


def test_declared_and_there_is_no_contradiction() -> None:
    here, contradictions = probe.check(declared(">=1.15"), (2, 15), lambda _: True)
    assert (here, contradictions) == ({"estimator": True}, [])


def test_declared_but_missing_is_a_contradiction_that_names_it() -> None:
    here, (found,) = probe.check(declared(">=1.15"), (2, 16), lambda name: name == "tf.here")
    assert here == {"estimator": False}
    kind, name, sentence = found
    assert (kind, name) == ("savers", "estimator")
    for part in ("estimator", "2.16", ">=1.15", "tf.estimator.Estimator"):
        assert part in sentence
    assert "tf.here" not in sentence


def test_missing_where_it_is_not_declared_is_none() -> None:
    here, contradictions = probe.check(declared(">=1.15,<2.16"), (2, 21), lambda _: False)
    assert (here, contradictions) == ({"estimator": False}, [])
