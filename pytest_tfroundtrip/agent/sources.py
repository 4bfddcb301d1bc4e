"""Which files a model's import, construction and saving read: an artifact depends on them."""

import builtins
import contextlib
import glob
import io
import os
import sys
import sysconfig


def _loaded():
    return list(sys.modules.values())


# sysconfig reads and caches a data module at the first call: in the parent, at import.
_INSTALLED = [sysconfig.get_paths().get(key) for key in ("stdlib", "purelib", "platlib")]
# This agent may lie below the root; its sources are hashed as a whole.
_INSTALLED.append(os.path.dirname(os.path.abspath(__file__)))


class Sources(object):
    """Files seen so far; see :func:`watching`."""

    def __init__(self, root, ignored):
        self._ignored = os.path.join(os.path.realpath(ignored), "")
        self._root = os.path.join(os.path.realpath(root), "")
        # A virtual environment may well live below the root: it is the lock's matter.
        self._installed = tuple(
            os.path.join(os.path.realpath(path), "") for path in _INSTALLED if path
        )
        self._opened = set()

    def opened(self, path):
        """Take note that a file was opened for reading."""
        if isinstance(path, (str, bytes)) or hasattr(path, "__fspath__"):
            self._opened.add(os.path.abspath(os.fsdecode(path)))

    def files(self):
        """The files below the root, sorted: those opened, and every Python module's."""
        # By __dict__: asking one of 1.15's lazy modules for an attribute imports all of contrib.
        modules = [getattr(module, "__dict__", {}).get("__file__") for module in _loaded()]
        paths = {os.path.realpath(path) for path in modules if isinstance(path, str)}
        paths.update(os.path.realpath(path) for path in self._opened)
        return sorted(
            path
            for path in paths
            if path.startswith(self._root)
            and not path.startswith(self._installed + (self._ignored,))
            and os.path.isfile(path)
        )


@contextlib.contextmanager
def watching(root, ignored):
    """Watch what is opened for reading; yields :class:`Sources`.

    Args:
        root: only files below it count.
        ignored: a folder whose files don't: the step's own.
    """
    sources = Sources(root, ignored)
    watch = _audited if hasattr(sys, "addaudithook") else _patched
    with watch(sources.opened), _tensorflow_watched(sources.opened):
        yield sources


@contextlib.contextmanager
def _tensorflow_watched(opened):
    """TensorFlow opens files in C++: what its Python passes there is looked at.

    ``tf.io.gfile.GFile`` and checkpoints. What ops read (``tf.io.read_file``) stays unseen.
    """
    file_io = sys.modules.get("tensorflow.python.lib.io.file_io")
    reader = sys.modules.get("tensorflow.python.training.py_checkpoint_reader")
    undo = []
    if file_io is not None:
        undo.append((file_io.FileIO, "__init__", file_io.FileIO.__init__))

        def watched_init(self, name, mode="r", *args, **kwargs):
            original_init(self, name, mode, *args, **kwargs)
            if _reads(mode, 0):
                opened(name)

        original_init = file_io.FileIO.__init__
        file_io.FileIO.__init__ = watched_init
    if reader is not None:
        undo.append((reader, "NewCheckpointReader", reader.NewCheckpointReader))

        def new_checkpoint_reader(prefix):
            for path in glob.glob(glob.escape(os.fsdecode(prefix)) + "*"):
                opened(path)
            return original_reader(prefix)

        original_reader = reader.NewCheckpointReader
        reader.NewCheckpointReader = new_checkpoint_reader
    try:
        yield
    finally:
        for owner, name, original in undo:
            setattr(owner, name, original)


@contextlib.contextmanager
def _audited(opened):
    """Python 3.8 on tells of every open, whoever keeps which reference to ``open`` (pathlib does).

    A hook cannot be taken away again, only told to be silent.
    """
    watching_now = [True]

    def hook(event, arguments):
        if event == "open" and watching_now and _reads(*arguments[1:3]):
            opened(arguments[0])

    sys.addaudithook(hook)
    try:
        yield
    finally:
        watching_now.clear()


def _reads(mode, flags):
    """Whether a file is opened for reading, by ``open``'s mode or, without one, by its flags."""
    if isinstance(mode, str):
        return "r" in mode or "+" in mode
    return (flags or 0) & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR) != os.O_WRONLY


@contextlib.contextmanager
def _patched(opened):
    original = builtins.open

    def watched(file, mode="r", *args, **kwargs):
        result = original(file, mode, *args, **kwargs)
        if _reads(mode, 0):
            opened(file)
        return result

    builtins.open = io.open = watched
    try:
        yield
    finally:
        builtins.open = io.open = original
