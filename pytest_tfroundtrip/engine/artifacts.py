"""Artifacts: found in the store, or made by an agent and kept there."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.engine.files import files_of
from pytest_tfroundtrip.engine.observe import unanswered
from pytest_tfroundtrip.engine.references import NotRecorded, References
from pytest_tfroundtrip.engine.store import resave_key, save_key
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.judge import ArtifactDamaged, read_record
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.vocabulary import Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_tfroundtrip.cells import Save
    from pytest_tfroundtrip.engine.steps import Steps
    from pytest_tfroundtrip.engine.store import Store
    from pytest_tfroundtrip.observation import FileFault


@dataclass(frozen=True)
class Saved:
    """An artifact, or why there is none."""

    folder: Path | None
    failure: Observation | None = None
    reused: bool = False
    seconds: float = 0.0
    log: Path | None = None
    payload: Path | None = None  # what TensorFlow wrote, where it is not in that folder

    @property
    def faults(self) -> tuple[FileFault, ...]:
        """What is wrong with somebody's SavedModel, which is read for it."""
        return files_of(self.payload).faults if self.payload else ()


class Artifacts:
    """The artifacts of a run, each made once. Its methods belong to the engine's loop."""

    def __init__(self, steps: Steps, store: Store) -> None:
        self.stored: dict[str, Path] = {}  # by the save's key: those that were there before
        self.tasks: dict[str, asyncio.Task[Saved]] = {}
        self._steps = steps
        self._store = store
        self._references = References(steps, store)

    async def take(self, saves: list[tuple[Save, int]]) -> None:
        """Have these saves made, each in its turn; what is in the store is not."""
        self.stored.update(await asyncio.to_thread(self._find, [save for save, _ in saves]))
        for save, priority in saves:
            if isinstance(save.model, Folder) and save.resaved is None:
                self._steps.agent_for(save.maker, save).roots.add(self.root(save))
                work = self._record(save, priority)
                self.tasks[save.key] = self._steps.alone(work)
                continue
            if there := self.stored.get(save.key):
                self.tasks[save.key] = asyncio.ensure_future(_already(there))
                continue
            agent = self._steps.agent_for(save.maker, save)
            if save.resaved is None:
                agent.roots.add(self.root(save))
            make = self._save if save.resaved is None else self._resave
            self.tasks[save.key] = self._steps.task(agent, priority, make(save, priority))

    async def of(self, save: Save) -> Saved:
        """The artifact of a save, once it is there or known not to be."""
        return await asyncio.shield(self.tasks[save.key])

    def known(self, save: Save) -> Path | str | None:
        """The artifact of a save, why there is none, or None where nobody asked for the save."""
        task = self.tasks.get(save.key)
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

    def remove_damaged(self, saves: Iterable[Save]) -> None:
        """Remove from the store what cannot be read."""
        for save in saves:
            folder = self.tasks[save.key].result().folder
            if folder is None:
                continue
            try:
                read_record(folder)
            except ArtifactDamaged:  # it is the artifact, not what a load wrote
                shutil.rmtree(folder, ignore_errors=True)

    def root(self, save: Save) -> Path:
        """What a save sees of the user's files: of an untrusted model, its own folder."""
        if not self._steps.settings.untrusts(save.model):
            return save.model.root
        return save.model.file if isinstance(save.model, Folder) else save.model.file.parent

    def _find(self, saves: list[Save]) -> dict[str, Path]:
        """The artifacts that are in the store already; no environment is needed to tell."""
        locks: dict[str, str | None] = {}
        found = dict(self.stored)
        for save in saves:  # what is saved again comes after what it is made from
            if isinstance(save.model, Folder):
                continue  # which runtime computes its record is not known yet
            name = save.writer.environment
            if name not in locks:
                try:
                    locks[name] = self._steps.providers.of(save.writer).lock(save.writer)
                except EnvironmentFailed:  # told when it is prepared
                    locks[name] = None
            key = self._key(save, locks[name], found.get(save.original.key))
            if key and (there := self._store.find(key, save.model.root)):
                found[save.key] = there
        return found

    @staticmethod
    def _key(save: Save, lock: str | None, original: Path | None) -> str | None:
        """Where the store has a save, None where that is not known."""
        if lock is None:
            return None
        if save.resaved is None:
            return save_key(save, lock)
        return resave_key(save, lock, original) if original else None

    async def _record(self, save: Save, priority: int) -> Saved:
        """What a SavedModel that came as a folder should give."""
        try:
            folder, seconds = await self._references.record(save, priority)
        except NotRecorded as error:
            faults = (await asyncio.to_thread(files_of, save.model.file)).faults
            refusal = Observation(Verdict.REFUSED, Stage.LOAD, message=str(error), faults=faults)
            return Saved(None, refusal)
        if why := await asyncio.to_thread(_refused, save.model, folder):
            # What somebody gave on purpose: to go on without would be green and say nothing.
            return Saved(None, Observation(Verdict.UNSAVED, Stage.SAVE, message=why))
        reused = not seconds
        return Saved(folder, None, reused, seconds, payload=save.model.file)

    async def _save(self, save: Save, priority: int) -> Saved:
        environment = await self._steps.environment(save.runtime)
        message = {
            "action": "save",
            "saver": save.saver.base,
            "variant": save.saver.variant,
            "model": {
                "file": str(save.model.file),
                "class": save.model.name,
                "root": str(self.root(save)),
            },
            "seed": save.seed,
        }
        return await self._had(save, priority, save_key(save, environment.lock), message)

    async def _resave(self, save: Save, priority: int) -> Saved:
        """Load what another runtime saved, and save that again."""
        original = await self.of(save.original)
        if original.folder is None:
            return original
        environment = await self._steps.environment(save.writer)
        key = resave_key(save, environment.lock, original.folder)
        message = {"action": "resave", "artifact": str(original.folder)}
        if original.payload:
            message["payload"] = str(original.payload)
        return await self._had(save, priority, key, message)

    async def _had(self, save: Save, priority: int, key: str, message: dict[str, Any]) -> Saved:
        """Find it in the store, or have an agent make it, and keep it."""
        found = await asyncio.to_thread(self._store.find, key, save.model.root)
        if found is not None:
            return Saved(found, reused=True)
        log = await self._steps.log(save.id, save.key)
        making = self._store.making()
        message = {
            **message,
            "behavior": save.writer.behavior and str(save.writer.behavior),
            "folder": str(making),
            "log": str(log),
        }
        began = time.time()
        try:
            agent = self._steps.agent_for(save.writer, save)
            answer = await self._steps.run(agent, priority, message)
        except BaseException:  # cancelled, too
            shutil.rmtree(making, ignore_errors=True)
            raise
        seconds = float(answer.get("seconds", 0.0))
        if answer["status"] != "ok" or answer.get("absent"):
            shutil.rmtree(making, ignore_errors=True)
            return Saved(None, unanswered(answer, Stage.SAVE, log), seconds=seconds, log=log)
        root, sources = save.model.root, answer.get("sources", ())
        kept = await asyncio.to_thread(
            partial(self._store.keep, making, key, root, sources, began=began)
        )
        return Saved(kept, seconds=seconds, log=log)


def _refused(model: Any, record: Path) -> str:
    """What the model said of the examples that somebody gave for it; empty where it took them."""
    if model.examples is None:
        return ""
    told = read_record(record)
    return str(told.raw["uncalled"]) if told.refused == model.examples.name else ""


async def _already(artifact: Path) -> Saved:
    return Saved(artifact, reused=True)
