"""The engine: one per machine, in a thread of its own; tests ask it and wait for their own cell."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import shutil
import threading
import time
import traceback
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.engine import plan as planning
from pytest_tfroundtrip.engine.observe import observe_creation, observe_load, unanswered
from pytest_tfroundtrip.engine.runs import RunFolder
from pytest_tfroundtrip.engine.scheduler import Scheduler
from pytest_tfroundtrip.engine.store import Store, save_key
from pytest_tfroundtrip.errors import EnvironmentFailed, RoundTripError
from pytest_tfroundtrip.judge import ArtifactDamaged, read_record
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.runtimes import prepare
from pytest_tfroundtrip.runtimes.process import AgentProcess, Hello
from pytest_tfroundtrip.runtimes.uv import Uv
from pytest_tfroundtrip.vocabulary import Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.cells import Cell, Save
    from pytest_tfroundtrip.runtimes.provider import Environment
    from pytest_tfroundtrip.settings import Settings

START_SECONDS = 180.0  # an agent's import of TensorFlow, on a cold disk and a busy machine
MEGABYTES_PER_AGENT = 700  # an agent after its import: 200 to 500 MB (measured, 1.15 to 2.21)


@dataclass(frozen=True)
class Saved:
    """An artifact, or why there is none."""

    folder: Path | None
    failure: Observation | None = None
    reused: bool = False
    seconds: float = 0.0
    log: Path | None = None


@dataclass(frozen=True)
class Facts:
    """What a run knows of itself, for its header and its report."""

    environments: dict[str, Environment | EnvironmentFailed] = field(default_factory=dict)
    hellos: dict[str, Hello] = field(default_factory=dict)


class Engine:
    """Runs the cells of a run. Its public methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.plan = planning.Plan()
        self.facts = Facts()
        self.observations: dict[str, Observation] = {}
        self.store = Store(settings.cache / "artifacts")
        self._folder: RunFolder | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="tf-roundtrip", daemon=True)
        self._scheduler: Scheduler
        self._environments: dict[str, asyncio.Future[Environment]] = {}
        self._saves: dict[str, asyncio.Task[Saved]] = {}
        self._loads: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._runtimes: dict[str, Runtime] = {}  # by process: any runtime that it serves
        self._stopped = False
        self._uv = Uv()
        self._preparing = threading.Lock()

    # Life

    def start(self) -> None:
        """Start the engine's thread. No runtime is started before it is needed."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what has not begun, end every agent, remove the run's folder. Again is no harm."""
        if self._stopped or not self._thread.is_alive():
            return
        self._stopped = True
        self._uv.stop()  # an environment may be under way, in a thread of the server
        with contextlib.suppress(TimeoutError, concurrent.futures.TimeoutError):
            self.call(self._stop(), timeout=20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        if self._folder is not None:
            self._folder.remove()

    def call(self, work: Coroutine[Any, Any, Any], timeout: float | None = None) -> Any:
        """Run a coroutine in the engine's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    # What tests ask

    def submit(self, cells: Iterable[Cell]) -> None:
        """Take cells into the plan and begin with those whose environments are there."""
        self.call(self._submit(list(cells)))

    def unprepared(self) -> list[Runtime]:
        """The runtimes of the plan whose environments are not known to be there yet."""
        return [
            runtime
            for runtime in self.plan.runtimes()
            if runtime.environment not in self.facts.environments
        ]

    def stored(self) -> int:
        """How many saves of the plan the store has already."""
        found: int = self.call(self._stored())
        return found

    def prepare(self, progress: Callable[[str], None]) -> None:
        """Make the environments that the plan needs, in the calling thread.

        One that cannot be made is told to each cell that needs it (``env_error``).
        """
        with self._preparing:
            runtimes = self.unprepared()
            if runtimes:
                made = prepare.prepare_all(
                    runtimes,
                    provider=self.settings.provider,
                    cache=self.settings.cache,
                    progress=progress,
                    uv=self._uv,
                )
                if not self._stopped:
                    self.call(self._have(made))

    def wait_until_prepared(self) -> None:
        """Block until every environment that the plan needs is there, or known not to be."""
        self.call(self._until_prepared())

    def observe(self, cell: Cell) -> Observation:
        """Block until the cell's result is there."""
        found: Observation = self.call(self.observation(cell))
        return found

    # The loop's side

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._scheduler = Scheduler(
            self._start_agent, slots=self.settings.jobs, alive=max_alive(self.settings.jobs)
        )
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _stop(self) -> None:
        tasks = [*self._saves.values(), *self._loads.values()]
        for task in tasks:
            task.cancel()
        for future in self._environments.values():
            future.cancel()
        await self._scheduler.stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _submit(self, cells: list[Cell]) -> None:
        first = len(self.plan.cells)
        saves, loads = self.plan.add(cells)
        order: dict[str, int] = {}
        for number, cell in enumerate(cells, start=first):
            order.setdefault(planning.save_key(cell.save), number)
            load = planning.load_of(cell)
            if load is not None:
                order.setdefault(planning.load_key(load), number)
        for runtime in self.plan.runtimes():
            self._runtimes.setdefault(runtime.process, runtime)
            if runtime.environment not in self._environments:
                self._environments[runtime.environment] = self._loop.create_future()
        for key in saves:
            process = self.plan.saves[key].runtime.process
            self._scheduler.announce(process, order[key])
            self._saves[key] = self._task(process, self._save(self.plan.saves[key], order[key]))
        for key in loads:
            load = self.plan.loads[key]
            self._scheduler.announce(load.runtime.process, order[key])
            work = self._load(load, order[key])
            self._loads[key] = self._task(load.runtime.process, work)
        found = prepare.ready(
            self.unprepared(), provider=self.settings.provider, cache=self.settings.cache
        )
        await self._have(dict(found))

    def _task(self, process: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self._loop.create_task(work)
        task.add_done_callback(lambda _: self._scheduler.done(process))
        # Nobody may ask for it (-x): its exception is not to be reported as never retrieved.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return task

    async def _have(self, made: dict[str, Environment | EnvironmentFailed]) -> None:
        for name, environment in made.items():
            self.facts.environments[name] = environment
            future = self._environments.setdefault(name, self._loop.create_future())
            if future.done():
                continue
            if isinstance(environment, EnvironmentFailed):
                future.set_exception(environment)
                future.exception()
            else:
                future.set_result(environment)

    async def _stored(self) -> int:
        return await asyncio.to_thread(
            lambda: sum(
                self.store.find(save_key(save, environment.lock), save.model.root) is not None
                for save in self.plan.saves.values()
                if not isinstance(
                    environment := self.facts.environments.get(save.runtime.environment),
                    (EnvironmentFailed, type(None)),
                )
            )
        )

    async def _until_prepared(self) -> None:
        await asyncio.gather(
            *(asyncio.shield(future) for future in self._environments.values()),
            return_exceptions=True,
        )

    async def _start_agent(self, process: str) -> AgentProcess:
        runtime = self._runtimes[process]
        environment = await asyncio.shield(self._environments[runtime.environment])
        provider = prepare.provider_of(
            runtime, provider=self.settings.provider, cache=self.settings.cache
        )
        agent = AgentProcess(runtime)
        try:
            log = (await self._run_folder()).file(f"agent-{process}", "log")
        except OSError as error:
            raise EnvironmentFailed(self._unwritable(error)) from error
        hello = await agent.start(
            provider.command(environment, runtime), log=log, start_timeout=START_SECONDS
        )
        self.facts.hellos[process] = hello
        return agent

    async def _run_folder(self) -> RunFolder:
        if self._folder is None:
            self._folder = RunFolder.make(self.settings.cache, self.settings.keep)
            asyncio.get_running_loop().run_in_executor(None, self.store.sweep)
        return self._folder

    async def _save(self, save: Save, priority: int) -> Saved:
        environment = await asyncio.shield(self._environments[save.runtime.environment])
        key = save_key(save, environment.lock)
        root = save.model.root
        found = await asyncio.to_thread(self.store.find, key, root)
        if found is not None:
            return Saved(found, reused=True)
        run = await self._run_folder()
        log = run.file(save.id, "log")
        making = self.store.making()
        message = {
            "action": "save",
            "saver": save.saver.base,
            "variant": save.saver.variant,
            "behavior": save.runtime.behavior and str(save.runtime.behavior),
            "model": {
                "file": str(save.model.file),
                "class": save.model.name,
                "root": str(root),
            },
            "seed": save.seed,
            "folder": str(making),
            "log": str(log),
        }
        began = time.time()
        try:
            answer = await self._step(save.runtime, priority, message)
        except BaseException:  # cancelled, too
            shutil.rmtree(making, ignore_errors=True)
            raise
        seconds = float(answer.get("seconds", 0.0))
        if answer["status"] != "ok" or answer.get("absent"):
            shutil.rmtree(making, ignore_errors=True)
            return Saved(None, unanswered(answer, Stage.SAVE, log), seconds=seconds, log=log)
        kept = await asyncio.to_thread(
            partial(self.store.keep, making, key, root, answer["sources"], began=began)
        )
        return Saved(kept, seconds=seconds, log=log)

    async def _load(self, load: planning.Load, priority: int) -> dict[str, Any]:
        """The agent's answer, or an Observation where there was nothing to ask an agent."""
        saved = await asyncio.shield(self._saves[planning.save_key(load.save)])
        if saved.folder is None:
            return {"unsaved": saved.failure}
        run = await self._run_folder()
        name = f"{load.save.id}-to-{load.loader.name}_{load.runtime.name}-{load.operation}"
        folder, log = run.folder(name), run.file(name, "log")
        answer = await self._step(
            load.runtime,
            priority,
            {
                "action": "load",
                "operation": str(load.operation),
                "loader": load.loader.base,
                "variant": load.loader.variant,
                "behavior": load.runtime.behavior and str(load.runtime.behavior),
                "artifact": str(saved.folder),
                "folder": str(folder),
                "log": str(log),
            },
        )
        return {**answer, "artifact": saved, "folder": folder, "log": log}

    async def _step(
        self, runtime: Runtime, priority: int, message: dict[str, Any]
    ) -> dict[str, Any]:
        await asyncio.shield(self._environments[runtime.environment])
        timeout = self.settings.timeout
        message = {"type": "step", "timeout": timeout, **message}
        return await self._scheduler.run(runtime.process, priority, message)

    async def observation(self, cell: Cell) -> Observation:
        """What was seen of a cell, judged once."""
        if cell.key not in self.plan.cells:
            await self._submit([cell])
        if cell.key not in self.observations:
            try:
                self.observations[cell.key] = await self._observation(cell)
            except ArtifactDamaged as error:
                await asyncio.to_thread(self._remove_artifact, cell)
                message = f"{error}\nWhat was damaged is removed from the store: run again."
                self.observations[cell.key] = Observation(
                    Verdict.ENV_ERROR, Stage.ENV, type(error).__name__, message
                )
            except RoundTripError as error:
                self.observations[cell.key] = Observation(
                    Verdict.ENV_ERROR, Stage.ENV, type(error).__name__, str(error)
                )
            except OSError as error:
                self.observations[cell.key] = Observation(
                    Verdict.ENV_ERROR, Stage.ENV, type(error).__name__, self._unwritable(error)
                )
            except Exception as error:  # noqa: BLE001  a fault of ours is told with its cell
                message = f"a fault of pytest-tfroundtrip, please report it: {error}"
                self.observations[cell.key] = Observation(
                    Verdict.ENV_ERROR,
                    Stage.ENV,
                    type(error).__name__,
                    message,
                    "".join(traceback.format_exception(error)),
                )
        return self.observations[cell.key]

    def _unwritable(self, error: OSError) -> str:
        folder = self.settings.keep or self.settings.cache
        return (
            f"{error}. The folder {folder} must be writable: choose another with --tf-cache=DIR"
            " (for results: --tf-keep=DIR)."
        )

    def _remove_artifact(self, cell: Cell) -> None:
        saved = self._saves[planning.save_key(cell.save)].result()
        if saved.folder is None:
            return
        try:
            read_record(saved.folder)
        except ArtifactDamaged:  # it is the artifact, not what a load wrote
            shutil.rmtree(saved.folder, ignore_errors=True)

    async def _observation(self, cell: Cell) -> Observation:
        load = planning.load_of(cell)
        if load is None:
            saved = await asyncio.shield(self._saves[planning.save_key(cell.save)])
            if saved.folder is None:
                return saved.failure or Observation(Verdict.UNSAVED, Stage.SAVE)
            return await asyncio.to_thread(observe_creation, cell, saved.folder, saved)
        answer = await asyncio.shield(self._loads[planning.load_key(load)])
        return await asyncio.to_thread(observe_load, cell, answer)


def max_alive(jobs: int) -> int:
    """How many agents may be alive at once, by the memory that is free."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            available = next(int(line.split()[1]) for line in file if "MemAvailable" in line)
    except (OSError, StopIteration):
        return max(4, jobs)
    return max(jobs, 2, available // 1024 * 2 // 3 // MEGABYTES_PER_AGENT)
