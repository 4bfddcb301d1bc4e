"""Pictures and sounds that are made up are in form."""

from __future__ import annotations

import io
import struct
import wave
import zlib

import numpy as np

from pytest_tfroundtrip.agent import media


def test_a_picture_is_a_png_of_that_size() -> None:
    content = media.picture(np.random.RandomState(0), 5, 7)
    length, name, width, height = struct.unpack(">I4sII", content[8:24])
    assert (length, name, width, height) == (13, b"IHDR", 5, 7)
    (size,) = struct.unpack(">I", content[33:37])
    assert len(zlib.decompress(content[41 : 41 + size])) == 7 * (1 + 3 * 5)


def test_a_sound_is_a_second_of_a_wav_file() -> None:
    with wave.open(io.BytesIO(media.sound(np.random.RandomState(0)))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 16000)
        assert sound.getnframes() == media.RATE
        assert len(sound.readframes(media.RATE)) == 2 * media.RATE


def test_a_bitmap_says_how_long_it_is() -> None:
    content = media.bitmap(np.random.RandomState(0), 4, 2)
    assert struct.unpack_from("<I", content, 2) == (len(content),) == (54 + 24,)
