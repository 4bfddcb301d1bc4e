"""The engine: one per machine, in a thread of its own; tests ask it and wait for their own cell."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import hashlib
import shutil
import threading
import time
import traceback
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.engine import plan as planning
from pytest_tfroundtrip.engine.observe import (
    observe_creation,
    observe_load,
    observe_resave,
    unanswered,
)
from pytest_tfroundtrip.engine.runs import RunFolder
from pytest_tfroundtrip.engine.scheduler import Scheduler
from pytest_tfroundtrip.engine.store import Store, resave_key, save_key
from pytest_tfroundtrip.errors import AgentDied, EnvironmentFailed, RoundTripError
from pytest_tfroundtrip.judge import ArtifactDamaged, read_record
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.runtimes import prepare
from pytest_tfroundtrip.runtimes.process import AgentProcess, Hello
from pytest_tfroundtrip.runtimes.provider import Workplace
from pytest_tfroundtrip.statement import Trial
from pytest_tfroundtrip.vocabulary import Operation, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.cells import Cell, Save
    from pytest_tfroundtrip.promises.cases import Case
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
    stored: dict[str, Path] = field(default_factory=dict)  # save: its artifact, there before


@dataclass
class AgentPlan:
    """An agent that is going to be needed."""

    key: str  # its runtime's process; for a model that nobody trusts, with the model
    runtime: Runtime  # any that it serves
    roots: set[Path] = field(default_factory=set)  # of the models that it imports


class Engine:
    """Runs the cells of a run. Its public methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.plan = planning.Plan()
        self.facts = Facts()
        self.observations: dict[str, Observation] = {}
        self.tried: dict[str, Observation] = {}  # by the trial's id
        self.store = Store(settings.store or settings.cache / "artifacts")
        self._folder: RunFolder | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="tf-roundtrip", daemon=True)
        self._scheduler: Scheduler
        self._environments: dict[str, asyncio.Future[Environment]] = {}
        self._saves: dict[str, asyncio.Task[Saved]] = {}
        self._loads: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._trials: dict[str, asyncio.Task[Observation]] = {}
        self._written: dict[tuple[str, str, str], asyncio.Task[Path]] = {}
        self._agents: dict[str, AgentPlan] = {}
        self._needed: dict[str, Runtime] = {}  # environments that something has to run in
        self._stopped = False
        self._providers = prepare.Providers(
            settings.cache, settings.provider, settings.limits, settings.jobs
        )
        self._preparing = threading.Lock()
        self._submitting = asyncio.Lock()

    # Life

    def start(self) -> None:
        """Start the engine's thread. No runtime is started before it is needed."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what has not begun, end every agent, remove the run's folder. Again is no harm."""
        if self._stopped or not self._thread.is_alive():
            return
        self._stopped = True
        self._providers.stop()  # an environment may be under way, in a thread of the server
        with contextlib.suppress(TimeoutError, concurrent.futures.TimeoutError):
            self.call(self._stop(), timeout=20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self.store.close()
        if self._folder is not None:
            self._folder.remove()

    def call(self, work: Coroutine[Any, Any, Any], timeout: float | None = None) -> Any:
        """Run a coroutine in the engine's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    # What tests ask

    def submit(self, cells: Iterable[Cell], trials: Iterable[Trial] = ()) -> None:
        """Take cells and trials into the plan; begin with those whose environments are there."""
        self.call(self._submit(list(cells), list(trials)))

    def unprepared(self) -> list[Runtime]:
        """The runtimes that something runs under, whose environments are not known to be there."""
        return [
            runtime for name, runtime in self._needed.items() if name not in self.facts.environments
        ]

    def prepare(self, progress: Callable[[str], None]) -> None:
        """Make the environments that the plan needs, in the calling thread.

        One that cannot be made is told to each cell that needs it (``env_error``).
        """
        with self._preparing:
            runtimes = self.unprepared()
            if runtimes:
                made = self._providers.prepare(runtimes, progress)
                if not self._stopped:
                    self.call(self._have(made))

    def wait_until_prepared(self) -> None:
        """Block until every environment that the plan needs is there, or known not to be."""
        self.call(self._until_prepared())

    def observe(self, cell: Cell) -> Observation:
        """Block until the cell's result is there."""
        found: Observation = self.call(self.observation(cell))
        return found

    def observe_trial(self, trial: Trial) -> Observation:
        """Block until the result of a case under a runtime is there."""
        found: Observation = self.call(self.trial(trial))
        return found

    def artifact(self, save: Save) -> Path | str | None:
        """The artifact of a save, why there is none, or None where nobody asked for the save."""
        task = self._saves.get(planning.save_key(save))
        if task is None:
            return None
        if not task.done() or task.cancelled():
            return "it was not saved before the run ended"
        if error := task.exception():
            return str(error)
        saved = task.result()
        if saved.folder is None and saved.failure is not None:
            return f"{saved.failure.verdict}: {saved.failure.message.strip()}"
        return saved.folder

    # The loop's side

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._scheduler = Scheduler(
            self._start_agent,
            slots=self.settings.jobs,
            alive=max_alive(self.settings.jobs),
            one_at_a_time=self.settings.untrusted,
        )
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _stop(self) -> None:
        tasks = [*self._saves.values(), *self._loads.values(), *self._trials.values()]
        tasks += self._written.values()
        for task in tasks:
            task.cancel()
        for future in self._environments.values():
            future.cancel()
        await self._scheduler.stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _submit(self, cells: list[Cell], trials: list[Trial]) -> None:
        # One at a time: another worker may ask for the same cells before their tasks are there.
        async with self._submitting:
            self._take_trials(trials)
            await self._take(cells)

    def _take_trials(self, trials: list[Trial]) -> None:
        for trial in trials:
            if trial.id in self._trials:
                continue
            self.plan.trials[trial.id] = trial
            priority = len(self.plan.cells) + len(self.plan.trials)
            agent = self._agent(trial.runtime)
            self._scheduler.announce(agent.key, priority)
            self._trials[trial.id] = self._task(agent.key, self._trial(trial, priority))

    def _agent(self, runtime: Runtime) -> AgentPlan:
        """The agent of a runtime that runs what is our own."""
        self._needed.setdefault(runtime.environment, runtime)
        if runtime.environment not in self._environments:
            self._environments[runtime.environment] = self._loop.create_future()
        return self._agents.setdefault(runtime.process, AgentPlan(runtime.process, runtime))

    async def _take(self, cells: list[Cell]) -> None:
        first = len(self.plan.cells)
        saves, loads = self.plan.add(cells)
        order: dict[str, int] = {}
        for number, cell in enumerate(cells, start=first):
            for save in (cell.artifact.original, cell.artifact):
                order.setdefault(planning.save_key(save), number)
            load = planning.load_of(cell)
            if load is not None:
                order.setdefault(planning.load_key(load), number)
        for runtime in self.plan.runtimes():
            if runtime.environment not in self._environments:
                self._environments[runtime.environment] = self._loop.create_future()
        stored = await asyncio.to_thread(self._find, [self.plan.saves[key] for key in saves])
        self.facts.stored.update(stored)
        for key in saves:
            save = self.plan.saves[key]
            if key in stored:
                self._saves[key] = self._loop.create_task(_already(stored[key]))
                continue
            agent = self._agent_for(save.writer, save)
            if save.resaved is None:
                agent.roots.add(self._root(save))
            self._scheduler.announce(agent.key, order[key])
            make = self._save if save.resaved is None else self._resave
            self._saves[key] = self._task(agent.key, make(save, order[key]))
        for key in loads:
            load = self.plan.loads[key]
            agent = self._agent_for(load.runtime, load.save)
            self._scheduler.announce(agent.key, order[key])
            self._loads[key] = self._task(agent.key, self._load(load, order[key]))
        await self._have(dict(await asyncio.to_thread(self._providers.ready, self.unprepared())))

    def _agent_for(self, runtime: Runtime, save: Save) -> AgentPlan:
        """The agent that runs a step: one for a runtime, or one for each model nobody trusts."""
        self._needed.setdefault(runtime.environment, runtime)
        key = runtime.process
        if self.settings.untrusted:
            model = f"{save.model.file}:{save.model.name}"
            digest = hashlib.sha256(model.encode()).hexdigest()[:8]
            key = f"{runtime.process}-{save.model.name}-{digest}"
        return self._agents.setdefault(key, AgentPlan(key, runtime))

    def _root(self, save: Save) -> Path:
        """What a save sees of the user's files: of an untrusted model, its own folder."""
        return save.model.file.parent if self.settings.untrusted else save.model.root

    def _find(self, saves: list[Save]) -> dict[str, Path]:
        """The artifacts that are in the store already; no environment is needed to tell."""
        locks: dict[str, str | None] = {}
        found: dict[str, Path] = {}
        for save in saves:  # what is saved again after what it is made from
            name = save.writer.environment
            if name not in locks:
                try:
                    locks[name] = self._providers.of(save.writer).lock(save.writer)
                except EnvironmentFailed:  # told when it is prepared
                    locks[name] = None
            if (lock := locks[name]) is None:
                continue
            if save.resaved is None:
                key = save_key(save, lock)
            else:
                original = found.get(planning.save_key(save.original))
                original = original or self._already_found(save.original)
                if original is None:
                    continue
                key = resave_key(save, lock, original)
            if there := self.store.find(key, save.model.root):
                found[planning.save_key(save)] = there
        return found

    def _already_found(self, save: Save) -> Path | None:
        """The artifact of an earlier submission, if it was in the store."""
        return self.facts.stored.get(planning.save_key(save))

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

    async def _until_prepared(self) -> None:
        await asyncio.gather(
            *(asyncio.shield(self._environments[name]) for name in self._needed),
            return_exceptions=True,
        )

    async def _environment(self, runtime: Runtime) -> Environment:
        """The runtime's environment, once it is there."""
        if runtime.environment not in self._needed:
            # Its saves were all in the store, but one of them was damaged or is gone.
            self._needed[runtime.environment] = runtime
            await self._have(await asyncio.to_thread(self._providers.prepare, [runtime], _silent))
        return await asyncio.shield(self._environments[runtime.environment])

    async def _start_agent(self, key: str) -> AgentProcess:
        wanted = self._agents[key]
        runtime = wanted.runtime
        environment = await self._environment(runtime)
        try:
            run = await self._run_folder()
            log, folder = run.file(f"agent-{key}", "log"), run.folder(f"agent-{key}-files")
        except OSError as error:
            raise EnvironmentFailed(self._unwritable(error)) from error
        reads = sorted(wanted.roots)
        if not self.settings.untrusted:
            self.store.folder.mkdir(parents=True, exist_ok=True)
            reads.append(self.store.folder)
        workplace = Workplace(
            folder,
            tuple(reads),
            untrusted=self.settings.untrusted,
            extensions=self.settings.apis.extensions,
        )
        launch = self._providers.of(runtime).command(environment, runtime, workplace)
        agent = AgentProcess(runtime)
        hello = await agent.start(launch, log=log, start_timeout=START_SECONDS)
        if self.settings.untrusted and (why := _unguarded(hello)):
            await agent.close()
            msg = f"the agent of {key} cannot hold an untrusted model: {why}"
            raise EnvironmentFailed(msg)
        self.facts.hellos[runtime.process] = hello
        return agent

    async def _run_folder(self) -> RunFolder:
        if self._folder is None:
            self._folder = RunFolder.make(self.settings.cache, self.settings.keep)
            asyncio.get_running_loop().run_in_executor(None, self.store.sweep)
        return self._folder

    async def _save(self, save: Save, priority: int) -> Saved:
        environment = await self._environment(save.runtime)
        key = save_key(save, environment.lock)
        found = await asyncio.to_thread(self.store.find, key, save.model.root)
        if found is not None:
            return Saved(found, reused=True)
        message = {
            "action": "save",
            "saver": save.saver.base,
            "variant": save.saver.variant,
            "model": {
                "file": str(save.model.file),
                "class": save.model.name,
                "root": str(self._root(save)),
            },
            "seed": save.seed,
        }
        return await self._make(save, priority, key, message)

    async def _resave(self, save: Save, priority: int) -> Saved:
        """Load what another runtime saved, and save that again."""
        original = await asyncio.shield(self._saves[planning.save_key(save.original)])
        if original.folder is None:
            return original
        environment = await self._environment(save.writer)
        key = resave_key(save, environment.lock, original.folder)
        found = await asyncio.to_thread(self.store.find, key, save.model.root)
        if found is not None:
            return Saved(found, reused=True)
        message = {"action": "resave", "artifact": str(original.folder)}
        return await self._make(save, priority, key, message)

    async def _make(self, save: Save, priority: int, key: str, message: dict[str, Any]) -> Saved:
        """Have an agent make an artifact, and keep it."""
        run = await self._run_folder()
        log = run.file(save.id, "log")
        making = self.store.making()
        message = {
            **message,
            "behavior": save.writer.behavior and str(save.writer.behavior),
            "folder": str(making),
            "log": str(log),
        }
        began = time.time()
        try:
            answer = await self._step(self._agent_for(save.writer, save), priority, message)
        except BaseException:  # cancelled, too
            shutil.rmtree(making, ignore_errors=True)
            raise
        seconds = float(answer.get("seconds", 0.0))
        if answer["status"] != "ok" or answer.get("absent"):
            shutil.rmtree(making, ignore_errors=True)
            return Saved(None, unanswered(answer, Stage.SAVE, log), seconds=seconds, log=log)
        root, sources = save.model.root, answer.get("sources", ())
        kept = await asyncio.to_thread(
            partial(self.store.keep, making, key, root, sources, began=began)
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
            self._agent_for(load.runtime, load.save),
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
        self, agent: AgentPlan, priority: int, message: dict[str, Any]
    ) -> dict[str, Any]:
        await self._environment(agent.runtime)
        message = {"type": "step", "timeout": self.settings.timeout, **message}
        try:
            return await self._scheduler.run(agent.key, priority, message)
        except AgentDied as error:
            if not self.settings.untrusted:
                raise
            # It ran this step alone, and twice: that is the model's doing.
            return {"status": "crashed", "exception": type(error).__name__, "message": str(error)}

    async def trial(self, trial: Trial) -> Observation:
        """What was seen of a case under a runtime."""
        if trial.id not in self._trials:
            await self._submit([], [trial])
        seen = self.tried[trial.id] = await asyncio.shield(self._trials[trial.id])
        return seen

    async def _trial(self, trial: Trial, priority: int) -> Observation:
        try:
            given = await self._given(trial.case, priority)
            function = trial.case.function
            return await self._case(trial, trial.runtime, function, priority, given)
        except (RoundTripError, OSError) as error:
            return Observation(Verdict.ENV_ERROR, Stage.ENV, type(error).__name__, str(error))

    async def _given(self, case: Case, priority: int) -> Path | None:
        """What a case is given: written once, under the runtime that the case names."""
        if case.written_by is None or case.writes is None:
            return None
        wanted = (case.module, case.writes, case.written_by)  # cases may ask for the same
        if wanted not in self._written:
            writer = Trial(case, parse_runtime(case.written_by))
            agent = self._agent(writer.runtime)
            self._scheduler.announce(agent.key, priority)
            self._written[wanted] = self._task(agent.key, self._write(writer, priority))
        return await asyncio.shield(self._written[wanted])

    async def _write(self, writer: Trial, priority: int) -> Path:
        # Where containers see it: below the store.
        folder = await asyncio.to_thread(self.store.making)
        function = str(writer.case.writes)
        seen = await self._case(writer, writer.runtime, function, priority, folder)
        if seen.verdict is not Verdict.SAME:
            msg = f"{writer.case.id}: {function} failed under {writer.runtime}: {seen.message}"
            raise EnvironmentFailed(msg)
        return folder

    async def _case(
        self, trial: Trial, runtime: Runtime, function: str, priority: int, given: Path | None
    ) -> Observation:
        run = await self._run_folder()
        log = run.file(f"{trial.id}-{function}", "log")
        answer = await self._step(
            self._agent(runtime),
            priority,
            {
                "action": "case",
                "module": trial.case.module,
                "function": function,
                "given": given and str(given),
                "behavior": runtime.behavior and str(runtime.behavior),
                "folder": str(run.folder(f"{trial.id}-{function}-files")),
                "log": str(log),
            },
        )
        if answer["status"] != "ok":
            return unanswered(answer, Stage.CALL, log)
        seconds = float(answer.get("seconds", 0.0))
        return Observation(Verdict.SAME, message=str(answer["said"]), seconds=seconds, log=str(log))

    async def observation(self, cell: Cell) -> Observation:
        """What was seen of a cell, judged once."""
        if cell.key not in self.plan.cells:
            await self._submit([cell], [])
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
        for save in (cell.artifact.original, cell.artifact):
            saved = self._saves[planning.save_key(save)].result()
            if saved.folder is None:
                continue
            try:
                read_record(saved.folder)
            except ArtifactDamaged:  # it is the artifact, not what a load wrote
                shutil.rmtree(saved.folder, ignore_errors=True)

    async def _observation(self, cell: Cell) -> Observation:
        load = planning.load_of(cell)
        if load is None:
            saved = await asyncio.shield(self._saves[planning.save_key(cell.artifact)])
            if cell.operation is Operation.CREATION:
                return await asyncio.to_thread(observe_creation, cell, saved)
            original = await asyncio.shield(self._saves[planning.save_key(cell.save)])
            return await asyncio.to_thread(observe_resave, cell, saved, original)
        answer = await asyncio.shield(self._loads[planning.load_key(load)])
        return await asyncio.to_thread(observe_load, cell, answer)


def _unguarded(hello: Hello) -> str | None:
    """What an agent says of itself that makes it no guard; see agent/sandbox.py."""
    said = hello.raw.get("sandbox") or {}
    if not said.get("init"):
        return "it is not the first process of a container, so it cannot end what models leave"
    if said.get("dumpable") is not False:
        return "the kernel lets models look into it (prctl PR_SET_DUMPABLE)"
    return None


async def _already(artifact: Path) -> Saved:
    return Saved(artifact, reused=True)


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
