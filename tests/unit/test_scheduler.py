from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.engine.scheduler import Scheduler
from pytest_tfroundtrip.errors import AgentDied, EnvironmentFailed

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Agents:
    """Agents that note what they are asked, and how many are busy or alive at once."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.ran: list[str] = []
        self.busy = self.most_busy = self.alive = self.most_alive = 0
        self.failing: set[str] = set()
        self.dying: dict[str, int] = defaultdict(int)

    async def start(self, process: str) -> Any:
        self.started.append(process)
        await asyncio.sleep(0)
        if process in self.failing:
            msg = f"no {process}"
            raise EnvironmentFailed(msg)
        self.alive += 1
        self.most_alive = max(self.most_alive, self.alive)
        return Agent(self, process)


class Agent:
    def __init__(self, agents: Agents, process: str) -> None:
        self.agents, self.process = agents, process
        self.dead = False

    async def step(self, message: dict[str, Any]) -> dict[str, Any]:
        agents = self.agents
        agents.busy += 1
        agents.most_busy = max(agents.most_busy, agents.busy)
        await asyncio.sleep(0.001 if agents.dying[message["name"]] else 0.003)
        agents.busy -= 1
        if self.dead:
            msg = "it died of another step"
            raise AgentDied(msg)
        if agents.dying[message["name"]] > 0:
            agents.dying[message["name"]] -= 1
            agents.alive -= 1
            self.dead = True
            msg = "it died"
            raise AgentDied(msg)
        agents.ran.append(message["name"])
        return {"name": message["name"]}

    async def close(self) -> None:
        self.agents.alive -= 1


def drive(
    agents: Agents, steps: list[tuple[str, str]], *, slots: int = 2, alive: int = 9
) -> list[Any]:
    """Run steps (process, name), their order being their priority; results or exceptions."""

    async def one(scheduler: Scheduler, number: int, process: str, name: str) -> Any:
        try:
            return await scheduler.run(process, number, {"name": name})
        finally:
            scheduler.done(process)

    async def every() -> list[Any]:
        scheduler = Scheduler(agents.start, slots=slots, alive=alive)
        works: list[Coroutine[Any, Any, Any]] = []
        for number, (process, name) in enumerate(steps):
            scheduler.announce(process, number)
            works.append(one(scheduler, number, process, name))
        results = await asyncio.wait_for(asyncio.gather(*works, return_exceptions=True), 10)
        await asyncio.sleep(0.01)
        assert agents.alive == 0, "an agent that nobody needs is still there"
        await scheduler.stop()
        return results

    return asyncio.run(every())


def test_each_agent_starts_once_and_ends_with_its_last_step() -> None:
    agents = Agents()
    results = drive(agents, [(f"2.{n % 3}", f"step{n}") for n in range(30)])
    assert len(results) == 30
    assert sorted(agents.started) == ["2.0", "2.1", "2.2"]


def test_no_more_steps_run_at_once_than_there_are_slots() -> None:
    agents = Agents()
    drive(agents, [("2.0", f"step{n}") for n in range(20)], slots=3)
    assert agents.most_busy == 3


def test_steps_run_in_the_order_in_which_tests_ask() -> None:
    agents = Agents()
    drive(agents, [("2.0", f"step{n:02}") for n in range(12)], slots=1)
    assert agents.ran == sorted(agents.ran)


def test_no_more_agents_live_at_once_than_there_is_memory_for() -> None:
    agents = Agents()
    steps = [(f"2.{n % 5}", f"step{n}") for n in range(15)]
    drive(agents, steps, alive=2)
    assert len(agents.ran) == 15
    assert agents.most_alive <= 2


def test_an_agent_that_does_not_start_fails_its_own_steps_only() -> None:
    agents = Agents()
    agents.failing.add("1.15")
    results = drive(agents, [("1.15", "a"), ("2.0", "b"), ("1.15", "c")])
    assert [isinstance(result, EnvironmentFailed) for result in results] == [True, False, True]
    assert agents.started.count("1.15") == 1


def test_a_step_that_kills_its_agent_takes_no_other_with_it() -> None:
    agents = Agents()
    agents.dying["bad"] = 2
    results = drive(agents, [("2.0", f"good{n}") for n in range(3)] + [("2.0", "bad")], slots=4)
    assert all(isinstance(result, dict) for result in results[:3])
    assert isinstance(results[3], AgentDied)


@pytest.mark.parametrize(("deaths", "survives"), [(1, True), (2, False)])
def test_a_step_whose_agent_died_is_tried_once_more(deaths: int, survives: bool) -> None:
    agents = Agents()
    agents.dying["bad"] = deaths
    results = drive(agents, [("2.0", "good"), ("2.0", "bad"), ("2.0", "late")], slots=1)
    assert isinstance(results[1], dict) is survives
    assert results[0] == {"name": "good"}
    assert results[2] == {"name": "late"}


def test_an_agent_that_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_tfroundtrip.engine.scheduler.GRACE_SECONDS", 0.05)

    class Mute(Agent):
        async def step(self, message: dict[str, Any]) -> dict[str, Any]:
            await asyncio.sleep(60)
            return message

    class MuteAgents(Agents):
        async def start(self, process: str) -> Any:
            await super().start(process)
            return Mute(self, process)

    results = drive(MuteAgents(), [("2.0", "a")])
    assert isinstance(results[0], AgentDied)


def test_an_agent_that_cannot_even_be_tried_fails_its_steps() -> None:
    class BrokenAgents(Agents):
        async def start(self, process: str) -> Any:
            msg = f"illegal environment variable name in {process}"
            raise ValueError(msg)

    results = drive(BrokenAgents(), [("2.0", "a"), ("2.0", "b")])
    assert all(isinstance(result, EnvironmentFailed) for result in results)


def test_the_next_step_is_sent_before_who_waits_gets_an_answer() -> None:
    """Judging takes the interpreter's lock: an agent would wait for its next step meanwhile."""
    told: list[str] = []

    class Telling(Agent):
        async def step(self, message: dict[str, Any]) -> dict[str, Any]:
            told.append(f"sent {message['name']}")
            await asyncio.sleep(0.003)
            return message

    class TellingAgents(Agents):
        async def start(self, process: str) -> Any:
            await super().start(process)
            return Telling(self, process)

    async def judged(scheduler: Scheduler, name: str) -> None:
        await scheduler.run("2.0", 0, {"name": name})
        told.append(f"judged {name}")
        scheduler.done("2.0")

    async def every() -> None:
        scheduler = Scheduler(TellingAgents().start, slots=1, alive=1)
        for _ in "ab":
            scheduler.announce("2.0", 0)
        await asyncio.gather(judged(scheduler, "a"), judged(scheduler, "b"))
        await scheduler.stop()

    asyncio.run(every())
    assert told == ["sent a", "sent b", "judged a", "judged b"]


def test_an_agent_whose_environment_is_not_there_holds_no_slot() -> None:
    agents = Agents()
    there: set[str] = {"2.0"}

    async def every() -> None:
        scheduler = Scheduler(agents.start, slots=1, alive=2, may_start=there.__contains__)
        scheduler.announce("1.15", 0)
        scheduler.announce("2.0", 1)
        scheduler.wake()
        await asyncio.sleep(0.001)
        assert agents.started == ["2.0"]
        there.add("1.15")
        scheduler.wake()
        await asyncio.sleep(0.001)
        assert agents.started == ["2.0", "1.15"]
        scheduler.done("2.0")
        scheduler.done("1.15")
        await asyncio.sleep(0.001)
        await scheduler.stop()

    asyncio.run(every())
    assert agents.alive == 0
