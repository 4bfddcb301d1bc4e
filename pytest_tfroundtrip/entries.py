"""What the data files in TOML have in common: tables of entries, each with an id."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def read_entries(
    file: Path, kind: str, *, required: Iterable[str], optional: Iterable[str] = ()
) -> tuple[Mapping[str, Any], ...]:
    """The tables ``[[kind]]`` of a TOML file, in their order.

    Every entry has an ``id`` of its own, all ``required`` keys and no key that is not named here:
    a misspelt key would otherwise be a condition that silently never holds.

    Raises:
        ValueError: naming the file, the entry and what is wrong with it.
    """
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get(kind, [])
    needed = {"id", *required}
    seen: set[str] = set()
    for number, entry in enumerate(entries, start=1):
        where = f"{file.name}: {kind} {entry.get('id', f'number {number}')}"
        if missing := needed - set(entry):
            msg = f"{where}: lacks {', '.join(sorted(missing))}"
            raise ValueError(msg)
        if unknown := set(entry) - needed - set(optional):
            msg = f"{where}: unknown key {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        if entry["id"] in seen:
            msg = f"{where}: there are two of that id"
            raise ValueError(msg)
        seen.add(entry["id"])
    return tuple(entries)
