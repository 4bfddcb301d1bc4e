"""What goes into a container and what comes out of it."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.errors import AgentDied
from pytest_tfroundtrip.runtimes.docker.exchange import Exchange, Mounted

if TYPE_CHECKING:
    from collections.abc import Callable


class Bench:
    """An exchange, and what a step would do inside the container."""

    def __init__(self, folder: Path, *, copies: bool = False) -> None:
        self.here = folder
        for name in ("files", "models", "store", "results"):
            (folder / name).mkdir()
        fixed = [Mounted(folder / "models", "/tf_roundtrip/read/0")]
        if not copies:
            fixed.append(Mounted(folder / "store", "/tf_roundtrip/read/1"))
        self.exchange = Exchange(folder / "files", tuple(fixed), copies=copies)
        self.mounted = self.exchange.make()
        self.message = {
            "id": 7,
            "action": "load",
            "artifact": str(folder / "store" / "a"),
            "model": {"file": str(folder / "models" / "m.py"), "class": "M", "root": "/nowhere"},
            "folder": str(folder / "results" / "cell"),
            "log": str(folder / "results" / "cell.log"),
        }
        self.message["model"]["root"] = str(folder / "models")  # type: ignore[index]
        Path(str(self.message["folder"])).mkdir()
        (folder / "store" / "a").mkdir()
        (folder / "store" / "a" / "saved_model.pb").write_text("graph")

    def run(
        self, work: Callable[[Path], None] = lambda _: None, **answer: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Hand over, do the work in the step's folder, take back: what both sides saw."""

        async def both() -> tuple[dict[str, Any], dict[str, Any]]:
            seen = await self.exchange.hand_over(self.message)
            place = self.outside(seen["folder"]).parent
            work(place)
            texts = {
                key: value.format(**seen) if isinstance(value, str) else value
                for key, value in answer.items()
            }
            return seen, await self.exchange.take_back(self.message, {"status": "ok", **texts})

        return asyncio.run(both())

    def outside(self, inside: str) -> Path:
        return self.exchange.folder / Path(inside).relative_to("/tf_roundtrip")

    @property
    def result(self) -> Path:
        return self.here / "results" / "cell"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_step_is_told_the_containers_paths_and_answers_with_ours(bench: Bench) -> None:
    seen, answer = bench.run(
        sources=[f"{'{model[root]}'}/m.py"],
        message="no variables in {artifact}/variables, see {log}",
    )
    assert seen["artifact"] == "/tf_roundtrip/read/1/a"
    assert seen["model"] == {
        "file": "/tf_roundtrip/read/0/m.py",
        "class": "M",
        "root": "/tf_roundtrip/read/0",
    }
    assert seen["folder"].startswith("/tf_roundtrip/out/")
    here = bench.here
    assert answer["message"] == (
        f"no variables in {here}/store/a/variables, see {here}/results/cell.log"
    )


def test_the_folder_of_a_step_cannot_be_guessed_and_is_gone_after_it(bench: Bench) -> None:
    first, _ = bench.run()
    second, _ = bench.run()
    assert first["folder"] != second["folder"]
    assert os.listdir(bench.outside("/tf_roundtrip/out")) == []  # noqa: PTH208


def test_what_a_step_wrote_is_moved_to_where_it_belongs(bench: Bench) -> None:
    def work(place: Path) -> None:
        (place / "folder" / "deep").mkdir()
        (place / "folder" / "deep" / "outputs.npz").write_bytes(b"numbers")
        (place / "log").write_text("a word")

    bench.run(work)
    assert (bench.result / "deep" / "outputs.npz").read_bytes() == b"numbers"
    assert (bench.here / "results" / "cell.log").read_text() == "a word"


def test_what_is_no_plain_file_stays_behind(bench: Bench) -> None:
    secret = bench.here / "secret"
    secret.write_text("the caller's")

    def work(place: Path) -> None:
        folder = place / "folder"
        (folder / "record.json").symlink_to(secret)
        (folder / "etc").symlink_to("/etc", target_is_directory=True)
        (place / "log").symlink_to(secret)
        os.mkfifo(folder / "pipe")
        (folder / "shut").mkdir()
        (folder / "shut" / "in.npz").write_text("x")
        (folder / "set").write_text("uid")
        (folder / "set").chmod(0o4755)
        (folder / "shut").chmod(0)

    _, answer = bench.run(work)
    assert sorted(path.name for path in bench.result.rglob("*")) == ["in.npz", "set", "shut"]
    assert stat.S_IMODE((bench.result / "set").stat().st_mode) == 0o644
    assert not (bench.here / "results" / "cell.log").exists()
    assert len(answer["dropped"]) == 4
    assert "a named pipe, 'pipe'" in answer["dropped"]
    assert secret.read_text() == "the caller's"


@pytest.mark.parametrize("how", ["a link", "a file", "nothing"])
def test_a_step_that_replaces_its_folder_reaches_nothing(bench: Bench, how: str) -> None:
    victim = bench.here / "victim"
    victim.mkdir(mode=0o750)
    (victim / "link").symlink_to("elsewhere")
    (victim / "file").write_text("kept")
    (victim / "file").chmod(0o600)

    def work(place: Path) -> None:
        (place / "folder").rmdir()
        place.rmdir()
        if how == "a link":
            place.symlink_to(victim, target_is_directory=True)
        elif how == "a file":
            place.write_text("no folder")

    bench.run(work)
    assert (victim / "link").is_symlink()
    assert stat.S_IMODE((victim / "file").stat().st_mode) == 0o600
    assert stat.S_IMODE(victim.stat().st_mode) == 0o750
    assert list(bench.result.iterdir()) == []


def test_an_untrusted_model_is_handed_a_copy_of_its_artifact_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, copies=True)
    assert [each.inside for each in bench.mounted if each.writable] == ["/tf_roundtrip/out"]
    copied: list[str] = []

    async def hand_over() -> None:
        seen = await bench.exchange.hand_over(bench.message)
        copied.append(seen["artifact"])
        assert (bench.outside(seen["artifact"]) / "saved_model.pb").read_text() == "graph"
        await bench.exchange.take_back(bench.message, {})

    asyncio.run(hand_over())
    assert copied[0].startswith("/tf_roundtrip/in/")
    assert not bench.outside(copied[0]).exists()
    assert (bench.here / "store" / "a" / "saved_model.pb").read_text() == "graph"


def test_what_a_container_was_not_started_with_asks_for_another(bench: Bench) -> None:
    bench.message["artifact"] = "/elsewhere/a"
    with pytest.raises(AgentDied, match="/elsewhere/a is not among the folders"):
        bench.run()


def test_removing_takes_what_a_model_made_hard_to_remove(bench: Bench) -> None:
    shut = bench.outside("/tf_roundtrip/out") / "left"
    shut.mkdir()
    (shut / "file").write_text("x")
    shut.chmod(0)
    bench.exchange.remove()
    assert not bench.exchange.folder.exists()
