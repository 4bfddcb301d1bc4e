"""Commands on a SavedModel's folder, and an engine for them that starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pytest

    from pytest_tfroundtrip.cells import Cell

#: Runs a command: its code, the lines of its stdout, its stderr.
Run = Any


def runner(
    command: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command in a folder, with an empty cache in it."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TF_ROUNDTRIP_CACHE", str(folder / "cache"))

    def call(*arguments: object) -> tuple[int, list[str], str]:
        try:
            code = main([command, *map(str, arguments)])
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out.splitlines(), err

    return call


class Idle:
    """Stands for the class ``Engine`` and for the engine; what it observes is a test's own."""

    def __init__(self) -> None:
        self.settings: Any = None
        self.cells: list[Cell] = []
        self.stopped = 0

    def __call__(self, settings: Any) -> Idle:
        self.settings = settings
        return self

    def start(self) -> None:
        """Nothing runs."""

    def stop(self) -> None:
        self.stopped += 1

    def submit(self, cells: Iterable[Cell]) -> None:
        self.cells += cells

    def prepare(self, progress: Callable[[str], None]) -> None:
        assert callable(progress)
