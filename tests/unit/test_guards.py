"""A hostile folder: whatever Python or ini file lies in it, nothing of it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.saved_models import written

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

ONE = ("--tf-runtimes=2.15", "--tf-loaders=tf2_load")
PYTHON = (
    "conftest.py",
    "__init__.py",
    "test_hostile.py",
    "hostile_test.py",
    "saved_model.py",
    "sitecustomize.py",
    "usercustomize.py",
    "setup.py",
    "variables/conftest.py",
    "assets/test_hostile.py",
    "assets.extra/conftest.py",
)
INI = {
    "pytest.ini": "[pytest]\naddopts = -p hostile_plugin\ntf_savers = nonsense\n",
    "tox.ini": "[pytest]\naddopts = -p hostile_plugin\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p hostile_plugin\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p hostile_plugin"\n'
    "[tool.tf_roundtrip]\nsavers = 'nonsense'\n",
}


@pytest.fixture
def hostile(project: Project) -> Path:
    """A folder with a SavedModel, whose every file that pytest may know would leave a mark."""
    folder = project.path / "hostile"
    for model in (folder / "m", folder / "test_m", folder / "deep" / "er" / "m"):
        written(model)
        for name in PYTHON:
            file = model / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"open({str(project.path / 'RAN')!r}, 'a').write(__file__)\n")
        for name, text in INI.items():
            (model / name).write_text(text)
        (model / "hostile_plugin.py").write_text((model / "conftest.py").read_text())
    for name in ("conftest.py", "__init__.py", "test_hostile.py"):
        (folder / name).write_text((folder / "m" / name).read_text())
    for name, text in INI.items():
        (folder / name).write_text(text)
    (project.path / "pytest.ini").write_text("[pytest]\n")
    return folder


def ran(project: Project) -> str:
    mark = project.path / "RAN"
    return mark.read_text() if mark.exists() else ""


@pytest.mark.parametrize(
    "more", [(), ("-n", "2"), ("--doctest-modules", "-o", "python_files=*.py")]
)
def test_what_is_named_by_tf_model_runs_nothing(
    project: Project, hostile: Path, more: tuple[str, ...]
) -> None:
    result = project.run_apart(*ONE, f"--tf-model={hostile}", *more)
    result.assert_outcomes(passed=3)
    assert not ran(project)


@pytest.mark.parametrize("name", ["hostile/m", "hostile/m/saved_model.pb", "hostile/deep/er/m"])
def test_a_single_model_named_by_tf_model_runs_nothing(
    project: Project, hostile: Path, name: str
) -> None:
    result = project.run_apart(*ONE, f"--tf-model={name}")
    result.assert_outcomes(passed=1)
    assert not ran(project)
    assert hostile.is_dir()


@pytest.mark.parametrize("name", ["hostile/m", "hostile/m/saved_model.pb", "hostile/m/assets"])
def test_a_conftest_in_a_model_that_is_an_argument_is_refused(
    project: Project, hostile: Path, name: str
) -> None:
    for each in INI:  # with an ini file it is that which is refused, see below
        (hostile / each).unlink()
        (hostile / "m" / each).unlink()
    result = project.run_apart(*ONE, name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*conftest.py is inside of the SavedModel*--tf-model=*"])
    assert not ran(project)


def test_a_conftest_that_pytest_finds_by_its_folders_name_is_refused(project: Project) -> None:
    """Of an argument pytest loads those in test* folders below it too."""
    written(project.path / "models" / "test_m")
    mark = project.path / "RAN"
    (project.path / "models/test_m/conftest.py").write_text(f"open({str(mark)!r}, 'w')\n")
    result = project.run_apart(*ONE, "models")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*models/test_m/conftest.py is inside of the SavedModel*"])
    assert not mark.exists()


def test_python_in_a_model_below_an_argument_is_not_run(project: Project) -> None:
    mark = project.path / "RAN"
    for name in ("m", "deep/m"):
        model = written(project.path / "models" / name)
        for python in ("conftest.py", "__init__.py", "test_it.py"):
            (model / python).write_text(f"open({str(mark)!r}, 'w')\n")
    project.run_apart(*ONE, "models", "-n", "2").assert_outcomes(passed=2)
    assert not mark.exists()


@pytest.mark.parametrize("ini", sorted(INI))
def test_an_ini_file_in_a_model_is_refused(project: Project, ini: str) -> None:
    model = written(project.path / "m")
    (model / ini).write_text(INI[ini].replace("-p hostile_plugin", ""))
    result = project.run_apart(*ONE, "m")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*the ini file *{ini} is inside of the SavedModel*--tf-model=*"])


def test_pytest_started_in_a_model_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cache would be written there, its conftest.py be found."""
    model = written(project.path / "m")
    monkeypatch.chdir(model)
    result = project.run_apart(*ONE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the rootdir *m is inside of the SavedModel*"])
    assert [each.name for each in model.iterdir()] == ["saved_model.pb"]


def test_the_folder_of_tf_model_is_no_rootdir_either(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project.path / "models"
    written(folder / "m")
    monkeypatch.chdir(folder)
    result = project.run_apart(*ONE, "--tf-model=.")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the rootdir * is inside of*"])


def test_a_users_own_conftest_above_the_models_is_fine(project: Project) -> None:
    written(project.path / "models" / "m")
    (project.path / "models" / "conftest.py").write_text("")
    (project.path / "conftest.py").write_text("")
    project.run_apart(*ONE, "models").assert_outcomes(passed=1)


def test_without_the_switch_pytest_is_left_alone(project: Project) -> None:
    model = written(project.path / "m")
    (model / "conftest.py").write_text("")
    (model / "test_mine.py").write_text("def test_it(): ...\n")
    project.pytester.runpytest_subprocess("m").assert_outcomes(passed=1)
