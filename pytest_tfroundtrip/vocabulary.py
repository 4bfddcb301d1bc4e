"""The words for what is promised, done and seen; one word per thing everywhere."""

from __future__ import annotations

from enum import Enum


class Word(str, Enum):
    """An enum whose members are their own text, in ids, JSON and messages alike."""

    def __str__(self) -> str:
        return str(self.value)


class Verdict(Word):
    """What was seen of a cell."""

    SAME = "same"  # values and contract are equal
    DRIFT = "drift"  # values are equal, the contract changed: names, dtypes, ranks, tags, method
    DIFFERS = "differs"  # numbers, shapes or structure changed
    REFUSED = "refused"  # a clean error from TensorFlow, or what came back is not what was asked
    CRASHED = "crashed"  # a signal, an abort, out of memory
    TIMEOUT = "timeout"
    UNSAVED = "unsaved"  # its artifact could not be made
    ABSENT = "absent"  # the API is not in that release
    ENV_ERROR = "env_error"  # the runtime could not be had: never a verdict on a model


class Foreseen(Word):
    """How sure it is, from a file alone, that a load of it fails."""

    WILL_FAIL = "will_fail"
    MAY_FAIL = "may_fail"  # it strikes when what it is about is run, or in some uses only


class Promise(Word):
    """What TensorFlow's documents say of a cell."""

    PROMISED = "promised"
    UNSUPPORTED = "unsupported"  # documented not to work
    UNPROMISED = "unpromised"  # no word on it


class Direction(Word):
    """Which of the two releases is the older one. Behaviors don't count."""

    BACKWARD = "backward"  # older file, newer TensorFlow
    FORWARD = "forward"  # newer file, older TensorFlow
    SAME_RELEASE = "same_release"
    UNKNOWN = "unknown"  # the file does not say who wrote it


class Operation(Word):
    """What is tried; the first three are the documents' words."""

    CREATION = "creation"
    INFERENCE = "inference"
    FINE_TUNING = "fine_tuning"
    RESAVE = "resave"


class Stage(Word):
    """Where in a cell's life something went wrong."""

    ENV = "env"
    SAVE = "save"
    LOAD = "load"
    CALL = "call"
    TRAIN = "train"
    COMPARE = "compare"


class Part(Word):
    """What of a saved model changed for a reader, from one save to another."""

    TAGS = "tags"
    SIGNATURE_KEY = "signature_key"
    METHOD_NAME = "method_name"
    INPUT = "input"
    OUTPUT = "output"
    DTYPE = "dtype"
    RANK = "rank"
    VALUE = "value"


class Expect(Word):
    """What a cell is held against."""

    ROUND_TRIP = "round_trip"  # people's own models: what is not `same` fails
    DOCUMENTS = "documents"  # TensorFlow is on trial: promises, and the causes known to break them


#: The parts of a SavedModel's contract, in the words of ``shows`` in ``apis.json``.
PARTS = ("tags", "signature_keys", "method_name", "inputs", "outputs")


class Behavior(Word):
    """Which TensorFlow API generation is in force inside a runtime's process."""

    # Graphs and sessions: TF 1.x, or disable_v2_behavior() ("TF1 compat mode in TF2").
    V1 = "v1"
    # Eager: TF 2, or enable_v2_behavior().
    V2 = "v2"
