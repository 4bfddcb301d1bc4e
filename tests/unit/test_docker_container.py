"""A container that does not come to be; tests/docker have those that do."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import APIError
from extension import AGENT, write
from fake_docker import FakeEngine, fake_engine
from requests.exceptions import ConnectionError as NoConnection

from pytest_tfroundtrip.catalogue.extensions import Extension
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.limits import Limits
from pytest_tfroundtrip.runtimes.docker import client, container
from pytest_tfroundtrip.runtimes.docker.container import ContainerLaunch
from pytest_tfroundtrip.runtimes.provider import Workplace

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.runtimes.docker.exchange import Mounted

IMAGE = "sha256:1"


def launch(folder: Path, engine: FakeEngine, *, untrusted: bool = False) -> ContainerLaunch:
    engine.daemon.add(IMAGE, ["mine"], {})
    workplace = Workplace(folder / "files", untrusted=untrusted)
    return ContainerLaunch(engine, IMAGE, parse_runtime("2.15"), workplace, Limits(), cpus=1)


def refusal(launch: ContainerLaunch, folder: Path) -> str:
    with pytest.raises(EnvironmentFailed) as failed:
        asyncio.run(launch.open(folder / "log"))
    return str(failed.value)


class Refusing(ContainerLaunch):
    """Its engine answers as it is told to."""

    def _create(self, *_: Any) -> str:
        raise self.engine.daemon.says.pop(0)  # type: ignore[attr-defined]


def refusing(folder: Path, *errors: Exception) -> ContainerLaunch:
    made = launch(folder, fake_engine())
    made.engine.daemon.says.extend(errors)  # type: ignore[attr-defined]
    return Refusing(made.engine, IMAGE, made.runtime, made.workplace, made.limits, cpus=1)


def said(text: str) -> APIError:
    return APIError("500 Server Error", explanation=text)


def test_an_engine_that_is_restarted_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "_AGAIN_SECONDS", 0.01)
    away = [NoConnection("Connection aborted.") for _ in range(3)]
    back = refusing(tmp_path, *away, said("and here it is again"))
    assert "and here it is again" in refusal(back, tmp_path)
    assert not (tmp_path / "files").exists()


def test_an_engine_that_does_not_come_back_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "RESTART_SECONDS", 0)
    text = refusal(refusing(tmp_path, NoConnection("Connection aborted.")), tmp_path)
    assert "Docker 28.2.2 at unix:///fake.sock does not answer any more" in text
    assert "Start it again" in text


def test_nobody_waits_for_an_engine_after_ctrl_c(tmp_path: Path) -> None:
    away = refusing(tmp_path, *(NoConnection("gone") for _ in range(1000)))

    async def interrupted() -> None:
        opening = asyncio.ensure_future(away.open(tmp_path / "log"))
        await asyncio.sleep(0.1)
        opening.cancel()
        await opening

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    assert len(away.engine.daemon.says) >= 998  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("mkdir: no space left on device", "the engine's disk is full"),
        ("bind source path does not exist: /x", "does not see this machine's folders"),
        ("something else", "no container of the image of 2.15 can be started by Docker 28.2.2"),
    ],
)
def test_what_an_engine_says_is_told_with_what_to_do(tmp_path: Path, error: str, told: str) -> None:
    text = refusal(refusing(tmp_path, said(error)), tmp_path)
    assert told in text
    assert error in text
    assert not (tmp_path / "files").exists()


def test_an_image_that_was_removed_meanwhile_is_told(tmp_path: Path) -> None:
    gone = launch(tmp_path, fake_engine())
    gone.engine.daemon.images.clear()  # type: ignore[attr-defined]
    assert "somebody removed it while this ran" in refusal(gone, tmp_path)


def test_an_engine_without_limits_gets_no_untrusted_model(tmp_path: Path) -> None:
    nothing = client.Limits(memory=False, swap=False, pids=False, cpus=False)
    unlimited = launch(tmp_path, fake_engine(limits=nothing), untrusted=True)
    assert "cannot limit the memory and processes" in refusal(unlimited, tmp_path)


@dataclass(frozen=True)
class Looking(ContainerLaunch):
    """Its containers are not made; keeps what they would have seen and been told."""

    seen: list[tuple[tuple[Mounted, ...], Any]] = field(default_factory=list)

    def _create(self, _client: Any, _python: str, mounted: tuple[Mounted, ...], _image: Any) -> str:
        self.seen.append((mounted, json.loads(self._config())))
        raise self.engine.daemon.says[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("untrusted", [False, True])
def test_third_parties_files_are_mounted_where_the_agent_is_told(
    tmp_path: Path, *, untrusted: bool
) -> None:
    file, package = write(tmp_path, name="file"), write(tmp_path, name="package")
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "__init__.py").write_text(AGENT)
    package = Extension(package.apis, tmp_path / "agent")
    plain = launch(tmp_path, fake_engine(), untrusted=untrusted)
    workplace = replace(plain.workplace, reads=(tmp_path,), extensions=(file, package))
    plain.engine.daemon.says.append(said("seen enough"))  # type: ignore[attr-defined]
    looking = Looking(plain.engine, IMAGE, plain.runtime, workplace, Limits(), 1)
    refusal(looking, tmp_path)
    ((mounted, config),) = looking.seen
    here = {each.inside: each.here for each in mounted if not each.writable}
    told = config["extensions"]
    assert [here[each["apis"]] for each in told] == [file.apis, package.apis]
    assert [here[each["agent"]] for each in told] == [file.agent, package.agent]
    assert [each["known_as"] for each in told] == [
        {"apis": str(each.apis), "agent": str(each.agent)} for each in (file, package)
    ]
    assert told[0]["agent"].endswith(".py")
    # A model that lies among them is seen as a model, below its root.
    exchange = looking._exchange()
    exchange.make()
    step = {"id": 1, "folder": "/f", "log": "/l", "model": {"file": str(package.agent / "m.py")}}
    model = asyncio.run(exchange.hand_over(step))["model"]["file"]
    assert model == "/tf_roundtrip/read/0/agent/m.py"
