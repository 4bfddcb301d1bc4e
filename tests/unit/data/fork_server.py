"""The agent's real fork server on steps that misbehave on request: no TensorFlow involved.

Started as ``python fork_server.py AGENT_FOLDER [SANDBOX]``, by any Python from 3.6 on; SANDBOX is
a JSON object: {"sandbox": ..., "places": [folder to clean], "cgroup": [root, own], "hello": bool}.
"""

# It runs under Python 3.6, as the agent does.
# ruff: noqa: ICN001, PTH101, PTH102, PTH103, PTH108, PTH109, PTH118, PTH123, PTH208, PTH211, T201
# ruff: noqa: UP031

import ctypes
import importlib.util
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time

try:
    import numpy  # noqa: F401
except ImportError:  # wire.py imports it; nothing here touches a tensor
    import types

    sys.modules["numpy"] = types.ModuleType("numpy")

HEADER = struct.Struct("<Q")


def work(message, report):
    """Do what the request's action says."""
    report.stage("load")
    return ACTIONS[message["action"]](message, report)


def echo(message, _report):
    return {"value": message.get("value"), "folder": os.getcwd(), "session": os.getsid(0)}


def raise_error(message, _report):
    raise KeyError(message.get("value"))


def sys_exit(_message, _report):
    sys.exit(3)


def hard_exit(_message, _report):
    print("last words", flush=True)
    os._exit(3)


def segfault(_message, _report):
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(_message, report):
    report.stage("call")
    time.sleep(600)


def deaf(_message, _report):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def spam(_message, _report):
    for _ in range(4000):
        os.write(1, b"x" * 1000 + b"\n")
        sys.stderr.write("y" * 1000 + "\n")
    return {"value": "done"}


def grandchild(_message, _report):
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    return {"value": process.pid}


def holder(_message, report):
    """Die while a forked process, which keeps the pipe open, lives on."""
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
    report.details["unused"] = pid
    os._exit(7)


def garbage(_message, report):
    os.write(report._pipe, HEADER.pack(8) + b"\xff{}{}{}{")
    time.sleep(600)


def no_object(_message, report):
    os.write(report._pipe, HEADER.pack(2) + b"[]")
    time.sleep(600)


def huge(_message, report):
    os.write(report._pipe, HEADER.pack(1 << 60))
    time.sleep(600)


def half(_message, report):
    os.write(report._pipe, HEADER.pack(1000) + b'{"status"')
    os._exit(0)


def not_a_number(_message, _report):
    return {"value": float("nan")}


def big(_message, _report):
    return {"value": "z" * (5 << 20)}


def descriptors(_message, _report):
    return {"value": sorted(int(name) for name in os.listdir("/proc/self/fd"))}


def flood(_message, report):
    """Say where it is, for ever: each frame is a good one."""
    stages = b"".join(
        HEADER.pack(len(stage)) + stage for stage in (b'{"stage": "load"}', b'{"stage": "call"}')
    )
    while True:
        os.write(report._pipe, stages * 1000)


def raw(message, report):
    """Send what the request holds as a frame, then live on."""
    data = message["value"].encode("ascii") * message.get("times", 1)
    os.write(report._pipe, HEADER.pack(len(data)))
    view = memoryview(data)
    while view:
        view = view[os.write(report._pipe, view) :]
    time.sleep(600)


def children_without_end(_message, _report):
    """Keep the agent busy with the deaths of orphans."""
    while True:
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
        os.wait()


def signals_without_end(message, _report):
    while True:
        os.kill(os.getppid(), message.get("value", signal.SIGCHLD))


def write(message, _report):
    """Write ``files`` files of ``size`` bytes each below ``value``, slowly if asked."""
    os.makedirs(message["value"], exist_ok=True)
    for index in range(message["files"]):
        with open(os.path.join(message["value"], str(index)), "wb") as file:
            file.write(b"x" * message["size"])
        time.sleep(message.get("pause", 0))
    return {"value": "done"}


def unseen(message, _report):
    """Fill the disk with files that nobody sees: open, and removed."""
    held = []
    for index in range(message["files"]):
        path = os.path.join(message["folder"], str(index))
        held.append(open(path, "wb"))  # noqa: SIM115
        os.unlink(path)
        held[-1].write(b"x" * message["size"])
        held[-1].flush()
        time.sleep(message.get("pause", 0))
    return {"value": "done"}


def over_the_limit(message, _report):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with open(os.path.join(message["folder"], "big"), "wb") as file:
        file.write(b"x" * message["size"])


def itself(message, _report):
    """Send itself a signal, after a child of its own may have died of another."""
    count(message)
    os.kill(os.getpid(), message["value"])
    time.sleep(message.get("pause", 0))


def counted(message, _report):
    """Have the cgroup's counter grow; then raise, or answer."""
    count(message)
    if message.get("value"):
        raise MemoryError(message["value"])
    return {}


def count(message):
    if message.get("counter"):
        with open(message["counter"], "w") as file:
            file.write("oom_kill %d\n" % message["kills"])


def look(message, _report):
    """What a child may do, and see of its agent."""
    agent = "/proc/%d/" % os.getppid()
    seen = {}
    for name, act in (
        ("fd", lambda: os.readlink(agent + "fd/2")),
        ("mem", lambda: open(agent + "mem", "rb").close()),
        ("environ", lambda: open(agent + "environ", "rb").close()),
        ("cwd", lambda: os.readlink(agent + "cwd")),
        ("own fd", lambda: os.listdir("/proc/self/fd")),
        ("own maps", lambda: open("/proc/self/maps").close()),
    ):
        try:
            act()
            seen[name] = "ok"
        except OSError as error:
            seen[name] = type(error).__name__
    with open("/proc/self/oom_score_adj") as file:
        seen["oom_score_adj"] = int(file.read())
    libc = ctypes.CDLL(None, use_errno=True)
    seen["dumpable"] = libc.prctl(3, 0, 0, 0, 0)
    if message.get("attach"):
        seen["ptrace"] = libc.ptrace(16, os.getppid(), None, None)  # PTRACE_ATTACH
    seen["file size"] = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    seen["blocked"] = sorted(map(int, mask))
    return {"value": seen, "folder": os.getcwd()}


def leave(message, report):
    """Leave processes, files and more behind; dead to polite signals."""
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                os.close(report._pipe)
                time.sleep(600)
            os._exit(0)
    for place in message["value"]:
        nasty(place)
    if os.getppid() == 1:  # where it goes again
        ctypes.CDLL(None).shmget(0, 1 << 20, 0o1600)  # IPC_PRIVATE, IPC_CREAT
    return {"value": "done"}


def nasty(place):
    """Files and folders that do not like to be removed."""
    with open(os.path.join(place.encode(), b"no \xff\ntext"), "w"):
        pass
    os.symlink("/", os.path.join(place, "link"))
    os.mkfifo(os.path.join(place, "pipe"))
    shut = os.path.join(place, "shut")
    os.makedirs(os.path.join(shut, "inner", "most"))
    for name in ("inner", "."):
        os.chmod(os.path.join(shut, name), 0)
    here = os.getcwd()
    os.chdir(place)
    for _ in range(1000):  # far beyond what a path can be
        os.mkdir("deeper")
        os.chdir("deeper")
    os.chdir(here)


def bomb(_message, _report):
    """Fork until there is no process to be had, and on."""
    while True:
        try:
            os.fork()
        except OSError:
            continue


def left(_message, _report):
    """What processes and what shared memory there are."""
    with open("/proc/sysvipc/shm") as file:
        segments = len(list(file)) - 1
    pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    return {"pids": pids, "segments": segments}


def trap_log(message, _report):
    """Put a pipe where the log was, which nobody writes to, and die."""
    os.unlink(message["log"])
    os.mkfifo(message["log"])
    os._exit(3)


def stop(_message, _report):
    os.kill(os.getpid(), signal.SIGSTOP)


def forge(_message, _report):
    """Try to have the agent end as if somebody outside had asked: all of SIGTERM's ways."""
    agent = os.getppid()
    os.kill(agent, signal.SIGTERM)
    info = (ctypes.c_int * 32)()
    errors = []
    for code in (0, 0x80, -1):  # SI_USER, SI_KERNEL, SI_QUEUE; the pid in it stays 0
        info[0], info[2] = int(signal.SIGTERM), code
        libc = ctypes.CDLL(None, use_errno=True)
        errors.append(libc.syscall(129, agent, int(signal.SIGTERM), info))  # rt_sigqueueinfo
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGSEGV, 40):
        os.kill(agent, number)
    return {"value": errors}


def limit_agent(message, _report):
    """Lower a limit of the agent's."""
    resource.prlimit(os.getppid(), getattr(resource, message["value"]), (1, 1))
    time.sleep(0.1)
    return {}


ACTIONS = {
    "limit_agent": limit_agent,
    "flood": flood,
    "raw": raw,
    "children_without_end": children_without_end,
    "signals_without_end": signals_without_end,
    "write": write,
    "unseen": unseen,
    "over_the_limit": over_the_limit,
    "itself": itself,
    "counted": counted,
    "look": look,
    "leave": leave,
    "bomb": bomb,
    "left": left,
    "trap_log": trap_log,
    "stop": stop,
    "forge": forge,
    "echo": echo,
    "raise": raise_error,
    "sys_exit": sys_exit,
    "hard_exit": hard_exit,
    "segfault": segfault,
    "hang": hang,
    "deaf": deaf,
    "spam": spam,
    "grandchild": grandchild,
    "holder": holder,
    "garbage": garbage,
    "no_object": no_object,
    "huge": huge,
    "half": half,
    "nan": not_a_number,
    "big": big,
    "descriptors": descriptors,
}


def main():
    path = os.path.join(sys.argv[1], "__main__.py")
    spec = importlib.util.spec_from_file_location("agent_main", path)
    agent = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(agent)
    reading, writing = agent.take_channel()
    agent.make_package()
    if len(sys.argv) < 3:
        return agent.module("forkserver").serve(work, reading, writing)
    config = json.loads(sys.argv[2])
    memory = agent.module("cgroup").Memory(*config["cgroup"]) if config.get("cgroup") else None
    # Never the real /tmp, if only a test plays PID 1.
    box = agent.module("sandbox").Sandbox(config["sandbox"], memory, config.get("places", []))
    box.hold_signals()
    box.close()
    if config.get("hello"):
        os.write(writing, agent.module("wire").encode_message(box.facts()))
    return agent.module("forkserver").serve(work, reading, writing, box)


if __name__ == "__main__":
    status = main()
    os._exit(status)
