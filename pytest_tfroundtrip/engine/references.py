"""What SavedModels that came as folders should give: computed by a runtime that reads them.

The runtime nearest to the release that wrote the file is asked first, through the load API nearest
to the save API; where it cannot, the next. What nobody can call is still loaded by everybody.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.engine.files import files_of
from pytest_tfroundtrip.engine.store import file_digest, record_key
from pytest_tfroundtrip.errors import EnvironmentFailed, RoundTripError
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.golden import record_in
from pytest_tfroundtrip.inputs import given_for
from pytest_tfroundtrip.judge import judge_inference, read_observed, read_record
from pytest_tfroundtrip.judge.differences import compare
from pytest_tfroundtrip.judge.records import RECORD_JSON
from pytest_tfroundtrip.judge.tolerances import EXACT
from pytest_tfroundtrip.messages import headline
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.apis import Apis
    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.cells import Save
    from pytest_tfroundtrip.engine.steps import Steps
    from pytest_tfroundtrip.engine.store import Store
    from pytest_tfroundtrip.inputs import Given
    from pytest_tfroundtrip.judge.records import Variables

GIVEN = "given.npz"
_LOOKING = 2  # folders that are looked at, at once


@dataclass(frozen=True)
class Attempt:
    """A runtime and a loader that are asked what a folder gives."""

    runtime: Runtime
    loader: str


class NotRecorded(RoundTripError):  # noqa: N818  says what happened
    """TensorFlow cannot read a file that we can."""


class References:
    """Records of folders, each made once. Its methods belong to the engine's loop."""

    def __init__(self, steps: Steps, store: Store) -> None:
        self._steps = steps
        self._store = store
        # In their order, few at a time: a thousand at once, and the first is as late as the last.
        self._looking = asyncio.Semaphore(_LOOKING)

    async def record(self, save: Save, priority: int) -> tuple[Path, float]:
        """The folder of a record, and the seconds that it took; 0 where it was there.

        Raises:
            EnvironmentFailed: none of its runtimes could be had.
            NotRecorded: TensorFlow cannot even read what the file says of itself.
        """
        folder = save.model
        assert isinstance(folder, Folder)  # noqa: S101  for the type checker
        async with self._looking:
            there, state, given = await asyncio.to_thread(_look, folder)
        if there:
            return there, 0.0
        failures: list[str] = []
        unusable: EnvironmentFailed | None = None
        for attempt in attempts(save, self._steps.settings.apis):
            try:
                found = await self._attempt(save, attempt, state, priority, given=given)
            except EnvironmentFailed as error:
                unusable = error
                continue
            if not isinstance(found, str):
                return found
            failures.append(f"{attempt.loader} under {attempt.runtime}: {found}")
        if not failures and unusable is not None:
            raise unusable
        first = failures[0] if failures else "it was not tried"
        why = f"no runtime of this run can call it; {first}"
        found = await self._attempt(save, None, state, priority, why=why)
        if isinstance(found, str):
            raise NotRecorded(found)
        return found

    async def _attempt(
        self,
        save: Save,
        attempt: Attempt | None,
        state: str,
        priority: int,
        *,
        why: str = "",
        given: Given | None = None,
    ) -> tuple[Path, float] | str:
        """A record that was there or is made now, or why this runtime and loader cannot make it."""
        runtime = attempt.runtime if attempt else save.maker
        environment = await self._steps.environment(runtime)
        loader = attempt.loader if attempt else ""
        # Why nobody can call it is in the record: other runtimes may have another reason.
        key = record_key(save, runtime, environment.lock, loader, f"{state} {why}")
        async with self._looking:
            there = await asyncio.to_thread(self._store.find, key, save.model.root)
        if there:
            return there, 0.0
        log = await self._steps.log(f"{save.id}-record", save.key)
        making = self._store.making()
        if given is not None:
            await asyncio.to_thread(given.write, making / GIVEN)
        began = time.time()
        try:
            answer = await self._ask(
                runtime,
                save,
                priority,
                {
                    "action": "record",
                    "loader": loader or None,
                    "uncalled": why or None,
                    "keras": save.saver.keras_model,
                    "tags": list(save.model.tags) if isinstance(save.model, Folder) else [],
                    "signature": _signature(save),
                    "function": _function(save),
                    "given": given and str(making / GIVEN),
                    "serialized": given is not None and given.serialized,
                    "source": given and given.source,
                    "seed": save.seed,
                    "folder": str(making),
                    "log": str(log),
                },
            )
            if answer["status"] == "ok" and loader:
                await self._steady(runtime, save, priority, loader, making)
        except BaseException:  # cancelled, too
            shutil.rmtree(making, ignore_errors=True)
            raise
        if answer["status"] != "ok":
            shutil.rmtree(making, ignore_errors=True)
            return headline(str(answer.get("message") or answer["status"]))
        kept = await asyncio.to_thread(
            partial(self._store.keep, making, key, save.model.root, (), began=began)
        )
        return kept, float(answer.get("seconds", 0.0))

    async def _steady(
        self, runtime: Runtime, save: Save, priority: int, loader: str, making: Path
    ) -> None:
        """Load it once more, in a process that knows nothing of the first one.

        What is random from the moment when it is loaded shows in no other way.
        """
        told = read_record(making)
        if told.unsteady or told.uncalled or not files_of(save.model.file).random:
            return
        run = await self._steps.folder()
        folder = run.folder(f"{save.id}-again")
        answer = await self._ask(
            runtime,
            save,
            priority,
            {
                "action": "load",
                "operation": "inference",
                "loader": loader,
                "variant": None,
                "artifact": str(making),
                "folder": str(folder),
                "log": str(run.file(f"{save.id}-again", "log")),
            },
        )
        if answer["status"] != "ok":
            return
        api = self._steps.settings.apis.loaders[loader]
        tolerances = self._steps.settings.matrix.tolerances
        observed = read_observed(folder, answer)
        changes: dict[str, Any] = {}
        if renewed := _renewed(told.variables, observed.variables):
            # An operation that runs first and sets variables after they were restored.
            changes["renewed"] = renewed
            assert told.variables is not None  # noqa: S101  for the type checker
            told = replace(told, variables=replace(told.variables, renewed=frozenset(renewed)))
        if judge_inference(told, observed, api, tolerances).verdict is Verdict.DIFFERS:
            changes["unsteady"] = True
        if changes:
            file = making / RECORD_JSON
            content = json.loads(file.read_text(encoding="utf-8")) | changes
            file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    async def _ask(
        self, runtime: Runtime, save: Save, priority: int, message: dict[str, Any]
    ) -> dict[str, Any]:
        agent = self._steps.agent_for(runtime, save)
        step = self._steps.run(
            agent,
            priority,
            {
                **message,
                "payload": str(save.model.file),
                "behavior": runtime.behavior and str(runtime.behavior),
            },
        )
        return dict(await self._steps.task(agent, priority, step))


def attempts(save: Save, known: Apis) -> Iterator[Attempt]:
    """Who is asked what a folder gives, in order; for a function those who can call one."""
    function = _function(save)
    for runtime in save.references:
        for name in save.saver.readers:
            loader = known.loaders[name]
            if loader.missing_in(runtime) is None and (loader.by_function or not function):
                yield Attempt(runtime, name)


def _look(folder: Folder) -> tuple[Path | None, str, Given | None]:
    """The record that a folder carries, or what one elsewhere goes by: its state, and inputs."""
    if folder.examples is None and not folder.anew and (there := record_in(folder)):
        return there, "", None
    given = given_for(folder, folder.inputs, folder.examples)
    fed = file_digest(given.file) if given and given.file else ""
    return None, f"{state_of(folder.file)} {fed}", given


def state_of(folder: Path) -> str:
    """What a folder's files are, by names, sizes and times: their contents may be gigabytes.

    Raises:
        RoundTripError: the folder cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for parent, folders, names in os.walk(folder, onerror=_raise):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(parent, name)  # noqa: PTH118  a Path takes ten times as long
                told = os.stat(path) if os.path.exists(path) else os.lstat(path)  # noqa: PTH110, PTH116
                digest.update(f"{path}\0{told.st_size}\0{told.st_mtime_ns}\0".encode())
    except OSError as error:
        raise RoundTripError(str(error)) from error
    return digest.hexdigest()


def _renewed(first: Variables | None, second: Variables | None) -> list[str]:
    """Names of the variables that two loads of the same files gave different values."""
    if first is None or second is None or first.key != second.key:
        return []
    return sorted(
        name
        for name, tensor in first.values.items()
        if name in second.values
        and tensor.value.shape == second.values[name].value.shape
        and not compare(tensor, second.values[name], EXACT).equal
    )


def _raise(error: OSError) -> None:
    raise error


def _function(save: Save) -> str | None:
    return save.model.function if isinstance(save.model, Folder) else None


def _signature(save: Save) -> str | None:
    return save.model.signature if isinstance(save.model, Folder) else None
