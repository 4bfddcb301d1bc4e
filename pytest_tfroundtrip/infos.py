"""What a run was run under: the versions of its runtimes, for its header and its report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.report.rows import RuntimeInfo

if TYPE_CHECKING:
    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.engine.engine import Engine


def infos(engine: Engine) -> list[RuntimeInfo]:
    """Every runtime of the plan, with the versions that are known by now."""
    return [_info(runtime, engine) for runtime in engine.plan.runtimes()]


def _info(runtime: Runtime, engine: Engine) -> RuntimeInfo:
    environment = engine.facts.environments.get(runtime.environment)
    if environment is None:
        return _stored(runtime, engine)
    if isinstance(environment, EnvironmentFailed):
        return RuntimeInfo(runtime.name, engine.settings.provider)
    hello = engine.facts.hellos.get(runtime.process)
    versions = dict(environment.versions)
    if hello is not None:
        versions |= {name: said for name, said in hello.versions.items() if said}
    elif runtime.tf_keras:
        versions["keras"] = versions.get("tf_keras")
    return RuntimeInfo(
        runtime.name,
        environment.provider,
        tensorflow=versions.get("tensorflow"),
        keras=versions.get("keras"),
        tensorflow_hub=versions.get("tensorflow_hub"),
        numpy=versions.get("numpy"),
        python=versions.get("python"),
        lock=environment.lock,
        image=environment.image,
        import_seconds=hello.import_seconds if hello else None,
    )


def _stored(runtime: Runtime, engine: Engine) -> RuntimeInfo:
    """A runtime that did not run: its saves were in the store, and say what made them."""
    for save in engine.plan.saves.values():
        folder = engine.facts.stored.get(save.key)
        if save.runtime == runtime and folder is not None:
            try:
                said = json.loads((folder / "record.json").read_text(encoding="utf-8"))["runtime"]
                versions = {word: said.get(word) for word in ("tensorflow", "keras", "python")}
            except (OSError, ValueError, KeyError, AttributeError):
                continue
            return RuntimeInfo(runtime.name, "store", **versions)
    return RuntimeInfo(runtime.name, engine.settings.provider)
