"""Artifacts by content: an unchanged save is not made again, a changed one never mistaken.

Layout below the cache folder::

    artifacts/<key>/<variant>/   payload/ record.json record.npz manifest.json
    artifacts/.making/<run>/     what a run is making: renamed into place when it is whole

``key`` hashes all that is known before the model is imported. The files that the import then read
are known only after it, so an entry lists them with their hashes and is taken only while all of
them are as they were: one key may have an entry for each state that the sources were in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip import agent
from pytest_tfroundtrip.agent.wire import PROTOCOL
from pytest_tfroundtrip.catalogue.apis import APIS_FILE
from pytest_tfroundtrip.catalogue.runtime import TF_LOG_LEVEL
from pytest_tfroundtrip.engine import held
from pytest_tfroundtrip.engine.held import Held

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.cells import Save

MANIFEST = "manifest.json"
KEPT_SECONDS = 60 * 86400  # an artifact that no run took for this long is swept


@dataclass
class Store:
    """A folder of artifacts that processes share; every change in it is one rename."""

    folder: Path
    _held: Held | None = field(default=None, repr=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def find(self, key: str, root: Path) -> Path | None:
        """The whole, unchanged artifact of this key, or None."""
        try:
            entries = sorted((self.folder / key).iterdir())
        except OSError:
            return None
        for entry in entries:
            if _is_current(entry, root):
                _touch(entry)
                return entry
        return None

    def making(self) -> Path:
        """A new empty folder to make an artifact in.

        Raises:
            OSError: the cache folder cannot be written.
        """
        with self._making:
            if self._held is None:
                self._held = Held.make(self.folder / ".making")
        folder = self._held.path / uuid.uuid4().hex
        folder.mkdir()
        return folder

    def close(self) -> None:
        """Remove what was being made and is not whole."""
        if self._held is not None:
            self._held.remove()
            self._held = None

    def keep(
        self, made: Path, key: str, root: Path, sources: Iterable[str], *, began: float
    ) -> Path:
        """Move what was made into its place and return that. Files outside ``root`` don't count.

        ``began`` is when the save did (seconds since the epoch): which state of a file that was
        changed since went into it, nobody knows, so such an artifact is never taken again.
        """
        digests = {}
        for source in sources:
            path = Path(source)
            if path.is_relative_to(root):
                known = path.exists() and path.stat().st_mtime < began
                digests[path.relative_to(root).as_posix()] = file_digest(path) if known else "?"
        manifest = {"sources": digests, "files": _sizes(made)}
        text = json.dumps(manifest, sort_keys=True, indent=1)
        (made / MANIFEST).write_text(text, encoding="utf-8")
        entry = self.folder / key / hashlib.sha256(text.encode()).hexdigest()[:16]
        entry.parent.mkdir(parents=True, exist_ok=True)
        if entry.exists():  # damaged, or another process made the same in the meantime
            if _is_current(entry, root):
                shutil.rmtree(made)
                return entry
            entry.rename(made.with_name(made.name + "-old"))
            shutil.rmtree(made.with_name(made.name + "-old"), ignore_errors=True)
        try:
            made.rename(entry)
        except OSError:
            if not entry.exists():
                raise
            shutil.rmtree(made)
        return entry

    def sweep(self) -> None:
        """Remove what no run took for long, and what a dead run left half made."""
        now = time.time()
        with contextlib.suppress(OSError):
            held.sweep(self.folder / ".making")
        for entry in [*self.folder.glob("[!.]*/*")]:
            try:
                if now - entry.stat().st_mtime > KEPT_SECONDS:
                    shutil.rmtree(entry, ignore_errors=True)
                    entry.parent.rmdir()
            except OSError:
                continue


def save_key(save: Save, lock: str) -> str:
    """What an artifact depends on that is known before the model is imported.

    ``lock`` is the hash of what is installed in the runtime.
    """
    model, runtime = save.model, save.runtime
    parts = {
        "agent": _agent_digest(),
        "protocol": PROTOCOL,
        "saver": save.saver.name,
        **_runtime_parts(runtime, lock),
        "model": [_relative(model.file, model.root), model.name, file_digest(model.file)],
        "seed": save.seed,
    }
    if save.saver.extension is not None:
        files = save.saver.extension.files
        parts["extension"] = {name: file_digest(file) for name, file in files.items()}
    return _key(parts)


def resave_key(save: Save, lock: str, original: Path) -> str:
    """What an artifact that was saved again depends on, besides the one it was made from.

    ``original`` is that one's folder in the store, which names all that went into it; ``lock`` the
    hash of what is installed in the runtime that saved it again.
    """
    runtime = save.writer
    parts = {
        "agent": _agent_digest(),
        "protocol": PROTOCOL,
        "original": [original.parent.name, original.name],
        **_runtime_parts(runtime, lock),
    }
    return _key(parts)


def record_key(save: Save, runtime: Runtime, lock: str, loader: str, state: str) -> str:
    """What the record of a SavedModel that came as a folder depends on.

    Args:
        save: it has the folder, and which of its signatures.
        runtime: that computes what the folder gives.
        lock: the hash of what is installed there.
        loader: that it is loaded with; empty where it is not.
        state: of the folder's files.
    """
    parts = {
        "agent": _agent_digest(),
        "protocol": PROTOCOL,
        "loader": loader,
        "folder": [str(save.model.file), state, save.id],
        "seed": save.seed,
        **_runtime_parts(runtime, lock),
    }
    return _key(parts)


def _runtime_parts(runtime: Runtime, lock: str) -> dict[str, Any]:
    return {
        "release": runtime.release.tensorflow,
        "behavior": str(runtime.effective_behavior),
        "process": sorted(pair for pair in runtime.process_env.items() if pair[0] != TF_LOG_LEVEL),
        "imports": list(runtime.own.imports) if runtime.own else [],
        "lock": lock,
    }


def _key(parts: Mapping[str, Any]) -> str:
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def file_digest(path: Path) -> str:
    """The sha256 of a file's content; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@cache
def _agent_digest() -> str:
    folder = Path(agent.__path__[0])
    digest = hashlib.sha256(APIS_FILE.read_bytes())
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _is_current(entry: Path, root: Path) -> bool:
    try:
        manifest: dict[str, Any] = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
        whole = _sizes(entry) == manifest["files"]
    except (OSError, ValueError, KeyError):
        return False
    sources = manifest["sources"].items()
    return whole and all(file_digest(root / path) == digest for path, digest in sources)


def _sizes(folder: Path) -> dict[str, int]:
    """The size in bytes of every file below a folder, but for the manifest and logs."""
    sizes = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if relative != MANIFEST:
                sizes[relative] = path.stat().st_size
    return sizes


def _touch(entry: Path) -> None:
    """Note that a run took this entry; a read-only cache can't, and that is no harm."""
    try:
        os.utime(entry)
    except OSError:
        return
