"""Savers and loaders by name: this project's own, and those of third parties."""

import importlib
import importlib.util

#: What extra modules brought: {"savers": {name: module or object}, "loaders": {...}}.
_EXTRA = {"savers": {}, "loaders": {}}


def load(paths):
    """Import third parties' agent modules, each a file.

    Such a module may have ``SAVERS`` and ``LOADERS``: dicts of name to an object with a ``save``
    or ``load`` function like the modules in ``savers`` and ``loaders`` have.
    """
    for index, path in enumerate(paths):
        spec = importlib.util.spec_from_file_location("tf_roundtrip_extra_%d" % index, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        _EXTRA["savers"].update(getattr(module, "SAVERS", {}))
        _EXTRA["loaders"].update(getattr(module, "LOADERS", {}))


def preload(declared):
    """Import what ``apis.json`` declares and the agent has, so that no child has to."""
    for kind in ("savers", "loaders"):
        for name in declared.get(kind, ()):
            try:
                _find(kind, name)
            except (
                ValueError
            ):  # a third party's data file without its module: refused when asked for
                continue


def saver(name):
    """The saver of that name; ValueError where there is none."""
    return _find("savers", name)


def loader(name):
    """The loader of that name; ValueError where there is none."""
    return _find("loaders", name)


def _find(kind, name):
    if name in _EXTRA[kind]:
        return _EXTRA[kind][name]
    package = __name__.rpartition(".")[0]
    full = "%s.%s.%s" % (package, kind, name)
    if not str(name).isidentifier() or importlib.util.find_spec(full) is None:
        raise ValueError("the agent has no %s %r" % (kind[:-1], name))
    return importlib.import_module(full)
