"""What a child does around its step: cut loose from the parent, log, report, leave by ``_exit``."""

import gc
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections import namedtuple

from . import system
from .frames import HEADER

#: What a child has from the fork server: the pipe that its frames go to, the agent's pid, the
#: agent's descriptors (to be closed) and its :class:`sandbox.Sandbox`.
Inherited = namedtuple("Inherited", ("pipe", "parent", "descriptors", "box"))

#: Characters of an exception's message and of its traceback that are kept.
MESSAGE_LIMIT = 64 << 10
TRACEBACK_LIMIT = 64 << 10


class Report(object):
    """How a step tells the parent where it is."""

    def __init__(self, pipe):
        self._pipe = pipe
        self.current = "env"
        self.details = {}  # goes into the result whatever becomes of the step

    def stage(self, name):
        """Enter a stage: "save", "load", "call", "train"."""
        if name != self.current:
            self.current = name
            self.send({"stage": name})

    def send(self, message):
        """Write one frame; ValueError or TypeError where the message is no JSON."""
        data = json.dumps(message, allow_nan=False, sort_keys=True).encode("ascii")
        write_all(self._pipe, HEADER.pack(len(data)) + data)


def write_all(descriptor, data):
    """``os.write`` until all of it is gone."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def run(work, message, inherited):
    """Run one step in the child just forked. Never returns.

    Args:
        work: see :func:`forkserver.serve`.
        message: the request.
        inherited: :class:`Inherited`.
    """
    status = 1
    try:
        report = Report(inherited.pipe)
        started = time.time()
        try:
            _cut_loose(inherited.parent, inherited.descriptors)
            scratch = _settle(message, inherited.box)
            inherited.box.confine()
            result = {"status": "ok", "payload": work(message, report)}
            shutil.rmtree(scratch, ignore_errors=True)
        except BaseException as error:  # SystemExit and KeyboardInterrupt of a model too
            result = describe(error)
        result["stage"] = report.current
        result.update(report.details)
        result.update(result.pop("payload", {}))
        result["step_seconds"] = round(time.time() - started, 4)
        result["rss_mb"] = _peak()
        _flush()
        try:
            report.send(result)
        except (TypeError, ValueError) as error:
            failed = describe(error)
            failed["stage"] = report.current
            report.send(failed)
        status = 0
    finally:
        os._exit(status)


def describe(error):
    """The result of a step that ended with an exception."""
    try:
        text = str(error)
    except BaseException as second:
        text = "(its message cannot be had: %s)" % type(second).__name__
    text = text or repr(error)  # a bare KeyboardInterrupt says nothing
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {
        "status": "raised",
        "exception": type(error).__name__,
        "message": _clean(text[:MESSAGE_LIMIT]),
        "traceback": _clean(trace[-TRACEBACK_LIMIT:]),
    }


def _clean(text):
    """Lone surrogates (undecodable file names) have no place in UTF-8 reports."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _cut_loose(parent, descriptors):
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not system.die_with(parent):
        os._exit(1)
    for descriptor in descriptors:
        try:
            os.close(descriptor)
        except OSError:
            pass
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is data, its core dump is not
    except (ImportError, OSError, ValueError):
        pass
    gc.enable()


def _settle(message, box):
    """Send fd 1 and 2 to the step's log and go to a scratch folder, whose path is returned."""
    log = os.open(message["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.close(log)
    scratch = box.scratch(message["folder"], os.getpid())
    os.makedirs(scratch, exist_ok=True)
    os.chdir(scratch)
    return scratch


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # full disk, or closed by the model
            continue


def _peak():
    """The child's peak resident memory in MB, pages shared with the parent included."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)
