"""Cases of the documents' sentences, each tried under a runtime."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.engine.observe import unanswered
from pytest_tfroundtrip.errors import EnvironmentFailed, RoundTripError
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.statement import Trial
from pytest_tfroundtrip.vocabulary import Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.engine.steps import Steps
    from pytest_tfroundtrip.engine.store import Store
    from pytest_tfroundtrip.promises.cases import Case


class Trials:
    """The trials of a run, each done once. Its methods belong to the engine's loop."""

    def __init__(self, steps: Steps, store: Store) -> None:
        self.tasks: dict[str, asyncio.Task[Observation]] = {}
        self._steps = steps
        self._store = store
        self._written: dict[tuple[str, str, str], asyncio.Task[Path]] = {}

    def take(self, trials: Iterable[tuple[Trial, int]]) -> None:
        """Have these done, each in its turn."""
        for trial, priority in trials:
            agent = self._steps.agent(trial.runtime)
            self.tasks[trial.id] = self._steps.task(agent, priority, self._trial(trial, priority))

    async def of(self, trial: Trial) -> Observation:
        """What was seen, once it is there."""
        return await asyncio.shield(self.tasks[trial.id])

    def cancel(self) -> list[asyncio.Task[Any]]:
        """Cancel what has not been done."""
        tasks: list[asyncio.Task[Any]] = [*self.tasks.values(), *self._written.values()]
        for task in tasks:
            task.cancel()
        return tasks

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
            agent = self._steps.agent(writer.runtime)
            self._written[wanted] = self._steps.task(agent, priority, self._write(writer, priority))
        return await asyncio.shield(self._written[wanted])

    async def _write(self, writer: Trial, priority: int) -> Path:
        # Where containers see it: below the store.
        folder = await asyncio.to_thread(self._store.making)
        function = str(writer.case.writes)
        seen = await self._case(writer, writer.runtime, function, priority, folder)
        if seen.verdict is not Verdict.SAME:
            msg = f"{writer.case.id}: {function} failed under {writer.runtime}: {seen.message}"
            raise EnvironmentFailed(msg)
        return folder

    async def _case(
        self, trial: Trial, runtime: Runtime, function: str, priority: int, given: Path | None
    ) -> Observation:
        run = await self._steps.folder()
        log = run.file(f"{trial.id}-{function}", "log")
        answer = await self._steps.run(
            self._steps.agent(runtime),
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
