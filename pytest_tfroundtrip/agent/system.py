"""What the fork server needs of Linux (``prctl``, ``/proc``); elsewhere these do nothing."""

import ctypes
import os
import signal
import sys

_SET_PDEATHSIG = 1  # <linux/prctl.h>
_SET_CHILD_SUBREAPER = 36
_COLLAPSE = 25  # MADV_COLLAPSE, <asm-generic/mman-common.h>
_HUGE = 2 << 20


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


def use_huge_pages():
    """Collapse this process's own memory into huge pages: a fork then copies far fewer entries.

    A child that writes copies 4 KiB still: the kernel splits the page first. Linux 6.1 and later,
    whatever /sys/kernel/mm/transparent_hugepage says; returns how many pages it made.
    """
    if not sys.platform.startswith("linux"):
        return 0
    try:
        madvise = ctypes.CDLL(None, use_errno=True).madvise
        with open("/proc/self/maps") as file:
            areas = [line.split(None, 5) for line in file]
    except (AttributeError, OSError):
        return 0
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    made = 0
    for area in areas:
        path = area[5:]  # nothing, or one name
        anonymous = not path or path[0].startswith("[heap]")
        if not (anonymous and area[1].startswith("rw") and area[1].endswith("p")):
            continue
        start, end = (int(number, 16) for number in area[0].split("-"))
        start += -start % _HUGE
        while start + _HUGE <= end:
            made += madvise(start, _HUGE, _COLLAPSE) == 0
            start += _HUGE
    return made
