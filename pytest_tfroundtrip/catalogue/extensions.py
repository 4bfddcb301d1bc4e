"""Third parties' savers and loaders: where plugins say that their files are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pluggy import PluginManager

HOOK = "pytest_tf_roundtrip_apis"
_KEYS = ("apis", "agent")


@dataclass(frozen=True)
class Extension:
    """What one plugin adds: a data file, and the agent module that does what it declares."""

    apis: Path  # as catalogue/apis.json
    agent: Path  # a Python file, or the folder of a package
    plugin: str = field(default="", compare=False)  # by which pytest knows it

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """All that an artifact of its savers depends on, by names that hold on every machine."""
        return {"apis": self.apis, **dict(_sources(self.agent))}


def asked(manager: PluginManager) -> tuple[Extension, ...]:
    """What the plugins add, in the order in which they were registered; each of them once.

    They are asked one by one, so that who is to blame can be told.

    Raises:
        UsageProblem: one fails, or returns what is no pair of paths.
    """
    found = []
    everyone = [each.plugin for each in getattr(manager.hook, HOOK).get_hookimpls()]
    for plugin in everyone:
        others = [each for each in everyone if each is not plugin]
        name = manager.get_name(plugin) or repr(plugin)
        try:
            answers = manager.subset_hook_caller(HOOK, others)()
        except Exception as error:
            msg = f"the plugin {name} fails in {HOOK}: {type(error).__name__}: {error}"
            raise UsageProblem(msg) from error
        found += [_extension(answer, name) for answer in answers]
    return tuple(dict.fromkeys(found))


def _extension(answer: Any, plugin: str) -> Extension:
    where = f"the plugin {plugin} returns {answer!r} in {HOOK}"
    if not isinstance(answer, Mapping) or sorted(answer) != sorted(_KEYS):
        msg = f'{where}: {{"apis": a data file, "agent": an agent module}} was expected'
        raise UsageProblem(msg)
    for key in _KEYS:
        if not isinstance(answer[key], (str, os.PathLike)) or not Path(answer[key]).is_absolute():
            msg = f"{where}: {key} has to be an absolute path, as of Path(__file__).parent"
            raise UsageProblem(msg)
    apis, agent = (Path(answer[key]) for key in _KEYS)
    if not apis.is_file():
        msg = f"{where}: there is no data file {apis}. Is it in the plugin's package?"
        raise UsageProblem(msg)
    if not (agent.is_file() and agent.suffix == ".py") and not (agent / "__init__.py").is_file():
        msg = (
            f"{where}: there is no agent module {agent}. It is a file that ends in .py, or a folder"
            " with an __init__.py. Is it in the plugin's package?"
        )
        raise UsageProblem(msg)
    return Extension(apis, agent, plugin)


def _sources(agent: Path) -> Iterator[tuple[str, Path]]:
    if agent.is_file():
        yield "agent", agent
        return
    for file in sorted(agent.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield f"agent/{file.relative_to(agent).as_posix()}", file
