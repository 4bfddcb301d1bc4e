"""The agent's real fork server on steps that misbehave on request: no TensorFlow involved.

Started as ``python fork_server.py AGENT_FOLDER``, by any Python from 3.6 on.
"""

# It runs under Python 3.6, as the agent does.
# ruff: noqa: PTH109, PTH118, PTH208, T201, ICN001

import importlib.util
import os
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


ACTIONS = {
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
    return agent.module("forkserver").serve(work, reading, writing)


if __name__ == "__main__":
    status = main()
    os._exit(status)
