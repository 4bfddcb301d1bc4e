"""What folders should give is looked up in their order, few at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.engine import references
from pytest_tfroundtrip.engine.references import References
from pytest_tfroundtrip.folder import Folder

if TYPE_CHECKING:
    import pytest


def a_save(name: str) -> Any:
    place = Path("/models") / name
    folder = Folder(name, place, place, ("serve",), None, True, "2.8", ("tf_module",))  # noqa: FBT003
    return SimpleNamespace(model=folder)


def test_folders_are_looked_at_in_their_order_and_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All at once the first would be known as late as the last, and its step would wait."""
    begun: list[str] = []
    lock, busy, most = threading.Lock(), 0, 0

    def look(folder: Folder) -> tuple[Path, str, None]:
        nonlocal busy, most
        with lock:
            begun.append(folder.name)
            busy += 1
            most = max(most, busy)
        time.sleep(0.002)
        with lock:
            busy -= 1
        return folder.file, "", None

    monkeypatch.setattr(references, "_look", look)
    names = [f"m{number:02}" for number in range(12)]

    async def every() -> list[tuple[Path, float]]:
        of = References(SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
        return list(await asyncio.gather(*(of.record(a_save(name), 0) for name in names)))

    found = asyncio.run(every())
    assert [record.name for record, _ in found] == names
    assert most == references._LOOKING
    # Two that are under way may begin in either order.
    assert all(abs(place - names.index(name)) < most for place, name in enumerate(begun))
