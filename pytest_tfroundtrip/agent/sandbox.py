"""What an agent does in a container to hold a model that nobody trusts.

The container keeps the model from the rest of the world. Inside of it the agent and the model have
one uid and no capability, so what keeps them apart is this: the agent is PID 1 (the kernel drops
the signals that it has no handler for) and not dumpable (its memory and descriptors in /proc, and
ptrace, are closed to its own uid); and whatever a step leaves ends or goes before the next begins.
What a model can still do is slow its own agent down or end it (``setpriority``, ``prlimit``: one
uid): that costs this container alone, and is seen.
"""

import os
import signal
import sys
import time

from . import disk, system
from .cgroup import Memory

#: Seconds between two looks at what a step wrote.
LOOK = 0.25

#: Seconds after which processes that were killed should be gone.
PATIENCE = 10.0

#: Bytes that are kept of a log that filled the disk.
LOG = 1 << 20

_MORE = 'Give it more, %s = "..." in [tool.tf_roundtrip.sandbox], or it is the model.'


class Sandbox(object):
    """The agent's part of the sandbox; without a configuration every method does nothing.

    Args:
        config: ``{"exclusive": bool, "disk": BYTES or None, "scratch": DIR or None,
            "outbox": DIR}`` or None. ``exclusive``: one step at a time, and nothing of it is there
            for the next.
        memory: a :class:`cgroup.Memory`.
        places: folders to clean after an exclusive step; None for all that are in this
            container's memory (/tmp, /dev/shm, /dev/mqueue), which nobody else can see.

    Raises:
        ValueError: the configuration is none.
    """

    def __init__(self, config, memory=None, places=None):
        _check(config)
        config = config or {}
        self.active = bool(config)
        self.exclusive = bool(config.get("exclusive"))
        self.disk = config.get("disk")
        self.outbox = config.get("outbox")
        self.memory = (memory or Memory()) if self.active else None
        #: PID 1 of a namespace: nobody outside of it can be hit by what is done to all processes.
        self.is_init = self.active and os.getpid() == 1
        self._scratch = config.get("scratch")
        self._places = places
        self._kept = {}
        self._ipc = False
        self._limits = {}

    # In the parent.

    def hold_signals(self):
        """As PID 1, before any thread is there: keep SIGTERM back until it can be looked at.

        A handler cannot tell who sent it; ``system.Requests`` can. A thread that did not hold it
        back would swallow it: for PID 1 the default is to ignore.
        """
        if self.is_init:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])

    def close(self):
        """Shut the agent's memory and descriptors to its own uid; take note of what is there.

        To be called when all is imported and before anything of a model runs.

        Raises:
            OSError: the kernel refused.
        """
        if not self.active:
            return
        if not system.set_dumpable(False):
            raise OSError("the kernel did not let the agent hide its memory (PR_SET_DUMPABLE)")
        if self.exclusive:
            if self._places is None:
                found = system.own_filesystems() if self.is_init else ()
                self._places = [place for place in found if not self._is_outbox(place)]
            self._kept = {place: disk.entries(place) for place in self._places}
            self._limits = system.own_limits()
            # Identifiers from before us mean that the namespace is not this container's own.
            self._ipc = self.is_init and not system.shared_objects()

    def _is_outbox(self, place):
        """Whether results are there: the outbox may be in somebody's memory, too."""
        outbox = os.path.join(os.path.realpath(self.outbox), "") if self.outbox else ""
        return outbox.startswith(os.path.join(os.path.realpath(place), ""))

    def facts(self):
        """What holds, for the plugin to see."""
        return {
            "init": self.is_init,
            "exclusive": self.exclusive,
            "dumpable": system.is_dumpable(),
            "oom_kills": self.memory.kills(),
            "memory": self.memory.limit(),
            "disk": self.disk,
            "cleaned": list(self._places or ()),
        }

    def scratch(self, folder, pid):
        """Where the step of this process works."""
        if self._scratch:
            return os.path.join(self._scratch, "step-%d" % pid)
        return os.path.join(folder, "scratch")

    def forget(self, pid):
        """Remove the scratch folder of a process that ended; its step may have crashed."""
        if self._scratch:
            place = self.scratch(None, pid)
            disk.empty(place, patience=2.0)
            try:
                os.rmdir(place)
            except OSError:
                pass

    def watch(self, message):
        """A :class:`Watch` over a step that is about to begin, None where nothing limits it."""
        if self.disk is None:
            return None
        paths = [message["folder"], message["log"]]
        if self.exclusive:  # whatever appears in the outbox is its
            paths += [each for each in (self.outbox, self._scratch) if each]
        return Watch(paths, self.outbox or message["folder"], self.disk)

    def kills(self):
        """How many processes the kernel has killed for memory so far; None where it is unknown."""
        return self.memory.kills() if self.active else None

    def sweep(self):
        """Kill and reap whatever an exclusive step left running; False where it would not die.

        Needs no process, thread or descriptor, of which the step may have taken the last. No child
        at all means no descendant either: an orphan becomes a child of ours.
        """
        if not self.exclusive:
            return True
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                if self.is_init:
                    os.kill(-1, signal.SIGKILL)
                else:
                    system.kill_children()
            except OSError:
                pass  # there is nobody
            try:
                while time.monotonic() < until and os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return True
            time.sleep(0.001)
        return False

    def touched(self):
        """Which of the agent's own limits an exclusive step changed: [name], [] as it should be.

        One uid may do so, and who lowered them has made the next step fail, or the agent end.
        """
        if not self.exclusive:
            return []
        now = system.own_limits()
        return sorted(name for name in now if now[name] != self._limits.get(name))

    def clean(self):
        """Remove what an exclusive step left lying about; False where something would not go."""
        if not self.exclusive:
            return True
        left = []
        for place in self._places or ():
            left += disk.empty(place, self._kept.get(place))
        if self._scratch and self._scratch not in (self._places or ()):
            left += disk.empty(self._scratch)
        return not left and (not self._ipc or system.remove_shared_objects())

    def make_room(self, message):
        """Shorten what a step that filled the disk leaves, once it is dead: more are to come."""
        if not self.exclusive:
            return
        disk.empty(message["folder"])
        disk.shorten(message["log"], LOG)

    # In a child.

    def confine(self):
        """Take a child's rights: die first when memory runs out, write no file beyond the limit."""
        if not self.active:
            return
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        # What belongs to a process that is not dumpable is root's in /proc. While it is dumpable
        # nobody is there to use it: not in an exclusive sandbox, and else they are the user's own.
        system.set_dumpable(True)
        try:
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")
        except OSError as error:
            sys.stderr.write("tf_roundtrip agent: no oom_score_adj for a child: %s\n" % error)
        finally:
            if not system.set_dumpable(False):
                os._exit(1)
        if self.disk is not None:
            import resource

            _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
            limit = self.disk if most == resource.RLIM_INFINITY else min(self.disk, most)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    # What to say.

    def out_of_memory(self):
        """The result of a step whose process the kernel killed for memory."""
        limit = self.memory.limit()
        whose = "the machine has no more memory"
        if limit is not None:
            whose = "its container's memory of %s is used up" % disk.readable(limit)
        return {
            "status": "crashed",
            "exception": "OutOfMemory",
            "message": "the kernel killed the step's process: %s. %s" % (whose, _MORE % "memory"),
        }

    def tampered(self, touched):
        """The result of a step that changed its agent; ``touched`` as from :meth:`touched`."""
        return {
            "status": "crashed",
            "exception": "Tampered",
            "message": "the step changed limits of the agent that runs it (%s). No SavedModel has "
            "a reason to: do not trust this one. Its container is given up." % ", ".join(touched),
        }

    def disk_full(self, excess):
        """The result of a step that took too much of the disk; ``excess`` says how."""
        return {
            "status": "crashed",
            "exception": "DiskFull",
            "message": "the step was ended: it %s, and its disk is %s. %s"
            % (excess, disk.readable(self.disk), _MORE % "disk"),
        }


class Watch(object):
    """What one step adds to the disk.

    Args:
        paths: where it may write.
        place: a folder on the file system that must not run full.
        limit: bytes.
    """

    def __init__(self, paths, place, limit):
        self._paths = []
        for path in sorted(os.path.realpath(path) for path in paths):  # what contains comes first
            self.add(path)
        self._limit = limit
        self._place = place
        self.next = time.monotonic() + LOOK
        self._before = 0
        self._excess = None
        try:
            self._before = disk.usage(self._paths)
        except disk.TooMuch as much:
            self._excess = "made %s" % much
        self._free = self._left()

    def add(self, path):
        """Watch another folder, which is new, unless it lies in one that is watched already."""
        path = os.path.realpath(path)
        if not any((path + os.sep).startswith(each + os.sep) for each in self._paths):
            self._paths.append(path)

    def excess(self):
        """What it did, as words that follow "it", where that is more than the limit; else None."""
        started = time.monotonic()
        excess = self._excess or self._look()
        # A large tree takes its time: the parent has other things to do.
        self.next = time.monotonic() + max(LOOK, 4 * (time.monotonic() - started))
        return excess

    def _look(self):
        try:
            used = disk.usage(self._paths) - self._before
        except disk.TooMuch as much:
            return "made %s" % much
        if used > self._limit:
            return "wrote %s" % disk.readable(used)
        # A file that was removed while it is open takes space and is nowhere to be seen. The space
        # may be another program's doing, so it counts only where little more is left.
        left = self._left()
        if None not in (self._free, left) and left < self._limit < self._free - left:
            return "ran while the outbox's disk went from %s free to %s" % (
                disk.readable(self._free),
                disk.readable(left),
            )
        return None

    def _left(self):
        try:
            status = os.statvfs(self._place)
        except OSError:
            return None
        return status.f_bavail * status.f_frsize


def _check(config):
    if config is None:
        return
    if not isinstance(config, dict):
        raise ValueError("'sandbox' is %r" % (config,))
    size = config.get("disk")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size <= 0):
        raise ValueError("the sandbox's 'disk' is %r: a number of bytes, or null" % (size,))
    for key in ("scratch", "outbox"):
        if not isinstance(config.get(key), (str, type(None))):
            raise ValueError("the sandbox's %r is %r: a folder" % (key, config[key]))
