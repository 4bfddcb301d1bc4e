"""The order in which runtimes and APIs are told, wherever several are."""

from __future__ import annotations

from functools import cache

from pytest_tfroundtrip.catalogue.apis import apis


@cache
def runtime_order(name: str) -> tuple[int, tuple[int, ...], str]:
    """Sorts releases by number (``2.3`` before ``2.15``), a user's own runtimes after them."""
    release, _, behavior = name.partition("+")
    numbers = release.split(".")
    if all(number.isdecimal() for number in numbers):
        return 0, tuple(map(int, numbers)), behavior
    return 1, (), name


def api_order(name: str) -> tuple[int, str]:
    """Sorts savers and loaders as the catalogue does, unknown ones after them by name."""
    return _known_apis().get(name, len(apis().savers) + len(apis().loaders)), name


@cache
def _known_apis() -> dict[str, int]:
    return {name: place for place, name in enumerate([*apis().savers, *apis().loaders])}
