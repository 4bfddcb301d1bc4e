"""Work on several bases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docker_host.several import each
from docker_host.telling import Failed
from pytest_tfroundtrip.errors import EnvironmentFailed

if TYPE_CHECKING:
    import pytest


def test_one_that_fails_is_told_and_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    failures = {"3.7": Failed("no disk"), "3.9": EnvironmentFailed("no Python")}
    done: list[str] = []

    def work(series: str) -> None:
        if series in failures:
            raise failures[series]
        done.append(series)

    assert each(["3.7", "3.9", "3.11", "3.13"], work) == ["3.7", "3.9"]
    assert sorted(done) == ["3.11", "3.13"]
    assert set(capsys.readouterr().err.splitlines()) == {
        "docker-host: python:3.7-slim-bookworm: no disk",
        "docker-host: python:3.9-slim-bookworm: no Python",
    }
