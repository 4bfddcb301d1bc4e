"""The command line: what it prints, and its exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.commands import lock as lock_command
from pytest_tfroundtrip.commands import runtimes as runtimes_command
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.interpreters import Interpreter
from pytest_tfroundtrip.runtimes.prepare import Providers
from pytest_tfroundtrip.runtimes.venv import BUILDER, VenvProvider

if TYPE_CHECKING:
    from collections.abc import Callable

Run = Any


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in an empty project with an empty cache: code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TF_ROUNDTRIP_CACHE", str(tmp_path / "cache"))
    (tmp_path / "pyproject.toml").write_text("")
    mine = Interpreter(Path(sys.executable), "3.7.16", "pyenv", Path(sys.executable))
    monkeypatch.setattr(runtimes_command, "find_interpreter", lambda *_, **__: mine)

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def environment(cache: Path, name: str, *, current: bool = True) -> Path:
    """An environment as the provider would have made it, of nothing."""
    provider = VenvProvider(cache)
    runtime = parse_runtime(name)
    folder = provider.folder_of(runtime, runtime.release.lock.read_text())
    if not current:
        folder = folder.with_name(f"{name}-0000000000000000")
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    manifest = {"builder": BUILDER, "name": name, "lock": "0", "versions": {}, "found": ""}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "weight").write_bytes(b"0" * 2_000_000)
    return folder


def test_list_shows_the_whole_catalogue_within_80_columns(run: Run, tmp_path: Path) -> None:
    environment(tmp_path / "cache", "2.15")
    code, out, err = run("runtimes")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert len(lines) == 1 + 23 + 2
    assert max(map(len, lines[:24])) <= 80
    assert lines[0].split() == [
        *("runtime", "TensorFlow", "Python"),
        *("environment", "size", "interpreter"),
    ]
    (row,) = [line for line in lines if line.startswith("2.15 ")]
    assert row.split() == ["2.15", "2.15.1", "3.11", "ready", "2", "MB", "3.7.16", "(pyenv)"]
    assert lines[1].split() == ["1.15", "1.15.5", "3.7", "-", "-", "3.7.16", "(pyenv)"]


def test_list_has_the_projects_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tf_roundtrip.runtime.prod]\ntensorflow = "2.15.0"\npython = "/opt/bin/python"\n'
    )
    _, out, _ = run("runtimes")
    (row,) = [line for line in out.splitlines() if line.startswith("prod")]
    assert row.split() == ["prod", "2.15.0", "own", "-", "-", "/opt/bin/python"]


def test_unused_is_also_what_a_killed_process_left(run: Run, tmp_path: Path) -> None:
    making = tmp_path / "cache" / "environments" / ".making"
    (making / "2.15-01234567").mkdir(parents=True)
    (making / "2.3-01234567").mkdir()
    locks = making.parent / ".locks"
    locks.mkdir()
    with FileLock(locks / "2.3.lock"):
        code, out, err = run("runtimes", "remove", "--unused")
    assert code == 1
    assert out == "removed 2.15-01234567, which was half made (0 MB)\n"
    assert "2.3-01234567 is being made by another process" in err
    assert [path.name for path in making.iterdir()] == ["2.3-01234567"]


def test_remove_takes_one_and_unused_what_no_lock_names(run: Run, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    kept, old = environment(cache, "2.15"), environment(cache, "2.15", current=False)
    others = cache / "environments" / "theirs-0000000000000000"
    others.mkdir()
    _, out, _ = run("runtimes")
    assert "1 environment is not used any more (2 MB)" in out
    assert run("runtimes", "remove", "--unused") == (0, "removed 2.15 (2 MB)\n", "")
    assert (kept.exists(), old.exists(), others.exists()) == (True, False, True)
    assert run("runtimes", "remove", "2.15") == (0, "removed 2.15 (2 MB)\n", "")
    assert not kept.exists()
    assert run("runtimes", "remove", "2.15") == (0, "2.15: no environment is there\n", "")


@pytest.mark.parametrize(
    ("arguments", "has", "has_not"),
    [
        (("images", "build"), "build the images of these", ("--unused", "--json")),
        (("images", "list"), "--json", ("--unused",)),
        (("images", "remove"), "--unused", ("--json",)),
        (("runtimes", "check"), "start an agent in each", ("--unused",)),
        (("runtimes", "remove"), "--unused", ()),
        (("images",), "build", ("--unused",)),
    ],
)
def test_each_action_has_a_help_page_of_its_own(
    run: Run, arguments: tuple[str, ...], has: str, has_not: tuple[str, ...]
) -> None:
    code, out, _ = run(*arguments, "--help")
    assert code == 0
    assert has in out
    assert [word for word in has_not if word in out] == []
    assert f"usage: pytest-tfroundtrip {' '.join(arguments)} " in out


def test_options_stand_before_an_action_or_after_it(run: Run, tmp_path: Path) -> None:
    environment(tmp_path / "there", "2.15")
    for arguments in (
        (f"--cache={tmp_path / 'there'}", "list", "2.15"),
        ("list", "2.15", f"--cache={tmp_path / 'there'}"),
    ):
        assert " ready " in run("runtimes", *arguments)[1]
    assert " ready " in run("runtimes", f"--cache={tmp_path / 'there'}")[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("runtimes", "make", "2.51"), "Did you mean 2.21?"),
        (("runtimes", "make"), "which runtimes?"),
        (("runtimes", "remove"), "which runtimes?"),
        (("runtimes", "list", "--unused"), "--unused goes with remove"),
        (("runtimes", "destroy"), "invalid choice"),
        (("lock", "nope"), "unknown runtime 'nope'"),
        ((), "COMMAND"),
    ],
)
def test_what_is_asked_for_wrongly_is_exit_code_2(
    run: Run, arguments: tuple[str, ...], says: str
) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert says in err
    assert "Traceback" not in err


def test_a_broken_pyproject_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[")
    code, _, err = run("runtimes")
    assert code == 2
    assert "pyproject.toml cannot be read" in err


def test_make_says_what_could_not_be_made(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    error = EnvironmentFailed("the disk is full")
    monkeypatch.setattr(Providers, "prepare", lambda *_: {"2.15": error})
    assert run("runtimes", "make", "2.15") == (1, "", "the disk is full\n")


def test_check_fails_for_what_does_not_start(run: Run, tmp_path: Path) -> None:
    folder = environment(tmp_path / "cache", "2.15")
    python = folder / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 'no libpython' >&2\nexit 127\n")
    python.chmod(0o755)
    code, _, err = run("runtimes", "check", "2.15")
    assert code == 1
    assert "2.15: broken: the agent of 2.15 ended before" in err
    assert "no libpython" in err
    assert run("runtimes", "check", "2.3")[0] == 1


def test_nothing_to_check_is_no_error(run: Run) -> None:
    code, out, _ = run("runtimes", "check")
    assert code == 0
    assert "no environment is there yet" in out


# lock


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of locks; compiling gives what `compiled` in it says."""
    folder = tmp_path / "locks"
    folder.mkdir()
    (folder / "2.15.txt").write_text("# old\nnumpy==1.26.3\nsix==1\n")
    monkeypatch.setattr(lock_command, "LOCKS", folder)
    text = "# new\nnumpy==1.26.4\nwrapt==2\n"
    monkeypatch.setattr(lock_command, "compile_lock", lambda *_, **__: text)
    return folder


def test_lock_tells_what_changed(run: Run, locks: Path) -> None:
    changes = "-six, +wrapt 2, numpy 1.26.3 -> 1.26.4"
    code, out, _ = run("lock", "--check", "2.15")
    assert code == 1
    assert out.splitlines()[0] == f"2.15: would change: {changes}"
    assert "# old" in (locks / "2.15.txt").read_text()
    assert run("lock", "2.15") == (0, f"2.15: changed: {changes}\n", "")
    assert "# new" in (locks / "2.15.txt").read_text()
    assert run("lock", "--check", "2.15") == (0, "2.15: unchanged (2 packages)\n", "")


def test_lock_of_a_variant_is_kept_with_the_others(run: Run, locks: Path) -> None:
    assert run("lock", "1.15+hub0.6") == (0, "1.15+hub0.6: new (2 packages)\n", "")
    assert (locks / "1.15+hub0.6.txt").is_file()


@pytest.mark.usefixtures("locks")
def test_lock_that_does_not_resolve_fails_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(made: Any, *_: Any, **__: Any) -> str:
        if made.name == "2.3":
            msg = "the requirements of 2.3 do not resolve"
            raise EnvironmentFailed(msg)
        return "numpy==1\nsix==1\n"

    monkeypatch.setattr(lock_command, "compile_lock", compiled)
    code, out, err = run("lock", "2.3", "2.8")
    assert code == 1
    assert out == "2.8: new (2 packages)\n"
    assert err == "the requirements of 2.3 do not resolve\n"
