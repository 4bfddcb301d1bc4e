"""Which bases are wanted, and what they are called."""

from __future__ import annotations

from docker_host.bases import base_of, default_series


def test_the_bases_are_the_reference_runtimes_unless_named() -> None:
    assert default_series() == ["3.7", "3.11", "3.13"]
    assert base_of("3.7") == "python:3.7-slim-bookworm"
