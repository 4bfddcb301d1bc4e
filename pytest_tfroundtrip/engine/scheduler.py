"""Which step runs next, and which agents are alive for it.

A slot is one core's worth of work: a child that saves or loads, or an agent that imports
TensorFlow. Steps are taken in the order in which tests will ask for them. An agent is started when
its first step is due, or ahead of that when a slot is idle, and ends with its last. Where there are
more runtimes than may be alive at once, an agent with nothing to do makes room for another and
starts again when it is needed.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import AgentDied, EnvironmentFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from pytest_tfroundtrip.runtimes.process import AgentProcess

    StartAgent = Callable[[str], Awaitable[AgentProcess]]
    Tell = Callable[[], None]  # an answer to who waits for it

# A step whose agent died under it may not be the one to blame. Its second try has the agent for
# itself: if that dies too, it is.
ATTEMPTS = 2
GRACE_SECONDS = 30.0  # past a step's own timeout


@dataclass(order=True)
class _Job:
    priority: int
    number: int
    message: dict[str, Any] = field(compare=False)
    answer: asyncio.Future[dict[str, Any]] = field(compare=False)
    attempts: int = field(default=0, compare=False)


@dataclass
class _Agent:
    process: AgentProcess | None = None  # None while it starts
    running: int = 0
    suspected: bool = False  # what runs is a second try


class Scheduler:
    """Runs steps in agents: at most ``slots`` at once, at most ``alive`` agents."""

    def __init__(
        self,
        start: StartAgent,
        *,
        slots: int,
        alive: int,
        one_at_a_time: Callable[[str], bool] = lambda _: False,
        may_start: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._start = start
        self._may_start = may_start  # agents that would not have to wait for their environment
        self._one_at_a_time = one_at_a_time  # agents that run no two steps side by side
        self._free = slots
        self._alive = alive
        self._jobs: dict[str, list[_Job]] = defaultdict(list)
        self._open: Counter[str] = Counter()  # steps per agent that are not yet answered
        self._first: dict[str, int] = {}  # the best priority that an agent was announced with
        self._agents: dict[str, _Agent] = {}
        self._failed: dict[str, EnvironmentFailed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0
        self._stopped = False

    def announce(self, process: str, priority: int) -> None:
        """Say that a step of this agent is to come, so that the agent is kept for it."""
        self._open[process] += 1
        self._first[process] = min(priority, self._first.get(process, priority))

    def wake(self) -> None:
        """Look for what to do: something is there that was not."""
        self._dispatch()

    def done(self, process: str) -> None:
        """A step that was announced is settled, run or not."""
        self._open[process] -= 1
        self._dispatch()

    async def run(self, process: str, priority: int, message: dict[str, Any]) -> dict[str, Any]:
        """The agent's answer to a step.

        Raises:
            EnvironmentFailed: its agent does not start, or died under it again and again.
        """
        self._number += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._jobs[process], _Job(priority, self._number, message, answer))
        self._dispatch()
        return await answer

    async def stop(self) -> None:
        """End every agent, whatever it is doing."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ending = [agent.process.close() for agent in self._agents.values() if agent.process]
        self._agents.clear()
        await asyncio.gather(*ending, return_exceptions=True)

    def _dispatch(self) -> None:
        """Fill the free slots. Called whenever something changed."""
        if self._stopped:
            return
        self._retire()
        while self._free > 0 and self._take_next():
            pass

    def _take_next(self) -> bool:
        for process in self._in_order_of_need():
            agent = self._agents.get(process)
            if process in self._failed:
                self._refuse(process)
                continue
            if agent is None:
                if self._has_room(process):
                    self._agents[process] = _Agent()
                    self._go(partial(self._start_agent, process))
                    return True
            elif agent.process is not None and self._may_run(process, agent):
                job = heapq.heappop(self._jobs[process])
                agent.running += 1
                agent.suspected = job.attempts > 0
                job.attempts += 1
                self._go(partial(self._run_job, process, agent, job))
                return True
        return False

    def _may_run(self, process: str, agent: _Agent) -> bool:
        jobs = self._jobs[process]
        if not jobs or agent.suspected:
            return False
        if agent.running and self._one_at_a_time(process):
            return False
        return not (jobs[0].attempts and agent.running)

    def _in_order_of_need(self) -> Iterable[str]:
        """Agents with a step that is ready, by its turn; then those that will be needed."""
        ready = [(jobs[0].priority, process) for process, jobs in self._jobs.items() if jobs]
        later = [
            (self._first[process], process)
            for process, count in self._open.items()
            if count > 0
            and not self._jobs[process]
            and process not in self._agents
            and self._may_start(process)
        ]
        return [process for _, process in [*sorted(ready), *sorted(later)]]

    def _has_room(self, process: str) -> bool:
        """Whether another agent may start; one that has nothing to do makes room for a step."""
        if len(self._agents) < self._alive:
            return True
        if not self._jobs[process]:
            return False
        for other, agent in self._agents.items():
            if agent.process is not None and not agent.running and not self._jobs[other]:
                self._end(other)
                return True
        return False

    def _retire(self) -> None:
        """End the agents that no step needs any more."""
        for process, agent in list(self._agents.items()):
            if self._open[process] <= 0 and agent.process is not None and not agent.running:
                self._end(process)

    def _end(self, process: str) -> None:
        ended = self._agents.pop(process).process
        if ended is not None:
            self._keep(asyncio.ensure_future(ended.close()))

    def _refuse(self, process: str) -> None:
        for job in self._jobs.pop(process, []):
            if not job.answer.done():
                job.answer.set_exception(self._failed[process])

    def _go(self, work: Callable[[], Awaitable[Tell | None]]) -> None:
        self._free -= 1
        self._keep(asyncio.ensure_future(self._in_slot(work)))

    async def _in_slot(self, work: Callable[[], Awaitable[Tell | None]]) -> None:
        """Do what takes a slot, and tell what came of it once the slot is taken again."""
        tell = None
        try:
            tell = await work()
        finally:
            self._free += 1
            self._dispatch()
        if tell is not None:
            # The next step goes out first: who judges this one holds the interpreter's lock.
            asyncio.get_running_loop().call_soon(tell)

    def _keep(self, task: asyncio.Future[None]) -> None:
        """Hold a task: the loop itself holds only a weak reference to it."""
        if isinstance(task, asyncio.Task):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _start_agent(self, process: str) -> None:
        try:
            self._agents[process].process = await self._start(process)
        except EnvironmentFailed as error:
            self._failed[process] = error
        except Exception as error:  # noqa: BLE001  else its steps would wait for ever
            msg = f"the agent of {process} could not be started: {type(error).__name__}: {error}"
            self._failed[process] = EnvironmentFailed(msg)
        if process in self._failed:
            del self._agents[process]

    async def _run_job(self, process: str, agent: _Agent, job: _Job) -> Tell | None:
        outcome: dict[str, Any] | Exception | None = None
        try:
            if not job.answer.cancelled() and agent.process is not None:
                outcome = await self._answer(agent.process, job.message)
        except AgentDied as error:
            if self._agents.get(process) is agent:
                del self._agents[process]
            if job.attempts < ATTEMPTS:
                heapq.heappush(self._jobs[process], job)
            else:
                outcome = error
        except Exception as error:  # noqa: BLE001  else the step would be waited for for ever
            msg = f"a step could not be run: {type(error).__name__}: {error}"
            outcome = EnvironmentFailed(msg)
        finally:
            agent.running -= 1
            agent.suspected = False
        return None if outcome is None else partial(_settle, job.answer, outcome)

    @staticmethod
    async def _answer(process: AgentProcess, message: dict[str, Any]) -> dict[str, Any]:
        """The agent keeps its steps' time itself; past that it is the agent that hangs."""
        patience = message.get("timeout", 0.0) + GRACE_SECONDS
        try:
            return await asyncio.wait_for(process.step(message), patience)
        except (TimeoutError, asyncio.TimeoutError):
            await process.close()
            msg = f"the agent did not answer within {patience:g} s and was ended"
            raise AgentDied(msg) from None


def _settle(awaited: asyncio.Future[dict[str, Any]], outcome: dict[str, Any] | Exception) -> None:
    if awaited.done():
        return
    if isinstance(outcome, Exception):
        awaited.set_exception(outcome)
    else:
        awaited.set_result(outcome)
