"""What a child says to the parent, cut into messages: all of it is the word of a stranger."""

import json
import struct

#: A frame: its length, then that many bytes of JSON.
HEADER = struct.Struct("<Q")

#: Bytes a frame or a request may have: more is rubbish.
LIMIT = 64 << 20

#: Bytes a child may send before its result; a stage takes some twenty.
CHATTER = 1 << 20

#: The same where memory is short and the child a stranger; ten thousands of variables fit in it.
BOXED_LIMIT = 8 << 20

#: Values a result may hold, and how deep: a parsed value takes up to a hundred times the memory of
#: its text, and what this Python's JSON module just manages to nest may be too deep for the plugin.
VALUES = 500 * 1000
DEPTH = 64

#: Characters of a stage's name.
NAME = 100

#: Digits of a whole number: until 3.7.14 Python reads long ones in quadratic time (CVE-2020-10735).
DIGITS = 40


class Frames(object):
    """Cuts a child's byte stream into frames: an 8 byte little endian length, then JSON."""

    def __init__(self, limit=LIMIT):
        self._limit = limit
        self._buffer = bytearray()
        self._chatter = 0

    def feed(self, data):
        """Return the dicts that ``data`` completes, a result last; ValueError where it is no frame.

        What follows a result is dropped: the parent reads no further.
        """
        self._buffer += data
        messages = []
        while len(self._buffer) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._buffer)
            if length > self._limit:
                raise ValueError("a frame of %d bytes (at most %d)" % (length, self._limit))
            end = HEADER.size + length
            if len(self._buffer) < end:
                break
            message = parse(bytes(self._buffer[HEADER.size : end]))
            del self._buffer[:end]
            messages.append(message)
            if "status" in message:
                break
            self._chatter += end
            if self._chatter > CHATTER:
                raise ValueError("more than %d bytes, and no result among them" % CHATTER)
        return messages


def parse(data):
    """Return the dict of one frame; ValueError where it is none, or none that can be handed on."""
    values = data.count(b",") + data.count(b"[") + data.count(b"{")
    if values > VALUES:
        raise ValueError("a frame of some %d values (at most %d)" % (values, VALUES))
    try:
        message = json.loads(data.decode("utf-8"), parse_int=_whole, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("a frame nested deeper than %d" % DEPTH)
    if not isinstance(message, dict):
        raise ValueError("a frame that is no JSON object")
    if values > DEPTH and _depth(message) > DEPTH:  # fewer brackets cannot be nested deeper
        raise ValueError("a frame nested deeper than %d" % DEPTH)
    if "status" in message:
        _check_result(message)
    else:
        stage = message.get("stage", "")
        if not isinstance(stage, str) or len(stage) > NAME:
            raise ValueError("a stage that is no word")
    return message


def _check_result(message):
    # How a process died and how long it took is not for the process to say.
    if message["status"] not in ("ok", "raised"):
        raise ValueError("a result with the status %.100r" % (message["status"],))
    for key in ("stage", "exception", "message", "traceback"):
        if not isinstance(message.get(key), (str, type(None))):
            raise ValueError("a result whose %r is no text" % key)


def _whole(text):
    if len(text) > DIGITS:
        raise ValueError("a number of %d digits" % len(text))
    return int(text)


def _refuse(name):
    raise ValueError("%s, which is no JSON" % name)


def _depth(message):
    """How deep a value is nested; beyond ``DEPTH`` it looks no further."""
    level, depth = [message], 0
    while level and depth <= DEPTH:
        depth += 1
        inner = []
        for each in level:
            inner += each.values() if isinstance(each, dict) else each
        level = [each for each in inner if isinstance(each, (dict, list))]
    return depth
