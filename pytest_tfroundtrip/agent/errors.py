"""The agent's own errors; every other exception in a result is TensorFlow's or the model's."""


class Refusal(Exception):  # noqa: N818  it is the name in results
    """A loader got something back, but not what was asked for."""


class ModelError(Exception):
    """The user's model or its examples cannot be used as they are; the message says what to do."""


class Absent(Exception):  # noqa: N818  a verdict, not a failure
    """There is no such cell: what is asked cannot be asked of this model; the message says why."""


class Unusable(Exception):  # noqa: N818  it is the name in results
    """A third party's saver or loader cannot be had in this runtime; nothing was tried."""
