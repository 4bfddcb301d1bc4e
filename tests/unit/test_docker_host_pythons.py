"""Which Pythons of a machine can be an image's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docker_host.pythons import why_not


@pytest.mark.parametrize(
    ("prefix", "modules", "why"),
    [
        ("/usr", ["ssl", "zlib", "ctypes"], "the distribution's own"),
        ("{conda}", ["ssl", "zlib", "ctypes"], "is conda's"),
        ("{own}", ["zlib", "ctypes"], "has no module ssl"),
        ("{empty}", ["ssl", "zlib", "ctypes"], r"has no bin/python3\.9"),
        ("{own}", ["ssl", "zlib", "ctypes"], None),
    ],
)
def test_which_pythons_can_be_an_image_s(
    prefix: str, modules: list[str], why: str | None, tmp_path: Path
) -> None:
    (tmp_path / "conda" / "conda-meta").mkdir(parents=True)
    (tmp_path / "own" / "bin").mkdir(parents=True)
    (tmp_path / "own" / "bin" / "python3.9").touch()
    folder = prefix.format(**{name: tmp_path / name for name in ("conda", "own", "empty")})
    said = why_not(Path(folder), "3.9", modules)
    assert (said is None) == (why is None)
    assert re.search(why or "", said or "")
