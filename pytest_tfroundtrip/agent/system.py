"""What the fork server needs of Linux (``prctl``, ``/proc``); elsewhere these do nothing."""

import ctypes
import os
import signal
import sys

_SET_PDEATHSIG = 1  # <linux/prctl.h>
_SET_CHILD_SUBREAPER = 36


def _prctl():
    if not sys.platform.startswith("linux"):
        return lambda *_: -1
    try:
        return ctypes.CDLL(None, use_errno=True).prctl
    except (AttributeError, OSError):
        return lambda *_: -1


# Looked up at import, in the parent: a child should not begin with dlopen.
_PRCTL = _prctl()


def become_subreaper():
    """Have orphaned descendants re-parented to this process, so that it can end them."""
    return _PRCTL(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def die_with(parent):
    """Have this process killed when its parent ends; ``parent`` is the pid it must still have."""
    _PRCTL(_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    return os.getppid() == parent


def children():
    """The pids whose parent is this process, running or zombies; [] where that cannot be told."""
    own = os.getpid()
    try:
        with open("/proc/self/task/%d/children" % own) as file:
            return [int(pid) for pid in file.read().split()]
    except (OSError, ValueError):  # a kernel without CONFIG_PROC_CHILDREN
        return _scan(own)


def _scan(own):
    found = []
    try:
        entries = os.listdir("/proc")
    except OSError:
        return found
    for entry in entries:
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry, "rb") as file:
                # The name, in parentheses, may hold spaces and parentheses itself.
                fields = file.read().rpartition(b")")[2].split()
            if int(fields[1]) == own:
                found.append(int(entry))
        except (OSError, IndexError, ValueError):
            continue
    return found
