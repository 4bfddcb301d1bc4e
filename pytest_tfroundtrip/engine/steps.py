"""Steps in agents: each agent is started for what it runs, in its runtime's environment."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.engine.runs import RunFolder
from pytest_tfroundtrip.engine.scheduler import Scheduler
from pytest_tfroundtrip.errors import AgentDied, EnvironmentFailed
from pytest_tfroundtrip.runtimes import prepare
from pytest_tfroundtrip.runtimes.process import AgentProcess, Hello
from pytest_tfroundtrip.runtimes.provider import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.cells import Save
    from pytest_tfroundtrip.engine.store import Store
    from pytest_tfroundtrip.runtimes.provider import Environment
    from pytest_tfroundtrip.settings import Settings

START_SECONDS = 180.0  # an agent's import of TensorFlow, on a cold disk and a busy machine
MEGABYTES_PER_AGENT = 700  # an agent after its import: 200 to 500 MB (measured, 1.15 to 2.21)


@dataclass
class AgentPlan:
    """An agent that is going to be needed."""

    key: str  # its runtime's process; for a model that nobody trusts, with the model
    runtime: Runtime  # any that it serves
    untrusted: bool = False
    roots: set[Path] = field(default_factory=set)  # of the models that it imports


class Steps:
    """Runs steps. But where it is said, its methods belong to the engine's loop."""

    def __init__(self, settings: Settings, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self.settings = settings
        self.environments: dict[str, Environment | EnvironmentFailed] = {}
        self.hellos: dict[str, Hello] = {}
        self.logs: dict[str, list[Path]] = {}
        self.providers = prepare.Providers(
            settings.cache, settings.provider, settings.limits, settings.jobs
        )
        self._store = store
        self._loop = loop
        self._scheduler: Scheduler
        self._folder: RunFolder | None = None
        self._agents: dict[str, AgentPlan] = {}
        self._needed: dict[str, Runtime] = {}  # environments that something has to run in
        self._awaited: dict[str, asyncio.Future[Environment]] = {}
        self._preparing = threading.Lock()

    def open(self) -> None:
        """Begin, in the loop's thread. No runtime is started before it is needed."""
        self._scheduler = Scheduler(
            self._start_agent,
            slots=self.settings.jobs,
            alive=max_alive(self.settings.jobs),
            one_at_a_time=lambda key: self._agents[key].untrusted,
            may_start=lambda key: self._is_there(self._agents[key].runtime),
        )

    async def close(self) -> None:
        """End every agent, whatever it is doing."""
        for future in self._awaited.values():
            future.cancel()
        await self._scheduler.stop()

    def remove_folder(self) -> None:
        """Remove the run's folder, but for what is kept."""
        if self._folder is not None:
            self._folder.remove()

    # Agents

    def agent(self, runtime: Runtime, *, apart: str = "") -> AgentPlan:
        """The agent of a runtime; ``apart`` tells one from the other agents of that runtime."""
        self.expect(runtime)
        self._needed.setdefault(runtime.environment, runtime)
        key = f"{runtime.process}-{apart}" if apart else runtime.process
        return self._agents.setdefault(key, AgentPlan(key, runtime, untrusted=bool(apart)))

    def agent_for(self, runtime: Runtime, save: Save) -> AgentPlan:
        """The agent that runs a step: one for a runtime, or one for each model nobody trusts."""
        if not self.settings.untrusts(save.model):
            return self.agent(runtime)
        model = f"{save.model.file}:{save.model.name}"
        digest = hashlib.sha256(model.encode()).hexdigest()[:8]
        return self.agent(runtime, apart=f"{_ODD.sub('_', save.model.name)}-{digest}")

    def task(
        self, agent: AgentPlan, priority: int, work: Coroutine[Any, Any, Any]
    ) -> asyncio.Task[Any]:
        """Work with a step of this agent in it, for which the agent is kept."""
        self._scheduler.announce(agent.key, priority)
        task = self.alone(work)
        task.add_done_callback(lambda _: self._scheduler.done(agent.key))
        return task

    def alone(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Work that announces its steps itself, when it knows them."""
        task = self._loop.create_task(work)
        # Nobody may ask for it (-x): its exception is not to be reported as never retrieved.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return task

    async def run(self, agent: AgentPlan, priority: int, message: dict[str, Any]) -> dict[str, Any]:
        """The agent's answer to a step.

        Raises:
            EnvironmentFailed: its runtime could not be had.
        """
        await self.environment(agent.runtime)
        message = {"type": "step", "timeout": self.settings.timeout, **message}
        try:
            return await self._scheduler.run(agent.key, priority, message)
        except AgentDied as error:
            if not agent.untrusted:
                raise
            # It ran this step alone, and twice: that is the model's doing.
            return {"status": "crashed", "exception": type(error).__name__, "message": str(error)}

    async def log(self, name: str, of: str) -> Path:
        """A new file for what a step's TensorFlow writes.

        Args:
            name: of the file, before it is made to be one.
            of: the key of the save or the load that the step is for: who waits for it may follow.
        """
        made = (await self.folder()).file(name, "log")
        self.logs.setdefault(of, []).append(made)
        return made

    async def folder(self) -> RunFolder:
        """Where the run's results and logs are."""
        if self._folder is None:
            self._folder = RunFolder.make(self.settings.cache, self.settings.keep)
            asyncio.get_running_loop().run_in_executor(None, self._store.sweep)
        return self._folder

    async def _start_agent(self, key: str) -> AgentProcess:
        wanted = self._agents[key]
        runtime = wanted.runtime
        environment = await self.environment(runtime)
        try:
            run = await self.folder()
            log, folder = run.file(f"agent-{key}", "log"), run.folder(f"agent-{key}-files")
        except OSError as error:
            raise EnvironmentFailed(self.unwritable(error)) from error
        reads = sorted(wanted.roots)
        if not wanted.untrusted:
            self._store.folder.mkdir(parents=True, exist_ok=True)
            reads.append(self._store.folder)
        workplace = Workplace(
            folder,
            tuple(reads),
            untrusted=wanted.untrusted,
            extensions=self.settings.apis.extensions,
        )
        launch = self.providers.of(runtime).command(environment, runtime, workplace)
        agent = AgentProcess(runtime)
        hello = await agent.start(launch, log=log, start_timeout=START_SECONDS)
        if wanted.untrusted and (why := _unguarded(hello)):
            await agent.close()
            msg = f"the agent of {key} cannot hold an untrusted model: {why}"
            raise EnvironmentFailed(msg)
        self.hellos[runtime.process] = hello
        return agent

    def unwritable(self, error: OSError) -> str:
        """What to do about a folder of ours that cannot be written."""
        folder = self.settings.keep or self.settings.cache
        return (
            f"{error}. The folder {folder} must be writable: choose another with --tf-cache=DIR"
            " (for results: --tf-keep=DIR)."
        )

    # Environments

    def expect(self, runtime: Runtime) -> None:
        """Note that a runtime is in the plan, whether anything will have to run in it or not."""
        if runtime.environment not in self._awaited:
            self._awaited[runtime.environment] = self._loop.create_future()

    def unprepared(self) -> list[Runtime]:
        """The runtimes that something runs under, whose environments are not known to be there."""
        return [runtime for name, runtime in self._needed.items() if name not in self.environments]

    def prepare(self, progress: Callable[[str], None], call: Callable[..., Any]) -> None:
        """Make the environments that are missing, in the calling thread, which is not the loop's.

        One that cannot be made is told to each step that needs it.

        Args:
            progress: takes a line for people.
            call: runs a coroutine in the loop.
        """
        with self._preparing:
            runtimes = self.unprepared()
            if runtimes:
                call(self.have(self.providers.prepare(runtimes, progress)))

    async def ready(self) -> None:
        """Take the environments that are there already."""
        await self.have(dict(await asyncio.to_thread(self.providers.ready, self.unprepared())))

    async def have(self, made: dict[str, Environment | EnvironmentFailed]) -> None:
        """Take environments, or why they could not be made."""
        for name, environment in made.items():
            self.environments[name] = environment
            future = self._awaited.setdefault(name, self._loop.create_future())
            if future.done():
                continue
            if isinstance(environment, EnvironmentFailed):
                future.set_exception(environment)
                future.exception()
            else:
                future.set_result(environment)
        self._scheduler.wake()

    def _is_there(self, runtime: Runtime) -> bool:
        found = self.environments.get(runtime.environment)
        return found is not None and not isinstance(found, EnvironmentFailed)

    async def until_prepared(self) -> None:
        """Wait until every environment that is needed is there, or known not to be."""
        await asyncio.gather(
            *(asyncio.shield(self._awaited[name]) for name in self._needed),
            return_exceptions=True,
        )

    async def environment(self, runtime: Runtime) -> Environment:
        """The runtime's environment, once it is there.

        Raises:
            EnvironmentFailed: it could not be had.
        """
        self.expect(runtime)  # before anybody else asks for what is made meanwhile
        if runtime.environment not in self._needed:
            # Its saves were all in the store, but one of them was damaged or is gone.
            self._needed[runtime.environment] = runtime
            await self.have(await asyncio.to_thread(self.providers.prepare, [runtime], _silent))
        return await asyncio.shield(self._awaited[runtime.environment])


def _unguarded(hello: Hello) -> str | None:
    """What an agent says of itself that makes it no guard; see agent/sandbox.py."""
    said = hello.raw.get("sandbox") or {}
    if not said.get("init"):
        return "it is not the first process of a container, so it cannot end what models leave"
    if said.get("dumpable") is not False:
        return "the kernel lets models look into it (prctl PR_SET_DUMPABLE)"
    return None


#: What names of folders may have in them, and names of files and containers not.
_ODD = re.compile(r"[^\w.-]")


def _silent(_: str) -> None:
    """Nobody is told: tests run already, and their terminal is captured."""


def max_alive(jobs: int) -> int:
    """How many agents may be alive at once, by the memory that is free."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            available = next(int(line.split()[1]) for line in file if "MemAvailable" in line)
    except (OSError, StopIteration):
        return max(4, jobs)
    return max(jobs, 2, available // 1024 * 2 // 3 // MEGABYTES_PER_AGENT)
