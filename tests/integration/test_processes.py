"""What runs while pytest does, and what does not after it."""

from __future__ import annotations

import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from .harness import REFERENCE, Run, private_cache, run, start

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Reference


@pytest.mark.parametrize("which", ["first", "second", "distributed"])
def test_each_runtime_is_started_once(reference: Reference, which: str) -> None:
    agents = getattr(reference, which).agents
    assert Counter(agent.config for agent in agents) == {agent.config: 1 for agent in agents}
    assert len(agents) == 3


def test_an_agent_takes_less_than_600_megabytes(reference: Reference) -> None:
    for seen in (reference.first, reference.second, reference.distributed):
        sizes = [agent.megabytes for agent in seen.agents]
        assert max(sizes) < 600
        assert min(sizes) > 100, "an agent that has not imported TensorFlow was measured"


def test_two_workers_see_what_one_process_sees(reference: Reference) -> None:
    assert reference.distributed.status == 0, reference.distributed.output
    assert reference.distributed.verdicts() == reference.second.verdicts()
    assert reference.distributed.outcomes() == reference.second.outcomes()


def test_nothing_is_left_running(reference: Reference) -> None:
    left = [reference.first.left, reference.second.left, reference.distributed.left]
    assert left == [(), (), ()]


@pytest.mark.parametrize("distributed", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_nothing_outlives_a_killed_pytest(tmp_path: Path, distributed: tuple[str, ...]) -> None:
    """In the middle of saving, so that agents have children, who have TensorFlow's threads."""
    cache = private_cache(tmp_path)
    started = start(tmp_path, *REFERENCE, *distributed, "--tf-runtimes=1.15,2.15", cache=cache)
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            agents = started.agents()
            if len(agents) == 2 and any(agent.children() for agent in agents.values()):
                break
            time.sleep(0.05)
        else:
            pytest.fail("no agent with a child was seen")
    finally:
        started.process.send_signal(signal.SIGKILL)
        started.process.communicate()
    assert not started.left(seconds=10)


FAILING = """
import pytest

@pytest.mark.tf_roundtrip("model.py:Model")
def test_it(roundtrip):
    assert False, "the first failure"
"""
SLOW = """
import time
import tensorflow as tf

class Model(tf.Module):
    inputs = {"x": tf.TensorSpec([], tf.float32)}
    examples = {"x": 1.0}
    def __init__(self):
        super().__init__()
        time.sleep(3)
    def __call__(self, x):
        return {"y": x}
"""


def test_the_first_failure_stops_the_rest(tmp_path: Path) -> None:
    """Eight saves of three seconds and more, of which the first fails its test."""
    (tmp_path / "test_it.py").write_text(FAILING, encoding="utf-8")
    (tmp_path / "model.py").write_text(SLOW, encoding="utf-8")
    cache = private_cache(tmp_path)
    arguments = ("--tf-runtimes=2.15", "--tf-jobs=1", "--tf-savers=all")
    seen: Run = run(tmp_path, "-x", *arguments, cache=cache)
    assert seen.status == 1
    assert list(seen.outcomes().values()).count("failed") == 1
    run_to_a_verdict = [key for key, verdict in seen.verdicts().items() if verdict]
    assert len(run_to_a_verdict) < len(seen.cells) / 2
    assert seen.seconds < 25
    assert not seen.left
