"""What the fork server needs of Linux (``prctl``, ``/proc``); elsewhere these do nothing."""

import ctypes
import os
import re
import signal
import struct
import sys

_SET_PDEATHSIG = 1  # <linux/prctl.h>
_GET_DUMPABLE = 3
_SET_DUMPABLE = 4
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


def set_dumpable(allowed):
    """Open or shut this process's memory, descriptors and ptrace to others of its uid.

    Children inherit it; it is open again after an ``execve``.
    """
    return _PRCTL(_SET_DUMPABLE, int(allowed), 0, 0, 0) == 0


def is_dumpable():
    """Whether others of the same uid may look into this process."""
    return _PRCTL(_GET_DUMPABLE, 0, 0, 0, 0) != 0


def kill_children():
    """SIGKILL all children there are."""
    for pid in children():
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:  # gone already
            pass


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


class Requests(object):
    """SIGTERM as a descriptor, for PID 1: tells who asks. The signal must be blocked.

    Raises:
        OSError: there is no ``signalfd`` here.
    """

    _FLAGS = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)  # SFD_NONBLOCK | SFD_CLOEXEC
    _INFO = struct.Struct("=IiiI")  # struct signalfd_siginfo: signo, errno, code, pid, ...
    _INFO_SIZE = 128
    _KERNEL = 0x80  # SI_KERNEL

    def __init__(self):
        # As large as glibc's and musl's sigset_t.
        mask = (ctypes.c_ulong * (128 // ctypes.sizeof(ctypes.c_ulong)))()
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            libc.sigemptyset(mask)
            libc.sigaddset(mask, int(signal.SIGTERM))
            self.descriptor = libc.signalfd(-1, mask, self._FLAGS)
        except (AttributeError, OSError):
            self.descriptor = -1
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "no signalfd")

    def asked_to_end(self):
        """Read what is there; whether somebody outside of the container asked.

        Processes of the container are models. The kernel names pid 0 for a sender from outside of
        the namespace, and lets nobody forge the code of ``kill`` (``rt_sigqueueinfo`` refuses it).
        """
        asked = False
        while True:
            try:
                data = os.read(self.descriptor, self._INFO_SIZE)
            except OSError:
                return asked
            if len(data) < self._INFO.size:
                return asked
            _, _, code, sender = self._INFO.unpack_from(data)
            asked = asked or code == self._KERNEL or (code == 0 and sender == 0)  # SI_USER
            if asked:
                return True


def own_limits():
    """{name: value} of what others of the same uid may set for this process (``prlimit``)."""
    import resource

    # RLIMIT_OFILE is another name of RLIMIT_NOFILE.
    names = set(name for name in dir(resource) if name.startswith("RLIMIT_")) - {"RLIMIT_OFILE"}
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in names}
    try:
        with open("/proc/self/oom_score_adj") as file:  # root's children may write there
            limits["oom_score_adj"] = int(file.read())
    except (OSError, ValueError):
        pass
    return limits


def own_filesystems():
    """Folders where a whole file system of this container lives in memory, and may be written to.

    Bind mounts of a folder are left out: they are somebody else's.
    """
    found = []
    try:
        with open("/proc/self/mountinfo") as file:
            for line in file:
                # id, parent, device, root, place, options, optional fields, "-", type, ...
                mount, _, filesystem = line.partition(" - ")
                root, place = mount.split()[3:5]
                if root == "/" and filesystem.split()[0] in ("tmpfs", "mqueue"):
                    found.append(_OCTAL.sub(lambda match: chr(int(match.group(1), 8)), place))
    except (OSError, IndexError, ValueError):
        pass
    return [place for place in found if os.path.isdir(place) and os.access(place, os.W_OK)]


#: How /proc writes a blank in a path.
_OCTAL = re.compile(r"\\([0-7]{3})")

_KINDS = ("msg", "sem", "shm")
_IPC_RMID = 0


def shared_objects():
    """System V queues, semaphores, shared memory: [(kind, identifier)]. They outlive processes."""
    found = []
    for kind in _KINDS:
        try:
            with open("/proc/sysvipc/" + kind) as file:
                next(file)  # titles: key, identifier, ...
                found += [(kind, int(line.split()[1])) for line in file]
        except (OSError, IndexError, StopIteration, ValueError):
            continue
    return found


def remove_shared_objects():
    """Remove all of them; whether none is left."""
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, identifier in shared_objects():
        if kind == "sem":
            libc.semctl(identifier, 0, _IPC_RMID)
        else:
            getattr(libc, kind + "ctl")(identifier, _IPC_RMID, None)
    return not shared_objects()
