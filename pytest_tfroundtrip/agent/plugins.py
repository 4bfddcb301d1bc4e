"""Savers and loaders by name: this project's own, and those of third parties."""

import importlib
import importlib.util
import json
import os
import sys

from .errors import Unusable

KINDS = ("savers", "loaders")
_FUNCTIONS = {"savers": "save", "loaders": "load"}

#: Third parties': {name: :class:`_Extended`, or a sentence on why it cannot be used}.
_EXTENDED = {"savers": {}, "loaders": {}}


class _Extended(object):
    """A third party's saver, as the steps see one: what its data file says of it is in one place.

    See ``savers/__init__.py``; a loader needs no more than its ``load``.
    """

    def __init__(self, found, entry):
        self.NEEDS_KERAS_MODEL = entry.get("keras_model", False)
        self.BATCHED = entry.get("batched", False)
        self.save = found.save
        if hasattr(found, "view"):
            self.view = found.view


def extend(extensions, threads):
    """Import third parties' agent modules, and take the savers and loaders that they declare.

    A module has ``SAVERS`` and ``LOADERS``, dicts of name to an object with ``save`` or ``load``
    like the modules in ``savers`` and ``loaders``. What does not import, or lacks what is declared,
    is an error of the steps that ask for it, and of no other.

    Args:
        extensions: {"apis": data file, "agent": module, "known_as": both in messages} of each.
        threads: how many threads this process has; None where nobody can tell.

    Returns:
        The content of each data file, and a sentence on each module whose import started threads:
        children forked from now on would hang.
    """
    declared, unsafe = [], []
    for number, extension in enumerate(extensions):
        with open(extension["apis"], encoding="utf-8") as file:
            content = json.load(file)
        before = threads()
        module, why = _imported(extension, "tf_roundtrip_extension_%d" % number)
        after = threads()
        if before is not None and after is not None and after > before:
            unsafe.append(
                "importing the agent module %s started %d threads: it ran an op, or opened a "
                "session. Steps are forks of this process, and would hang. Do it in save() or "
                "load() instead" % (extension["known_as"]["agent"], after - before)
            )
        for kind in KINDS:
            for name, entry in content.get(kind, {}).items():
                _EXTENDED[kind][name] = why or _taken(module, kind, name, entry, extension)
        declared.append(content)
    return declared, unsafe


def _imported(extension, name):
    """The module, and None; or None, and why it cannot be imported."""
    path, folder = extension["agent"], None
    if os.path.isdir(path):
        path, folder = os.path.join(path, "__init__.py"), [path]
    try:
        spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folder)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # before it runs: it may be a package, whose modules name it
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        return None, (
            "the agent module %s does not import under Python %s: %s: %s. The Python of every "
            "runtime reads it, and finds what is installed beside that TensorFlow, not beside "
            "pytest."
        ) % (
            extension["known_as"]["agent"],
            sys.version.split()[0],
            type(error).__name__,
            error,
        )
    return module, None


def _taken(module, kind, name, entry, extension):
    """What steps get for a name that a data file declares; a sentence where there is none."""
    found = getattr(module, kind.upper(), {})
    one, function = kind[:-1], _FUNCTIONS[kind]
    if not isinstance(found, dict) or name not in found:
        there = ", ".join(sorted(map(str, found))) if isinstance(found, dict) else None
        return "the agent module %s has no %s[%r], which its data file declares. It has: %s" % (
            extension["known_as"]["agent"],
            kind.upper(),
            name,
            there or "none",
        )
    if not callable(getattr(found[name], function, None)):
        return "the agent module %s: its %s %r has no function %s" % (
            extension["known_as"]["agent"],
            one,
            name,
            function,
        )
    return _Extended(found[name], entry) if kind == "savers" else found[name]


def refuse(kind, name, why):
    """Have a third party's saver or loader be an error wherever it is asked for."""
    if not isinstance(_EXTENDED[kind][name], str):  # what it is refused for already came first
        _EXTENDED[kind][name] = why


def preload(declared):
    """Import what ``apis.json`` declares, so that no child has to."""
    for kind in KINDS:
        for name in declared[kind]:
            _own(kind, name)


def saver(name):
    """The saver of that name; ValueError where there is none, Unusable where it cannot be had."""
    return _find("savers", name)


def loader(name):
    """The loader of that name; ValueError where there is none, Unusable where it cannot be had."""
    return _find("loaders", name)


def _find(kind, name):
    found = _EXTENDED[kind].get(name)
    if found is None:
        return _own(kind, name)
    if isinstance(found, str):
        raise Unusable(found)
    return found


def _own(kind, name):
    package = __name__.rpartition(".")[0]
    full = "%s.%s.%s" % (package, kind, name)
    if not str(name).isidentifier() or importlib.util.find_spec(full) is None:
        raise ValueError("the agent has no %s %r" % (kind[:-1], name))
    return importlib.import_module(full)
