"""What the kernel says of this container's memory: its limit, and how often it killed for it."""

import os

#: cgroup v1 writes "no limit" as the largest whole number of pages.
_UNLIMITED = 1 << 60


class Memory(object):
    """The memory controller of the cgroup that this process is in.

    Args:
        root: where the controllers are mounted.
        own: the file that says which groups this process is in.
    """

    def __init__(self, root="/sys/fs/cgroup", own="/proc/self/cgroup"):
        self._counter, self._limit = _files(root, own)

    def kills(self):
        """How many processes the kernel has killed for want of memory; None where it is unknown."""
        return _kills(self._counter) if self._counter else None

    def limit(self):
        """The limit in bytes, None where there is none."""
        try:
            with open(self._limit) as file:
                limit = int(file.read())
        except (OSError, TypeError, ValueError):  # "max" is v2's word for none
            return None
        return limit if limit < _UNLIMITED else None


def _files(root, own):
    """The counter's and the limit's file, (None, None) where there are none.

    A container has its own group at the mount's root, with a cgroup namespace or (v1 without one)
    by a bind mount, while /proc still tells the host's path; elsewhere the path is below the root.
    """
    paths = _groups(own)
    # v2 has one hierarchy; v1 one per controller, and oom_kill in oom_control since Linux 4.13.
    for folder, path, counter, limit in (
        (root, paths.get(""), "memory.events", "memory.max"),
        (
            os.path.join(root, "memory"),
            paths.get("memory"),
            "memory.oom_control",
            "memory.limit_in_bytes",
        ),
    ):
        for group in (path, ""):
            if group is None or ".." in group.split("/"):
                continue
            place = os.path.join(folder, group.lstrip("/"))
            if _kills(os.path.join(place, counter)) is not None:
                return os.path.join(place, counter), os.path.join(place, limit)
    return None, None


def _groups(own):
    """{controller: path}, with "" for v2's one hierarchy."""
    found = {}
    try:
        with open(own) as file:
            for line in file:
                _, controllers, path = line.rstrip("\n").split(":", 2)
                for controller in controllers.split(","):
                    found[controller] = path
    except (OSError, ValueError):
        pass
    return found


def _kills(counter):
    try:
        with open(counter) as file:
            for line in file:
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
    except (OSError, ValueError):
        pass
    return None
