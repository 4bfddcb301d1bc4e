"""Whatever the bytes are, the reader says something and comes back."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.prediction.page import foretold
from pytest_tfroundtrip.savedmodel.page import page
from pytest_tfroundtrip.savedmodel.reading import (
    NoSavedModel,
    found_at,
    read_saved_model,
    read_stamps,
)
from tests.saved_models import NAMES, copied

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("saved_model.pb", "saved_model.pbtxt", "variables/variables.index", "fingerprint.pb")
ROUNDS = 120
SECONDS = 5.0  # of CPU, for one broken file: thousands of times what a whole one takes


def tried(folder: Path) -> bool:
    """Whether the folder could be read; anything but our own error is a failure."""
    began = time.process_time()
    try:
        place = found_at(folder)
        read_stamps(place)
        model = read_saved_model(place)
        told = [foretold(model, graph) for graph in model.meta_graphs]
        list(page("m", model, told, width=80, everything=True))
    except NoSavedModel:
        return False
    finally:
        assert time.process_time() - began < SECONDS
    return True


def changes(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    at, to = sorted(chance.randrange(len(content)) for _ in range(2))
    way = chance.randrange(6)
    if way == 0:
        return bytes(changed[:at])
    if way == 1:
        for _ in range(chance.randrange(1, 20)):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    elif way == 2:
        for _ in range(chance.randrange(1, 5)):
            changed[chance.randrange(len(changed))] = chance.choice([0, 0xFF, 0x80, 0x7F])
    elif way == 3:
        changed[at:at] = b"\xff" * chance.randrange(1, 12)
    elif way == 4:
        del changed[at:to]
    else:
        changed[at:at] = changed[:to]
    return bytes(changed)


@pytest.mark.parametrize("name", NAMES)
def test_broken_files(name: str, tmp_path: Path) -> None:
    folder = copied(name, tmp_path / "m")
    chance = random.Random(f"{name} 1")  # noqa: S311
    files = [folder / each for each in FILES if (folder / each).exists()]
    seen = []
    for number in range(ROUNDS):
        path = files[number % len(files)]
        content = path.read_bytes()
        path.write_bytes(changes(content, chance))
        seen.append(tried(folder))
        path.write_bytes(content)
    assert tried(folder)
    assert False in seen


@pytest.mark.parametrize("name", NAMES)
def test_graphs_that_are_cut(name: str, tmp_path: Path) -> None:
    folder = copied(name, tmp_path / "m")
    (path,) = (folder / each for each in FILES[:2] if (folder / each).exists())
    content = path.read_bytes()
    for number in range(1, 40):
        path.write_bytes(content[: len(content) * number // 40])
        assert not tried(folder)


HOSTILE = {
    "a length beyond all": b"\x08\x01\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    "a varint without an end": b"\x08" + b"\xff" * 40,
    "two gigabytes that are not there": b"\x12\xff\xff\xff\xff\x07" + bytes(100),
    "a group": b"\x0b" * 50,
    "field 0": bytes(200),
    "empty messages": b"\x12\x00" * 20_000,
    "messages in messages": None,
}


@pytest.mark.parametrize("way", HOSTILE)
def test_hostile_lengths(way: str, tmp_path: Path) -> None:
    content = HOSTILE[way]
    if content is None:  # AttrValue.func.attr of itself, as deep as it goes
        content = b""
        for _ in range(3000):
            inner = b"\x0a\x01a" + _field(2, _field(10, content))
            content = _field(2, inner)
            if len(content) > 100_000:
                break
        node = b"\x12\x01x" + _field(5, b"\x0a\x01a" + _field(2, _field(10, content)))
        content = _field(2, _field(2, _field(1, node)))
    (tmp_path / "saved_model.pb").write_bytes(content)
    tried(tmp_path)


def _field(number: int, content: bytes) -> bytes:
    size, length = len(content), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content
