"""One import, many forks: runs each step in a child of its own and answers with what became of it.

The parent has no thread and runs no op (a child forked from a TensorFlow that has run one hangs):
it is one loop over the requests, the children's pipes and SIGCHLD. What comes from a child is
untrusted: it may die in the middle of a frame, write rubbish, hang, or leave processes behind.
"""

import errno
import gc
import os
import selectors
import signal
import sys
import time

from . import child, disk, system, wire
from .frames import BOXED_LIMIT, LIMIT, Frames
from .sandbox import Sandbox

#: Seconds a step may take when the request does not say: no child lives for ever.
DEFAULT_TIMEOUT = 300.0

#: Bytes of a step's log that are quoted when its child died without a word.
TAIL = 2000

#: How much of one thing is done before the rest gets its turn: a child must not keep the parent
#: from its clock, with frames without end or with processes that end without end.
READS = 32
REAPED = 1000

#: Exit status of an agent that could not make its sandbox clean again.
UNCLEAN = 3

#: Seconds in which the kernel should have taken back the process numbers of an exclusive step.
FORK_PATIENCE = 1.0


class _Step(object):
    """A step that is under way, as the parent sees it."""

    def __init__(self, message, pid, pipe, frames):
        self.message = message
        self.id = message["id"]
        self.log = message["log"]
        self.watch = None  # a sandbox.Watch where its disk is limited
        self.kills = None  # the kernel's count of kills for memory when it began, where known
        self.timeout = float(message.get("timeout") or DEFAULT_TIMEOUT)
        self.started = time.monotonic()
        self.deadline = self.started + self.timeout
        self.pid = pid
        self.pipe = pipe
        self.open = True
        self.stage = "env"
        self.frames = frames
        self.result = None


def serve(work, reading, writing, box=None):
    """Answer the requests on ``reading`` until it ends; returns the agent's exit status.

    Args:
        work: ``work(message, report)`` runs one step inside a child and returns its payload, a
            JSON-able dict; ``report.stage(name)`` tells how far it is.
        reading: descriptor that the requests come from.
        writing: descriptor that the answers go to.
        box: a :class:`sandbox.Sandbox` that is closed; None without one.
    """
    if not hasattr(os, "fork"):
        return _refuse_all(reading, writing)
    return _Server(work, reading, writing, box or Sandbox(None)).run()


class _Server(object):
    def __init__(self, work, reading, writing, box):
        self._work = work
        self._box = box
        self._reading = reading
        self._writing = writing
        self._requests = bytearray()
        self._steps = {}  # by pid, until reaped
        self._ended = False
        self._status = 0
        # poll, not epoll: an epoll descriptor is shared with forked children.
        poll = getattr(selectors, "PollSelector", selectors.SelectSelector)
        self._selector = poll()
        self._woken, self._wake = os.pipe()
        self._terminations = None

    def run(self):
        system.become_subreaper()
        os.set_blocking(self._reading, False)
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        if sys.version_info >= (3, 7):  # a model may send SIGCHLD faster than they are read
            signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        else:
            signal.set_wakeup_fd(self._wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._await_termination()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._selector.register(self._reading, selectors.EVENT_READ, self._read_requests)
        self._selector.register(self._woken, selectors.EVENT_READ, self._read_signals)
        # What is there now stays: keep the collector from copying its pages in every child.
        gc.collect()
        gc.disable()
        if hasattr(gc, "freeze"):
            gc.freeze()
        system.use_huge_pages()
        try:
            while not self._ended:
                for key, _ in self._select():
                    key.data()
                self._expire()
        finally:
            self._end()
        return self._status

    def _select(self):
        try:
            return self._selector.select(self._patience())
        except OSError as error:
            # EINVAL: a step took the agent's descriptors away (RLIMIT_NOFILE).
            if not self._box.exclusive:
                raise
            self._ended, self._status = True, UNCLEAN
            for step in list(self._steps.values()):
                message = "the agent could not wait for the step any more: %s" % error
                self._finish(step, {"status": "crashed", "message": message})
            return []

    def _await_termination(self):
        if self._box.is_init:
            self._box.hold_signals()
            self._terminations = system.Requests()
            self._selector.register(
                self._terminations.descriptor, selectors.EVENT_READ, self._read_terminations
            )
        else:
            signal.signal(signal.SIGTERM, self._stop)

    def _read_terminations(self):
        if self._terminations.asked_to_end():
            self._ended = True

    # The requests.

    def _read_requests(self):
        data = self._read(self._reading)
        if data is None:
            return
        if not data:
            self._ended = True
            return
        self._requests += data
        *lines, rest = bytes(self._requests).split(b"\n")
        self._requests = bytearray(rest)
        if len(self._requests) > LIMIT:
            self._log(
                "a request line of more than %d bytes: the plugin is not what it says" % LIMIT
            )
            self._ended = True
        for line in lines:
            if line.strip() and not self._ended:
                self._take(line)

    def _take(self, line):
        try:
            message = wire.decode_message(line)
        except ValueError as error:
            self._log("no message: %s" % error)
            return
        kind = message.get("type")
        if kind == "step":
            self._start(message)
        elif kind == "cancel":
            for step in list(self._steps.values()):
                if step.id == message.get("id") and step.result is None:
                    self._finish(step, {"status": "cancelled"})
        else:
            self._log("unknown message type %r" % (kind,))

    def _start(self, message):
        wrong = _malformed(message)
        if wrong:
            self._answer_env(message, "ValueError", "the request cannot be run: " + wrong)
            return
        if self._box.exclusive and self._steps:
            self._answer_env(
                message,
                "Busy",
                "this sandbox runs one step at a time, and step %r is not done: the plugin has to "
                "wait for its result." % [step.id for step in self._steps.values()][0],
            )
            return
        watch, kills = self._box.watch(message), self._box.kills()
        try:
            pipe, end = os.pipe()
        except OSError as error:
            self._answer_env(message, type(error).__name__, "no pipe for a child: %s" % error)
            return
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            pid = self._fork()
        except OSError as error:
            os.close(pipe)
            os.close(end)
            self._answer_env(
                message,
                type(error).__name__,
                "a child could not be forked: %s. Too many processes or too little memory; run "
                "fewer at once (--tf-jobs)." % error,
            )
            return
        if pid == 0:
            inherited = child.Inherited(end, parent, self._descriptors(pipe), self._box)
            child.run(self._work, message, inherited)
        os.close(end)
        os.set_blocking(pipe, False)
        if watch is not None and not self._box.exclusive:
            watch.add(self._box.scratch(message["folder"], pid))
        frames = Frames(BOXED_LIMIT if self._box.active else LIMIT)
        step = _Step(message, pid, pipe, frames)
        step.watch, step.kills = watch, kills
        self._steps[pid] = step
        self._selector.register(pipe, selectors.EVENT_READ, lambda: self._read_frames(step))

    def _fork(self):
        """``os.fork``; after an exclusive step, which may have had all processes, with patience."""
        until = time.monotonic() + (FORK_PATIENCE if self._box.exclusive else 0)
        while True:
            try:
                return os.fork()
            except OSError as error:
                late = time.monotonic() >= until
                if late or error.errno not in (errno.EAGAIN, errno.ENOMEM):
                    raise
            time.sleep(0.005)

    def _descriptors(self, pipe):
        """What a child has to close: everything of the parent's."""
        pipes = [step.pipe for step in self._steps.values() if step.open]
        if self._terminations is not None:
            pipes.append(self._terminations.descriptor)
        return [self._reading, self._writing, self._woken, self._wake, pipe] + pipes

    # The children.

    def _read_frames(self, step, reads=1):
        """Read so often, if there is so much; the selector tells when there is more."""
        for _ in range(reads):
            if not step.open:
                return
            data = self._read(step.pipe)
            if data is None:
                return
            if not data:
                # A closed pipe is no end yet: the exit status, which says why, comes with SIGCHLD.
                self._close(step)
                return
            try:
                messages = step.frames.feed(data)
            except ValueError as error:
                self._finish(
                    step,
                    {
                        "status": "crashed",
                        "message": "the step's process wrote what is no result: %s" % error,
                    },
                )
                return
            for message in messages:
                if "status" in message:
                    self._finish(step, message)
                    return
                step.stage = message.get("stage", step.stage)

    def _read_signals(self):
        self._read(self._woken)
        self._reap()

    def _reap(self):
        """Take leave of every process that ended, then end what it left behind."""
        reaped = 0
        while reaped < REAPED:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            reaped += 1
            step = self._steps.get(pid)
            if step is None:
                continue  # somebody's orphan
            self._read_frames(step, READS)  # it may have answered just before
            if step.result is None:
                self._finish(step, self._epitaph(step, status))
            self._forget(step)
        else:
            self._wake_up()
        if reaped:
            self._kill_orphans()

    def _wake_up(self):
        """Come back here after the others had their turn."""
        try:
            os.write(self._wake, b"\0")
        except BlockingIOError:  # there is a reason already
            pass

    def _forget(self, step):
        self._steps.pop(step.pid, None)
        self._box.forget(step.pid)

    def _epitaph(self, step, status):
        """What to say of a child that ended without a result; ``status`` is waitpid's."""
        killer = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        known = step.kills is not None
        result = _epitaph(status, step.log, guess=not known)
        if killer == signal.SIGKILL and self._kills_since(step):
            # Of steps that run side by side, one kill is one's alone.
            for other in self._steps.values():
                if other is not step and other.kills is not None:
                    other.kills += 1
            result.update(self._box.out_of_memory())
        elif killer == signal.SIGXFSZ and self._box.disk is not None:
            result.update(self._box.disk_full("wrote a file that is larger"))
        return result

    def _kills_since(self, step):
        """How many processes the kernel has killed for memory since a step began."""
        now = self._box.kills()
        return 0 if now is None or step.kills is None else max(0, now - step.kills)

    def _kill_orphans(self):
        """Kill what a finished child left: as the subreaper we are its parent now.

        What is still in the session of a living child is that child's own business.
        """
        for pid in system.children():
            if pid in self._steps:
                continue
            try:
                if os.getsid(pid) not in self._steps:
                    os.kill(pid, signal.SIGKILL)
            except OSError:  # gone already
                pass

    def _patience(self):
        """Seconds until there is something to do that nobody wakes the parent for."""
        waiting = []
        for step in self._steps.values():
            if step.result is None:
                waiting.append(step.deadline)
                if step.watch is not None:
                    waiting.append(step.watch.next)
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _expire(self):
        for step in list(self._steps.values()):
            now = time.monotonic()
            if step.result is None and now >= step.deadline:
                message = "killed after %g s, in stage %s. %s" % (
                    step.timeout,
                    step.stage,
                    "It hangs, or takes longer than the timeout (--tf-timeout) allows.",
                )
                self._finish(step, {"status": "timeout", "message": message})
            elif step.result is None and step.watch is not None and now >= step.watch.next:
                excess = step.watch.excess()
                if excess:
                    self._finish(step, self._box.disk_full(excess))

    def _finish(self, step, result):
        """Answer for a step (its process need not have ended) and end its whole session."""
        step.result = dict(result)
        seconds = round(time.monotonic() - step.started, 4)
        self._close(step)
        for kill in (os.killpg, os.kill):  # both: it may not have become a group leader yet
            try:
                kill(step.pid, signal.SIGKILL)
            except OSError:
                pass
        if self._box.active:
            self._settle(step)
        step.result.setdefault("stage", step.stage)
        step.result.update(type="result", id=step.id, seconds=seconds)
        self._send(step.result)

    def _settle(self, step):
        """What a sandbox has to do before a result goes out."""
        swept = self._box.sweep()
        if step.result["status"] == "ok" and step.watch is not None:
            excess = step.watch.excess()  # between two looks it may have written what it liked
            if excess:
                step.result = self._box.disk_full(excess)
        if step.result.get("exception") == "DiskFull":
            self._box.make_room(step.message)
        # A kill that was not this step's process is no verdict, but may explain what it says.
        step.result.pop("oom_kills", None)
        kills = self._kills_since(step)
        if kills:
            step.result["oom_kills"] = kills
        if self._box.exclusive:
            if swept:
                self._forget(step)
            touched = self._box.touched()
            if touched:
                step.result = self._box.tampered(touched)
            if touched or not (swept and self._box.clean()):
                # Nobody else's step may run with what is left: this container is done.
                self._log("what step %r did cannot be undone: the agent ends" % (step.id,))
                self._ended, self._status = True, UNCLEAN

    def _close(self, step):
        if step.open:
            step.open = False
            self._selector.unregister(step.pipe)
            os.close(step.pipe)

    # The channel.

    def _read(self, descriptor):
        """Bytes, b"" at the end, None when there is nothing now."""
        try:
            return os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _send(self, message):
        try:
            data = wire.encode_message(message)
        except (TypeError, ValueError) as error:
            plain = {
                "type": "result",
                "id": message.get("id"),
                "status": "crashed",
                "stage": message.get("stage"),
                "message": "the result of the step's process is no JSON: %s" % error,
            }
            data = wire.encode_message(plain)
        try:
            child.write_all(self._writing, data)
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EBADF):
                self._log("could not answer: %s" % error)
            self._ended = True  # nobody listens

    def _answer_env(self, message, exception, text):
        self._send(
            {
                "type": "result",
                "id": message.get("id"),
                "status": "raised",
                "stage": "env",
                "exception": exception,
                "message": text,
                "seconds": 0.0,
            }
        )

    def _log(self, text):
        sys.stderr.write("tf_roundtrip agent: %s\n" % text)
        sys.stderr.flush()

    def _stop(self, *_):
        self._ended = True

    def _end(self):
        """Kill every child and what they left; a second is plenty for SIGKILL."""
        if self._box.is_init:
            return  # with PID 1 the kernel ends all
        until = time.monotonic() + 2.0
        for step in self._steps.values():
            for kill in (os.killpg, os.kill):
                try:
                    kill(step.pid, signal.SIGKILL)
                except OSError:
                    pass
        self._steps = {}
        while time.monotonic() < until:
            self._kill_orphans()
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                time.sleep(0.002)


def _malformed(message):
    """What is wrong with a request, or None."""
    for key, kinds in (("id", (int, str)), ("log", (str,)), ("folder", (str,))):
        value = message.get(key)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return "%r is %r" % (key, value)
    timeout = message.get("timeout")
    if timeout is not None and (
        isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0
    ):
        return "'timeout' is %r" % (timeout,)
    return None


def _epitaph(status, log, guess):
    """What to say of a child that ended without a result, by its exit status and its log.

    ``guess`` at why somebody killed it, where that is not known.
    """
    result = {"status": "crashed"}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = "signal %d" % number
        result.update(signal=number, signal_name=name)
        text = "the process was killed by signal %d (%s)" % (number, name)
        if number == signal.SIGKILL and guess:
            text += ", as the kernel does when memory runs out"
    else:
        result["exit_code"] = os.WEXITSTATUS(status)
        text = "the process ended with exit code %d before the step was done" % result["exit_code"]
    tail = _tail(log)
    result["message"] = text + (". The end of its log:\n" + tail if tail else "")
    return result


def _tail(log):
    # The log's place is the child's to write to: what lies there need be no log any more.
    descriptor = disk.open_file(log, os.O_RDONLY)
    if descriptor is None:
        return ""
    try:
        with os.fdopen(descriptor, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL))
            return file.read(TAIL).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _refuse_all(reading, writing):
    """Without ``fork`` there is no step yet: say so to each."""
    with os.fdopen(reading, "rb") as requests:
        for line in requests:
            try:
                message = wire.decode_message(line)
            except ValueError:
                continue
            if message.get("type") == "step":
                answer = {
                    "type": "result",
                    "id": message.get("id"),
                    "status": "raised",
                    "stage": "env",
                    "exception": "Unusable",
                    "message": "this platform (%s) has no fork, which the agent needs to give "
                    "each step a fresh TensorFlow. Run it on Linux, macOS, WSL or in a container."
                    % sys.platform,
                    "seconds": 0.0,
                }
                os.write(writing, wire.encode_message(answer))
    return 0
