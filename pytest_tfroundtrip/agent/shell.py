"""Python in a runtime with a model loaded as a cell loads it, for a person to look around."""

import sys
import traceback

from . import behavior, plugins, record, values

_HELD = []  # what is open until the person leaves

_BANNER = """\
{title}
  tf          TensorFlow {version}
  model       what the load API gave back: {returned}
  session     the session, None without one
  inputs      what the cell is fed with, a dict of arrays for each of {count} examples
  recorded    what came of these where they were recorded
  call(x)     calls it as the cell does: call(inputs[0])
Leave with Ctrl-D."""


def opened(told):
    """Load; return the names that the person is given.

    Args:
        told: "title", "artifact" (the record's folder), "payload" (None: it is in that folder),
            "loader", "variant", "behavior".
    """
    import tensorflow as tf  # takes seconds, and behavior is applied to what it gives

    behavior.apply(told["behavior"])
    artifact = record.read(told["artifact"], told["payload"])
    names = {"tf": tf, "model": None, "session": None, "call": None}
    names["inputs"] = [_arrays(each) for each in record.inputs_of(artifact)]
    names["recorded"] = _recorded(told["artifact"], len(names["inputs"]))
    returned = "nothing, it was refused"
    try:
        holding = plugins.loader(told["loader"]).load(artifact, told["variant"])
        _HELD.append(holding)
        loaded = holding.__enter__()
        returned = loaded.returned
        names["model"] = loaded.restored or loaded
        names["session"] = getattr(loaded, "_session", None)
        names["call"] = _call(loaded, artifact)
    except Exception:  # it is what the person has come to look at
        traceback.print_exc()
    said = _BANNER.format(
        title=told["title"],
        version=tf.__version__,
        returned=returned,
        count=len(names["inputs"]),
    )
    sys.stdout.write(said + "\n")
    return names


def _call(loaded, artifact):
    dtypes = {name: each.dtype for fed in record.inputs_of(artifact) for name, each in fed.items()}

    def call(fed):
        given = {name: values.as_dtype(each, dtypes[name]) for name, each in fed.items()}
        return _arrays(loaded.calls()[0][1](given))

    return call


def _arrays(tensors):
    return {name: each.value for name, each in tensors.items()}


def _recorded(folder, count):
    found = [{} for _ in range(count)]
    for name, each in record.all_tensors(folder).items():
        parts = name.split("/", 3)
        if parts[0] == "examples" and parts[2] == "outputs":
            found[int(parts[1])][parts[3]] = each.value
    return found
