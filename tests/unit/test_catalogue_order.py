"""The order in which runtimes and APIs are told."""

from __future__ import annotations

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.order import api_order, runtime_order


def test_releases_stand_by_number_behaviors_after_them_own_runtimes_last() -> None:
    told = ["1.15", "1.15+v2", "2.3", "2.15", "2.15+v1", "2.21", "mine", "nightly"]
    assert sorted(set(told), key=runtime_order) == told


def test_apis_stand_as_in_the_catalogue_unknown_ones_after_them() -> None:
    loaders = [*apis().loaders]
    savers = [name for name in apis().savers if name not in loaders]  # hub_module is both
    for known in (savers, loaders):
        told = [*known, "acme", "zeta"]
        assert sorted(set(told), key=api_order) == told
