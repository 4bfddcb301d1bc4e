"""What cannot be is said in one clear message, never in a traceback of ours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from conftest import NEIGHBOURS

if TYPE_CHECKING:
    from conftest import Project


def said(result: pytest.RunResult) -> str:
    text: str = "\n".join([*result.outlines, *result.errlines])
    assert "INTERNALERROR" not in text
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--tf-runtimes=2.51", "unknown runtime '2.51'. Did you mean 2.21?"),
        ("--tf-runtimes=1.15+tf_keras", "tf_keras"),
        ("--tf-runtimes=", "--tf-runtimes: nothing was said"),
        ("--tf-report=", "--tf-report: nothing was said"),
        ("--tf-savers=buidler", "unknown saver 'buidler'. Did you mean 'builder'?"),
        ("--tf-loaders=tf3_load", "unknown loader 'tf3_load'"),
        (
            "--tf-operations=training",
            "unknown operation 'training'. There are: creation, inference",
        ),
        ("--tf-expect=wonders", "--tf-expect: 'wonders' is not one of round_trip, documents"),
        ("--tf-provider=vm", "--tf-provider: 'vm' is not one of auto"),
        ("--tf-jobs=none", "--tf-jobs: 'none' is not a whole number"),
        ("--tf-jobs=0", "--tf-jobs: 0 is out of range"),
        ("--tf-timeout=-1", "--tf-timeout: -1 is out of range"),
        ("--tf-rtol=inf", "--tf-rtol: inf is out of range"),
        ("--tf-report=report.txt", "--tf-report: report.txt should end in .html, .json or .md"),
        ("--tf-store=test_model.py", "test_model.py is a file; a folder is needed"),
        ("--tf-keep=test_model.py", "test_model.py is a file; a folder is needed"),
        ("--tf-untrusted", "--tf-untrusted: a model that is not to be trusted runs in a container"),
    ],
)
def test_a_wrong_option_is_a_usage_error(project: Project, option: str, message: str) -> None:
    result = project.run(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in said(result)


def test_an_option_without_the_switch_is_a_usage_error(project: Project) -> None:
    result = project.pytester.runpytest_subprocess("--tf-runtimes=2.15")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--tf-runtimes does nothing without --tf-roundtrip" in said(result)


def test_options_in_addopts_are_silent_without_the_switch(project: Project) -> None:
    project.pytester.makeini("[pytest]\naddopts = --tf-runtimes=2.15\ntf_savers = builder")
    result = project.pytester.runpytest_subprocess()
    result.assert_outcomes(skipped=1)


def test_the_order_of_precedence(project: Project) -> None:
    """Command line, then ini, then [tool.tf_roundtrip], then the default."""
    table = '[tool.tf_roundtrip]\nruntimes = ["1.15"]\nloaders = ["tf1_load"]\nsavers = "builder"\n'
    ini = '[tool.pytest.ini_options]\ntf_runtimes = "2.8"\ntf_loaders = "tf2_load"\n'
    (project.path / "pyproject.toml").write_text(table + ini)
    result = project.run("--co", "-q", "--tf-runtimes=2.21")
    ids = [line.partition("[")[2] for line in result.outlines if "::" in line]
    assert ids == [
        "affine-builder_2.21-creation]",
        "affine-builder_2.21-to-tf2_load_2.21-inference]",
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[tool.tf_roundtrip]\nruntime_s = []", "has no key 'runtime_s'. Did you mean 'runtimes'?"),
        ("[tool.tf_roundtrip]\nruntimes = [1]", "a list of names was expected, not [1]"),
        ("[tool.tf_roundtrip]\nruntime = 3", "write [tool.tf_roundtrip.runtime.NAME]"),
        ("[tool.tf_roundtrip.runtime.prod]\npython = 'python3'", "tensorflow"),
        ("[tool]\ntf_roundtrip = 1", "tool.tf_roundtrip is not a table"),
        ("[tool.tf-roundtrip]\nruntimes = ['2.15']", "write [tool.tf_roundtrip]"),
        ("[tool.tf_roundtrip.runtimes.prod]\ntensorflow = '2.15.1'", "singular"),
    ],
)
def test_a_wrong_table_is_a_usage_error(project: Project, table: str, message: str) -> None:
    (project.path / "pyproject.toml").write_text(table)
    (project.path / "pytest.ini").write_text("[pytest]\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in said(result)


MARKED = "import pytest, unittest\nmark = pytest.mark.tf_roundtrip\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("@mark('affine.py:Affine')\ndef test_it(): ...", "does not take the fixture roundtrip"),
        ("def test_it(roundtrip): ...", "takes roundtrip but has no mark tf_roundtrip"),
        (
            "@mark('affine.py:Affine')\nclass TestIt:\n    def test_it(self): ...",
            "does not take the fixture roundtrip",
        ),
        (
            "@mark('a.py:A')\nclass TestIt(unittest.TestCase):\n    def test_it(self): ...",
            "pytest does not parametrize unittest.TestCase methods",
        ),
        ("@mark()\ndef test_it(roundtrip): ...", "takes one model, as 'path.py:Class'"),
        ("@mark('gone.py:Gone')\ndef test_it(roundtrip): ...", "no model file gone.py"),
        ("@mark('affine.py:Afine')\ndef test_it(roundtrip): ...", "Did you mean 'Affine'?"),
        (
            "@mark('affine.py:Affine', saver='builder')\ndef test_it(roundtrip): ...",
            "has no keyword 'saver'. Did you mean 'savers'?",
        ),
        (
            "@mark('affine.py:Affine', runtimes=['2.99'])\ndef test_it(roundtrip): ...",
            "2.99",
        ),
        (
            "@mark('affine.py:Affine', savers=[])\ndef test_it(roundtrip): ...",
            "tf_roundtrip(savers=...) names nothing",
        ),
        (
            "@mark('affine.py:Affine', rtol='x')\ndef test_it(roundtrip): ...",
            "tf_roundtrip(rtol='x'): a number was expected",
        ),
        (
            "@mark('affine.py:Affine', accept=['x'])\ndef test_it(roundtrip): ...",
            "a dict of cause, or glob of cell ids, to the reason",
        ),
        (
            "@mark('affine.py:Affine', accept={'debug_name_attr': '-'})\ndef test(roundtrip): ...",
            "'debug_name_attr' is no cause and no cell. Did you mean 'debug-name-attr'?",
        ),
    ],
)
def test_a_mark_that_cannot_be_is_said_in_one_sentence(
    project: Project, source: str, message: str
) -> None:
    (project.path / "test_model.py").write_text(MARKED + source + "\n")
    result = project.run()
    assert result.ret != 0
    assert message in said(result)
    assert not project.requests("start")


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.fixture\ndef roundtrip(): return 1\ndef test_it(roundtrip): assert roundtrip == 1",
        "@pytest.mark.parametrize('roundtrip', [1])\ndef test_it(roundtrip): assert roundtrip == 1",
    ],
)
def test_somebody_elses_roundtrip_is_left_alone(project: Project, source: str) -> None:
    (project.path / "test_model.py").write_text(MARKED + source)
    project.run().assert_outcomes(passed=1)


def test_a_test_without_cells_says_why(project: Project) -> None:
    (project.path / "affine.py").write_text("import tensorflow as tf\nclass Affine(tf.Module): ...")
    result = project.run("--tf-savers=keras", "-rs")
    result.assert_outcomes(skipped=1)
    assert "no cells: Affine has no keras_model(), which keras saves" in said(result)


def test_a_class_whose_methods_take_the_fixture_is_fine(project: Project) -> None:
    source = "@mark('affine.py:Affine')\nclass TestIt:\n    def test_it(self, roundtrip): ...\n"
    (project.path / "test_model.py").write_text(MARKED + source)
    result = project.run("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    result.assert_outcomes(passed=2)


def test_a_strict_project_changes_nothing(project: Project) -> None:
    project.pytester.makeini(
        "[pytest]\nxfail_strict = true\nfilterwarnings = error\n"
        "addopts = --strict-markers --strict-config -p no:cacheprovider"
    )
    chosen = ("--tf-runtimes=2.15", "--tf-savers=builder,keras")
    result = project.run(*chosen, "--tf-loaders=tf2_load")
    result.assert_outcomes(passed=4)


def test_a_store_that_cannot_be_written_is_an_error_of_the_runtime(project: Project) -> None:
    (project.path / "cache").write_text("a file where the cache should be")
    result = project.run("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    result.assert_outcomes(errors=2)
    assert "--tf-cache=DIR" in said(result)


# pytest never imports a user's model


@pytest.mark.parametrize(
    "ini",
    ["python_files = *.py", "addopts = --doctest-modules", "python_files = aff*.py test_*.py"],
)
@pytest.mark.parametrize("switch", [True, False])
def test_a_model_file_is_left_to_the_agents(project: Project, ini: str, switch: bool) -> None:
    project.pytester.makeini(f"[pytest]\n{ini}")
    if switch:
        result = project.run("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
        result.assert_outcomes(passed=2)
    else:
        project.pytester.runpytest_subprocess().assert_outcomes(skipped=1)


# The reference package is collected whatever the user's settings say


@pytest.mark.parametrize(
    "ini",
    [
        "python_files = check_*.py",
        "python_files = *.py",
        "python_functions = check_*",
        "testpaths = elsewhere",
        "addopts = --doctest-modules",
        "addopts = --import-mode=importlib",
    ],
)
def test_the_reference_is_collected_once_under_any_ini(project: Project, ini: str) -> None:
    project.pytester.makeini(f"[pytest]\n{ini}")
    chosen = ("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    result = project.run("--co", "-q", *chosen, "--pyargs", "pytest_tfroundtrip.reference")
    ids = [line for line in result.outlines if "::" in line]
    assert len(ids) == len(set(ids)) == 3 * 2


def test_the_rootdir_does_not_change_what_the_reference_is(project: Project) -> None:
    inner = project.pytester.mkdir("inner")
    chosen = ("--tf-runtimes=2.15", "--tf-savers=builder", "--tf-loaders=tf1_load")
    args = ["--co", "-q", *chosen, "--rootdir", str(inner), "--pyargs"]
    result = project.run(*args, "pytest_tfroundtrip.reference")
    assert sum("::" in line for line in result.outlines) == 6


def test_nothing_heavy_is_imported_without_the_switch(project: Project) -> None:
    project.pytester.makepyfile(
        test_light="""
        import sys
        def test_light():
            heavy = {"numpy", "docker", "asyncio", "tomllib", "uv", "filelock"} & set(sys.modules)
            ours = {name for name in sys.modules if name.startswith("pytest_tfroundtrip")}
            assert not heavy
            assert "google.protobuf" not in sys.modules
            assert ours <= {
                "pytest_tfroundtrip",
                "pytest_tfroundtrip.plugin",
                "pytest_tfroundtrip.options",
                "pytest_tfroundtrip.help",
                "pytest_tfroundtrip.hookspecs",
            }
        """
    )
    without = [part for name in NEIGHBOURS for part in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", *without, "test_light.py"]
    project.pytester.run(*command).assert_outcomes(passed=1)
