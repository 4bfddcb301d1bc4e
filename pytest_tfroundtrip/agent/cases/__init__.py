"""Sentences of TensorFlow's documents, each tried by a function: see ``promises/cases.toml``.

A function runs in a child of its own, in a folder of its own. It does what the sentence says and
``assert``s what the sentence promises; what it returns is told as what was seen, a clause for
people. An exception is what contradicts the sentence, TensorFlow's own or the assertion's. One that
is given something takes it as an argument: the folder that its ``writes`` function filled, perhaps
under another TensorFlow.
"""

import importlib


def run(message, report):
    """Run one case's function; returns the payload of its result."""
    report.stage("call")
    function = find(message["module"], message["function"])
    given = message.get("given")
    arguments = () if given is None else (given,)
    return {"said": function(*arguments) or ""}


def find(module, name):
    """The function of that name; ValueError where there is none."""
    if not (str(module).isidentifier() and str(name).isidentifier()):
        raise ValueError("the agent has no case %r in %r" % (name, module))
    return getattr(importlib.import_module("%s.%s" % (__name__, module)), name)
