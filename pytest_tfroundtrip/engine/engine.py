"""The engine: one per machine, in a thread of its own; tests ask it and wait for their own cell."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.engine import plan as planning
from pytest_tfroundtrip.engine.artifacts import Artifacts
from pytest_tfroundtrip.engine.observe import observe_creation, observe_load, observe_resave
from pytest_tfroundtrip.engine.predictions import Predictions
from pytest_tfroundtrip.engine.steps import Steps
from pytest_tfroundtrip.engine.store import Store
from pytest_tfroundtrip.engine.trials import Trials
from pytest_tfroundtrip.errors import RoundTripError
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.judge import ArtifactDamaged
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.vocabulary import Operation, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.cells import Cell, Save
    from pytest_tfroundtrip.errors import EnvironmentFailed
    from pytest_tfroundtrip.runtimes.process import Hello
    from pytest_tfroundtrip.runtimes.provider import Environment
    from pytest_tfroundtrip.settings import Settings
    from pytest_tfroundtrip.statement import Trial

FOLLOW_SECONDS = 0.1  # between two looks at what a step has written


@dataclass(frozen=True)
class Facts:
    """What a run knows of itself, for its header and its report."""

    environments: Mapping[str, Environment | EnvironmentFailed]
    hellos: Mapping[str, Hello]
    stored: Mapping[str, Path]  # save: its artifact, there before


class Engine:
    """Runs the cells of a run. Its public methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.plan = planning.Plan()
        self.observations: dict[str, Observation] = {}
        self.tried: dict[str, Observation] = {}  # by the trial's id
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="tf-roundtrip", daemon=True)
        self._store = Store(settings.store or settings.cache / "artifacts")
        self._steps = Steps(settings, self._store, self._loop)
        self._artifacts = Artifacts(self._steps, self._store)
        self._trials = Trials(self._steps, self._store)
        self._predictions = Predictions()
        self._loads: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._stopped = False
        self._submitting = asyncio.Lock()

    @property
    def facts(self) -> Facts:
        """What the run knows of itself by now."""
        steps = self._steps
        return Facts(steps.environments, steps.hellos, self._artifacts.stored)

    # Life

    def start(self) -> None:
        """Start the engine's thread. No runtime is started before it is needed."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what has not begun, end every agent, remove the run's folder. Again is no harm."""
        if self._stopped or not self._thread.is_alive():
            return
        self._stopped = True
        # An environment may be under way, in a thread of the server.
        self._steps.providers.stop()
        with contextlib.suppress(TimeoutError, concurrent.futures.TimeoutError):
            self.call(self._stop(), timeout=20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._store.close()
        self._steps.remove_folder()

    def call(self, work: Coroutine[Any, Any, Any], timeout: float | None = None) -> Any:
        """Run a coroutine in the engine's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    # What tests ask

    def submit(self, cells: Iterable[Cell], trials: Iterable[Trial] = ()) -> None:
        """Take cells and trials into the plan; begin with those whose environments are there."""
        self.call(self.submission(list(cells), list(trials)))

    def unprepared(self) -> list[Runtime]:
        """The runtimes that something runs under, whose environments are not known to be there."""
        return self._steps.unprepared()

    def prepare(self, progress: Callable[[str], None]) -> None:
        """Make the environments that the plan needs, in the calling thread.

        One that cannot be made is told to each cell that needs it (``env_error``).
        """
        self._steps.prepare(progress, self._call_if_running)

    def wait_until_prepared(self) -> None:
        """Block until every environment that the plan needs is there, or known not to be."""
        self.call(self._steps.until_prepared())

    def observe(
        self, cell: Cell, follow: Callable[[Iterable[Path]], None] | None = None
    ) -> Observation:
        """Block until the cell's result is there.

        Args:
            cell: the cell.
            follow: takes the logs of its steps, again and again while it is waited for and once
                when it is there.
        """
        asked = asyncio.run_coroutine_threadsafe(self.observation(cell), self._loop)
        while follow is not None:
            concurrent.futures.wait([asked], FOLLOW_SECONDS)
            follow(self.logs(cell))
            if asked.done():
                break
        return asked.result()

    def logs(self, cell: Cell) -> tuple[Path, ...]:
        """What the steps for a cell write to by now, those of its artifact first."""
        load = planning.load_of(cell)
        keys = [planning.save_key(cell.artifact)]
        keys += [planning.load_key(load)] if load else []
        return tuple(log for key in keys for log in self._steps.logs.get(key, ()))

    def observe_trial(self, trial: Trial) -> Observation:
        """Block until the result of a case under a runtime is there."""
        found: Observation = self.call(self.trial(trial))
        return found

    def artifact(self, save: Save) -> Path | str | None:
        """The artifact of a save, why there is none, or None where nobody asked for the save."""
        return self._artifacts.known(save)

    # The loop's side

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._steps.open()
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _call_if_running(self, work: Coroutine[Any, Any, Any]) -> None:
        if self._stopped:
            work.close()
        else:
            self.call(work)

    async def _stop(self) -> None:
        tasks: list[asyncio.Task[Any]] = [*self._artifacts.tasks.values(), *self._loads.values()]
        for task in tasks:
            task.cancel()
        tasks += self._trials.cancel()
        await self._steps.close()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def submission(self, cells: list[Cell], trials: list[Trial]) -> None:
        """Take cells and trials into the plan, as :meth:`submit`."""
        # One at a time: another worker may ask for the same cells before their tasks are there.
        async with self._submitting:
            new = [trial for trial in trials if trial.id not in self.plan.trials]
            first = len(self.plan.cells) + len(self.plan.trials)
            self.plan.trials.update((trial.id, trial) for trial in new)
            self._trials.take((trial, first + number) for number, trial in enumerate(new))
            await self._take(cells)

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
            self._steps.expect(runtime)
        await self._artifacts.take([(self.plan.saves[key], order[key]) for key in saves])
        for key in loads:
            load = self.plan.loads[key]
            agent = self._steps.agent_for(load.runtime, load.save)
            if isinstance(load.save.model, Folder):
                agent.roots.add(self._artifacts.root(load.save))
            self._loads[key] = self._steps.task(agent, order[key], self._load(load, order[key]))
        await self._steps.ready()

    async def _load(self, load: planning.Load, priority: int) -> dict[str, Any]:
        """The agent's answer, or an Observation where there was nothing to ask an agent."""
        saved = await self._artifacts.of(load.save)
        if saved.folder is None:
            return {"unsaved": saved.failure}
        run = await self._steps.folder()
        name = f"{load.save.id}-to-{load.loader.name}_{load.runtime.name}-{load.operation}"
        folder, log = run.folder(name), await self._steps.log(name, planning.load_key(load))
        answer = await self._steps.run(
            self._steps.agent_for(load.runtime, load.save),
            priority,
            {
                "action": "load",
                "operation": str(load.operation),
                "loader": load.loader.base,
                "variant": load.loader.variant,
                "behavior": load.runtime.behavior and str(load.runtime.behavior),
                "artifact": str(saved.folder),
                **({"payload": str(saved.payload)} if saved.payload else {}),
                "folder": str(folder),
                "log": str(log),
            },
        )
        return {**answer, "artifact": saved, "folder": folder, "log": log}

    async def trial(self, trial: Trial) -> Observation:
        """What was seen of a case under a runtime."""
        if trial.id not in self.plan.trials:
            await self.submission([], [trial])
        seen = self.tried[trial.id] = await self._trials.of(trial)
        return seen

    async def observation(self, cell: Cell) -> Observation:
        """What was seen of a cell, judged once."""
        if cell.key not in self.plan.cells:
            await self.submission([cell], [])
        if cell.key not in self.observations:
            try:
                self.observations[cell.key] = await self._observation(cell)
            except ArtifactDamaged as error:
                saves = (cell.artifact.original, cell.artifact)
                await asyncio.to_thread(self._artifacts.remove_damaged, saves)
                message = f"{error}\nWhat was damaged is removed from the store: run again."
                self.observations[cell.key] = _env_error(error, message)
            except RoundTripError as error:
                self.observations[cell.key] = _env_error(error, str(error))
            except OSError as error:
                self.observations[cell.key] = _env_error(error, self._steps.unwritable(error))
            except Exception as error:  # noqa: BLE001  a fault of ours is told with its cell
                message = f"a fault of pytest-tfroundtrip, please report it: {error}"
                trace = "".join(traceback.format_exception(error))
                self.observations[cell.key] = _env_error(error, message, trace)
        return self.observations[cell.key]

    async def _observation(self, cell: Cell) -> Observation:
        load = planning.load_of(cell)
        if load is None:
            saved = await self._artifacts.of(cell.artifact)
            if cell.operation is Operation.CREATION:
                return await asyncio.to_thread(observe_creation, cell, saved)
            original = await self._artifacts.of(cell.save)
            return await asyncio.to_thread(observe_resave, cell, saved, original)
        answer = await asyncio.shield(self._loads[planning.load_key(load)])
        return await asyncio.to_thread(self._observe_load, cell, answer)

    def _observe_load(self, cell: Cell, answer: dict[str, Any]) -> Observation:
        seen = observe_load(cell, answer)
        saved = answer.get("artifact")
        return self._predictions.told(seen, cell, saved) if saved else seen


def _env_error(error: Exception, message: str, trace: str = "") -> Observation:
    return Observation(Verdict.ENV_ERROR, Stage.ENV, type(error).__name__, message, trace)
