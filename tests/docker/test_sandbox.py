"""What a model that nobody trusts can do from inside its container: nothing to anybody else.

One run has them all, each in containers of its own, with an honest model among them: starting a
TensorFlow for each is what takes the time.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.harness import Run, private_cache, run

from . import hostile

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Containers

pytestmark = pytest.mark.usefixtures("engine")

SETTINGS = """
[tool.tf_roundtrip]
runtimes = ["2.15"]

[tool.tf_roundtrip.sandbox]
memory = "1500m"
pids = 400
disk = "64m"
tmp = "32m"
"""
UNTRUSTED = ("--tf-provider=docker", "--tf-untrusted")
OPS = 'savers=["tf_module"], loaders=["tf1_load", "tf2_load"]'
PYTHON = 'savers=["keras"], loaders=["keras_load", "tf1_load"]'
# Two runtimes of one process: the second load finds what the first one left.
TWICE = 'savers=["keras"], loaders=["keras_load"], load_runtimes=["2.15", "2.15+v1"]'

WRITE = "with tf.control_dependencies([tf.io.write_file({!r}, 'x')]):\n    return x + 0"
PLACES = {
    "WriteEtc": "/etc/owned",
    "WriteAgent": "/tf_roundtrip/agent/owned.py",
    "WriteArtifact": "/tf_roundtrip/in/owned",
    "WriteRoot": "/owned",
}
BY_OPS = {
    "ReadSecret": "return tf.strings.to_number(tf.io.read_file({secret!r}))",
    "LookAround": """
        names = tf.io.matching_files(
            ["/tf_roundtrip/in/*", "/tf_roundtrip/out/*", "/tf_roundtrip/read/*"]
        )
        return tf.cast(tf.size(names), tf.float32) * 1000
    """,
    "Dataset": """
        data = tf.data.Dataset.range(3).apply(
            tf.data.experimental.service.distribute("parallel_epochs", "grpc://{host}:{port}")
        )
        return tf.cast(data.reduce(tf.constant(0, tf.int64), lambda a, b: a + b), tf.float32)
    """,
    **{name: WRITE.format(place) for name, place in PLACES.items()},
}
FILL = """
    import time
    for n in range(1000):
        with open({}, "wb") as file:
            file.write(b"x" * (4 << 20))
        time.sleep(0.02)
"""
BY_PYTHON = {
    "Connect": """
        import socket
        for host in ("127.0.0.1", {host!r}):
            try:
                socket.create_connection((host, {port}), timeout=5).close()
            except OSError as error:
                said = str(error)
            else:
                raise RuntimeError("it answers")
        raise RuntimeError("no way out: " + said)
    """,
    "ForkBomb": """
        import time
        until = time.time() + 4
        while time.time() < until:
            try:
                os.fork()
            except OSError:
                pass
        os.kill(os.getpid(), 9)
    """,
    "Memory": """
        held = []
        while True:
            held.append(bytearray(b"x" * (32 << 20)))
    """,
    "Crash": "os.kill(os.getpid(), 9)",
    "FillOutbox": FILL.format("'/tf_roundtrip/out/fill-%d' % n"),
    "FillTmp": FILL.format("'/tmp/fill-%d' % n"),
    "StopAgent": "os.kill(1, 19)",
    "KillAgent": "os.kill(1, 9)",
    "ReadAgent": "open('/proc/1/mem', 'rb').read(1)",
    "PipeOfAgent": "os.readlink('/proc/1/fd/0')",
    "EnvironOfAgent": "open('/proc/1/environ').read()",
    "Environ": "raise RuntimeError('variables: ' + ' '.join(sorted(os.environ)))",
    "Forge": """
        import glob, time
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            until = time.time() + 60
            while time.time() < until:
                for place in glob.glob("/tf_roundtrip/out/*/folder"):
                    with open(os.path.join(place, "forged"), "wb") as file:
                        file.write(b"forged")
            os._exit(0)
        time.sleep(0.5)
    """,
}
LEAVE = """
    import time
    others = [pid for pid in os.listdir("/proc") if pid.isdigit()]
    others = [pid for pid in others if int(pid) not in (1, os.getpid())]
    if others:
        raise RuntimeError("somebody is here: %s" % others)
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        time.sleep(600)
        os._exit(0)
"""
SECRET = "1234.5"  # noqa: S105


@dataclass(frozen=True)
class Lab:
    """What came of it."""

    ran: Run
    folder: Path
    connected: int  # to a port that listened on this machine

    def loads(self, model: str) -> dict[str, dict[str, Any]]:
        """A model's loads, by loader; by runtime, too, where that is not 2.15."""
        found = {}
        for cell in self.ran.cells.values():
            if cell["model"] == model and cell["load"]:
                more = cell["load_runtime"].removeprefix("2.15")
                found[cell["load"] + more] = cell
        assert found, self.ran.output
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))  # noqa: S104 - so that every address of this machine is one
        listener.listen()
        listener.settimeout(0.1)
        _write(folder, host=_address(), port=listener.getsockname()[1])
        cache = private_cache(folder)
        ran = run(folder, *UNTRUSTED, "--tf-timeout=25", "--tf-keep=kept", cache=cache)
        connected = 0
        try:
            listener.accept()[0].close()
            connected = 1
        except TimeoutError:
            pass
    assert ran.report, ran.output
    return Lab(ran, folder, connected)


def _write(folder: Path, **names: Any) -> None:
    """The models, each in a folder of its own: that is what its containers see."""
    tests = ["import pytest\n"]
    models = {"Good": (hostile.honest("Good"), PYTHON)}
    names["secret"] = str(folder / "secret")
    for name, attack in BY_OPS.items():
        models[name] = (hostile.by_ops(name, attack.format(**names)), OPS)
    for name, attack in BY_PYTHON.items():
        text = attack.format(**names) if name == "Connect" else attack
        models[name] = (hostile.by_python(name, text), PYTHON)
    models["Leave"] = (hostile.by_python("Leave", LEAVE), TWICE)
    for name, (text, chosen) in models.items():
        (folder / name.lower()).mkdir()
        (folder / name.lower() / "model.py").write_text(text, encoding="utf-8")
        mark = f'@pytest.mark.tf_roundtrip("{name.lower()}/model.py:{name}", {chosen})'
        tests.append(f"{mark}\ndef test_{name.lower()}(roundtrip):\n    pass\n")
    (folder / "test_it.py").write_text("\n\n".join(tests), encoding="utf-8")


def test_an_honest_model_among_them_comes_back_the_same(lab: Lab) -> None:
    assert {cell["verdict"] for cell in lab.loads("Good").values()} == {"same"}


def test_every_hostile_model_is_saved_in_a_container_as_well(lab: Lab) -> None:
    saved = [cell for cell in lab.ran.cells.values() if cell["operation"] == "creation"]
    assert {cell["verdict"] for cell in saved} == {"same"}
    assert len(saved) == 2 + len(BY_OPS) + len(BY_PYTHON)


def test_no_container_is_left(lab: Lab, containers: Containers) -> None:
    assert lab.ran.left == ()
    assert containers.names() == []


@pytest.mark.parametrize("model", PLACES)
def test_it_cannot_write_outside(lab: Lab, model: str) -> None:
    for cell in lab.loads(model).values():
        assert cell["verdict"] == "refused"
        assert "Read-only file system" in cell["message"] or "denied" in cell["message"]


def test_it_cannot_read_the_callers_files(lab: Lab) -> None:
    for cell in lab.loads("ReadSecret").values():
        assert cell["verdict"] == "refused"
        assert "No such file" in cell["message"]
    assert SECRET not in str(lab.ran.report)


def test_it_sees_no_model_no_artifact_and_no_outbox_but_its_own(lab: Lab) -> None:
    for cell in lab.loads("LookAround").values():
        # One artifact in `in`, one folder in `out`, one model's: 3000 instead of 1.
        assert cell["verdict"] == "differs"
        assert cell["max_abs_error"] == 2999


def test_it_cannot_reach_the_network(lab: Lab) -> None:
    cell = lab.loads("Connect")["keras_load"]
    assert cell["verdict"] == "refused"
    assert "no way out" in cell["message"]
    for cell in lab.loads("Dataset").values():
        assert cell["verdict"] in ("refused", "timeout")
    assert lab.connected == 0


def test_a_fork_bomb_ends_with_its_step(lab: Lab) -> None:
    cells = lab.loads("ForkBomb")
    assert cells["keras_load"]["verdict"] == "crashed"
    assert _went_on(cells["tf1_load"])


def test_memory_that_runs_out_is_told_from_a_crash(lab: Lab) -> None:
    cells = lab.loads("Memory")
    assert cells["keras_load"]["verdict"] == "crashed"
    assert cells["keras_load"]["exception"] == "OutOfMemory"
    assert cells["keras_load"]["cause"] == "out-of-memory"
    assert "memory = " in cells["keras_load"]["remedy"]
    assert _went_on(cells["tf1_load"])
    killed = lab.loads("Crash")["keras_load"]
    assert killed["verdict"] == "crashed"
    assert killed["exception"] != "OutOfMemory"
    assert killed["cause"] is None


def test_it_cannot_fill_the_disk(lab: Lab) -> None:
    cells = lab.loads("FillOutbox")
    assert cells["keras_load"]["verdict"] == "crashed"
    assert cells["keras_load"]["exception"] == "DiskFull"
    assert cells["keras_load"]["cause"] == "disk-limit"
    assert _went_on(cells["tf1_load"])


def test_what_it_left_in_tmp_is_gone_when_the_next_cell_runs(lab: Lab) -> None:
    cells = lab.loads("FillTmp")
    assert cells["keras_load"]["verdict"] == "refused"
    assert "No space left on device" in cells["keras_load"]["message"]
    assert _went_on(cells["tf1_load"])
    assert "No space left" not in cells["tf1_load"]["message"]


@pytest.mark.parametrize("model", ["StopAgent", "KillAgent"])
def test_the_agent_takes_no_signal_from_inside(lab: Lab, model: str) -> None:
    cells = lab.loads(model)
    assert cells["keras_load"]["verdict"] == "same"
    assert _went_on(cells["tf1_load"])


@pytest.mark.parametrize("model", ["ReadAgent", "PipeOfAgent", "EnvironOfAgent"])
def test_the_agent_cannot_be_looked_into(lab: Lab, model: str) -> None:
    cell = lab.loads(model)["keras_load"]
    assert cell["verdict"] == "refused"
    assert "Permission denied" in cell["message"]


def test_it_sees_nothing_of_the_callers_environment(lab: Lab) -> None:
    message = lab.loads("Environ")["keras_load"]["message"]
    seen = set(message.partition("variables: ")[2].split("\n")[0].split())
    assert {"HOME", "PATH", "TMPDIR"} <= seen
    assert not {name for name in os.environ if name.startswith("PYT")} & seen
    assert not {name for name in seen if name.startswith(("TF_ROUNDTRIP", "PYTEST", "COLUMNS"))}


def test_it_cannot_forge_the_result_of_another_cell(lab: Lab) -> None:
    """By a process that outlives its step and writes into every folder that appears."""
    cells = lab.loads("Forge")
    assert cells["keras_load"]["verdict"] == "same"
    assert _went_on(cells["tf1_load"])
    forged = [path.parent.name for path in (lab.folder / "kept").rglob("forged")]
    assert all("keras_load" in name and name.startswith("forge") for name in forged), forged


def test_it_cannot_leave_a_process_behind(lab: Lab) -> None:
    cells = lab.loads("Leave")
    assert len(cells) == 2
    for cell in cells.values():
        assert "somebody is here" not in cell["message"]
    assert cells["keras_load"]["verdict"] == "same"


def test_untrusted_models_need_containers(tmp_path: Path) -> None:
    seen = run(tmp_path, "--tf-untrusted", "--tf-provider=venv")
    assert seen.status == 4
    assert "Say --tf-provider=docker as well" in seen.output


def _went_on(cell: dict[str, Any]) -> bool:
    """Whether a cell ran in the container of the one before it, and says what TensorFlow says.

    A session cannot run a py_function that another process registered.
    """
    return cell["verdict"] == "refused" and "pyfunc" in cell["message"]


def _address() -> str:
    """An address of this machine that is not loopback, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
