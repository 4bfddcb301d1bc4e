"""What SavedModels that came as folders should give: computed by a runtime that reads them.

The runtime nearest to the release that wrote the file is asked first, through the load API nearest
to the save API; where it cannot, the next. What nobody can call is still loaded by everybody.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import time
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

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
from pytest_tfroundtrip.observation import FileFault
from pytest_tfroundtrip.savedmodel.faults import messages_of
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.apis import Apis
    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.cells import Save
    from pytest_tfroundtrip.engine.steps import Steps
    from pytest_tfroundtrip.engine.store import Store
    from pytest_tfroundtrip.inputs import Given
    from pytest_tfroundtrip.judge.records import Variables
    from pytest_tfroundtrip.savedmodel.model import Fault

GIVEN = "given.npz"
#: Ops that no seed in the file binds, and ops of other packages, of which nothing is known.
_RANDOM = re.compile(r"Random|Rng|Multinomial|Normal$|Timestamp|Shuffle|Sampler|PyFunc|>")


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

    async def record(self, save: Save, priority: int) -> tuple[Path, float]:
        """The folder of a record, and the seconds that it took; 0 where it was there.

        Raises:
            EnvironmentFailed: none of its runtimes could be had.
            NotRecorded: TensorFlow cannot even read what the file says of itself.
        """
        folder = save.model
        assert isinstance(folder, Folder)  # noqa: S101  for the type checker
        carried = folder.examples is None and not folder.anew
        if carried and (there := await asyncio.to_thread(record_in, folder)):
            return there, 0.0
        state = await asyncio.to_thread(state_of, folder.file)
        given = await asyncio.to_thread(given_for, folder, folder.inputs, folder.examples)
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
        fed = file_digest(given.file) if given and given.file else ""
        # Why nobody can call it is in the record: other runtimes may have another reason.
        key = record_key(save, runtime, environment.lock, loader, f"{state} {fed} {why}")
        if there := await asyncio.to_thread(self._store.find, key, save.model.root):
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


@dataclass(frozen=True)
class Files:
    """What a SavedModel's files say before anything is loaded."""

    faults: tuple[FileFault, ...]  # what is wrong with them
    random: bool  # an op may give other values in another process


@cache
def files_of(folder: Path) -> Files:
    """What a SavedModel's files say."""
    from pytest_tfroundtrip.savedmodel.reading import (  # noqa: PLC0415  brings protobuf
        NoSavedModel,
        found_at,
        read_saved_model,
    )

    try:
        model = read_saved_model(found_at(folder))
    except NoSavedModel as error:
        return Files(_told([error.fault]), random=True)
    ops = (op.name for graph in model.meta_graphs for op in graph.ops)
    return Files(_told(model.faults), any(map(_RANDOM.search, ops)))


def _told(faults: Iterable[Fault]) -> tuple[FileFault, ...]:
    return tuple(
        FileFault(fault.id, fault.sentence, fault.remedy, fault.stops, messages_of(fault))
        for fault in faults
    )


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
