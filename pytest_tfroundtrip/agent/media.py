"""Pictures and sounds made up from random bytes, in formats that TensorFlow's ops decode."""

import struct
import zlib

import numpy as np

RATE = 16000  # samples a second


def picture(random, width=64, height=64):
    """The bytes of a PNG with three channels."""
    pixels = random.randint(256, size=(height, 1 + 3 * width)).astype(np.uint8)
    pixels[:, 0] = 0  # no filter
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(pixels.tobytes())),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def bitmap(random, width=64, height=64):
    """The bytes of a BMP with 24 bits a pixel; ``DecodeBmp`` takes no other format."""
    pixels = random.randint(256, size=3 * width * height).astype(np.uint8).tobytes()
    form = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    start = 14 + len(form)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + form + pixels


def sound(random, samples=RATE):
    """The bytes of a WAV file with one channel of 16 bits."""
    body = random.randint(-1000, 1000, size=samples).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks
