"""What ``saved_model_cli run`` is told on its command line, and how it says what went wrong."""

import numpy as np

_TRACE = "Traceback (most recent call last):\n"
_SHOWN = 1000  # characters of an output that ends without an exception


def literal(tensor):
    """The Python literal of a wire.Tensor for ``--input_exprs``; None where the tool takes none.

    It splits its argument at each semicolon, has no name for ``nan`` and ``inf``, and of an empty
    list nobody can tell more than one dimension.
    """
    value = tensor.value
    if value.size == 0 and value.ndim != 1:
        return None
    if value.dtype.kind in "fc" and not np.isfinite(value).all():
        return None
    text = repr(value.tolist())
    return None if ";" in text else text


def last_error(told):
    """The exception, with its message, that a program's stderr ends with; else its last words."""
    _, found, trace = told.rpartition(_TRACE)
    lines = trace.splitlines()
    for index, line in enumerate(lines if found else ()):
        if line and not line.startswith(" "):
            return "\n".join(lines[index:]).strip()
    return told.strip()[-_SHOWN:] or "it printed nothing"
