"""One import, many forks: runs each step in a child of its own and answers with what became of it.

The parent has no thread and runs no op (a child forked from a TensorFlow that has run one hangs):
it is one loop over the requests, the children's pipes and SIGCHLD. What comes from a child is
untrusted: it may die in the middle of a frame, write rubbish, hang, or leave processes behind.
"""

import errno
import gc
import json
import os
import selectors
import signal
import sys
import time

from . import child, system, wire

#: Seconds a step may take when the request does not say: no child lives for ever.
DEFAULT_TIMEOUT = 300.0

#: Bytes a frame or a request may have: more is rubbish.
LIMIT = 64 << 20

#: Bytes of a step's log that are quoted when its child died without a word.
TAIL = 2000


class Frames(object):
    """Cuts a child's byte stream into frames: an 8 byte little endian length, then JSON."""

    def __init__(self):
        self._buffer = bytearray()

    def feed(self, data):
        """Return the dicts that ``data`` completes; ValueError where it is no frame."""
        self._buffer += data
        messages = []
        while len(self._buffer) >= child.HEADER.size:
            (length,) = child.HEADER.unpack_from(self._buffer)
            if length > LIMIT:
                raise ValueError("a frame of %d bytes (at most %d)" % (length, LIMIT))
            end = child.HEADER.size + length
            if len(self._buffer) < end:
                break
            message = json.loads(bytes(self._buffer[child.HEADER.size : end]).decode("utf-8"))
            if not isinstance(message, dict):
                raise ValueError("a frame that is no JSON object")
            messages.append(message)
            del self._buffer[:end]
        return messages


class _Step(object):
    """A step that is under way, as the parent sees it."""

    def __init__(self, message, pid, pipe):
        self.id = message["id"]
        self.log = message["log"]
        self.timeout = float(message.get("timeout") or DEFAULT_TIMEOUT)
        self.started = time.monotonic()
        self.deadline = self.started + self.timeout
        self.pid = pid
        self.pipe = pipe
        self.open = True
        self.stage = "env"
        self.frames = Frames()
        self.result = None


def serve(work, reading, writing):
    """Answer the requests on ``reading`` until it ends; returns the agent's exit status.

    Args:
        work: ``work(message, report)`` runs one step inside a child and returns its payload, a
            JSON-able dict; ``report.stage(name)`` tells how far it is.
        reading: descriptor that the requests come from.
        writing: descriptor that the answers go to.
    """
    if not hasattr(os, "fork"):
        return _refuse_all(reading, writing)
    return _Server(work, reading, writing).run()


class _Server(object):
    def __init__(self, work, reading, writing):
        self._work = work
        self._reading = reading
        self._writing = writing
        self._requests = bytearray()
        self._steps = {}  # by pid, until reaped
        self._ended = False
        # poll, not epoll: an epoll descriptor is shared with forked children.
        poll = getattr(selectors, "PollSelector", selectors.SelectSelector)
        self._selector = poll()
        self._woken, self._wake = os.pipe()

    def run(self):
        system.become_subreaper()
        os.set_blocking(self._reading, False)
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
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
                for key, _ in self._selector.select(self._patience()):
                    key.data()
                self._expire()
        finally:
            self._end()
        return 0

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
        try:
            pipe, end = os.pipe()
        except OSError as error:
            self._answer_env(message, type(error).__name__, "no pipe for a child: %s" % error)
            return
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            pid = os.fork()
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
            child.run(self._work, message, end, parent, self._descriptors(pipe))
        os.close(end)
        os.set_blocking(pipe, False)
        step = _Step(message, pid, pipe)
        self._steps[pid] = step
        self._selector.register(pipe, selectors.EVENT_READ, lambda: self._read_frames(step))

    def _descriptors(self, pipe):
        """What a child has to close: everything of the parent's."""
        pipes = [step.pipe for step in self._steps.values() if step.open]
        return [self._reading, self._writing, self._woken, self._wake, pipe] + pipes

    # The children.

    def _read_frames(self, step):
        while step.open:
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
                step.stage = str(message.get("stage", step.stage))

    def _read_signals(self):
        while self._read(self._woken):
            pass
        self._reap()

    def _reap(self):
        """Take leave of every process that ended, then end what it left behind."""
        reaped = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            reaped = True
            step = self._steps.get(pid)
            if step is None:
                continue  # somebody's orphan
            self._read_frames(step)  # it may have answered just before
            if step.result is None:
                self._finish(step, _epitaph(status, step.log))
            del self._steps[pid]
        if reaped:
            self._kill_orphans()

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
        waiting = [step.deadline for step in self._steps.values() if step.result is None]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _expire(self):
        now = time.monotonic()
        for step in list(self._steps.values()):
            if step.result is None and now >= step.deadline:
                message = "killed after %g s, in stage %s. %s" % (
                    step.timeout,
                    step.stage,
                    "It hangs, or takes longer than the timeout (--tf-timeout) allows.",
                )
                self._finish(step, {"status": "timeout", "message": message})

    def _finish(self, step, result):
        """Answer for a step (its process need not have ended) and end its whole session."""
        step.result = dict(result)
        step.result.setdefault("stage", step.stage)
        step.result["type"] = "result"
        step.result["id"] = step.id
        step.result["seconds"] = round(time.monotonic() - step.started, 4)
        self._close(step)
        for kill in (os.killpg, os.kill):  # both: it may not have become a group leader yet
            try:
                kill(step.pid, signal.SIGKILL)
            except OSError:
                pass
        self._send(step.result)

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


def _epitaph(status, log):
    """What to say of a child that ended without a result; ``status`` is waitpid's."""
    result = {"status": "crashed"}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = "signal %d" % number
        result.update(signal=number, signal_name=name)
        text = "the process was killed by signal %d (%s)" % (number, name)
        if number == signal.SIGKILL:
            text += ", as the kernel does when memory runs out"
    else:
        result["exit_code"] = os.WEXITSTATUS(status)
        text = "the process ended with exit code %d before the step was done" % result["exit_code"]
    tail = _tail(log)
    result["message"] = text + (". The end of its log:\n" + tail if tail else "")
    return result


def _tail(log):
    try:
        with open(log, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL))
            return file.read().decode("utf-8", "replace").strip()
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
