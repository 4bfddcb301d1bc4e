"""SavedModel folders as tests, with agents that need no TensorFlow."""

from __future__ import annotations

import json
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.saved_models import written

if TYPE_CHECKING:
    from conftest import Project

TWO = ("--tf-runtimes=2.15,2.21", "--tf-loaders=tf2_load")

pytestmark = pytest.mark.usefixtures("models")


@pytest.fixture
def models(project: Project) -> Path:
    """Two SavedModels and two versions of a third; the project has a marked test as well."""
    folder = project.path / "models"
    written(folder / "m1")
    written(folder / "deep" / "m2", signatures=("serving_default", "classify"))
    written(folder / "versions" / "2")
    written(folder / "versions" / "10", tensorflow="1.15.5", objects=False)
    return folder


def nodeids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and " " not in line]


def test_each_savedmodel_below_a_folder_is_collected(project: Project) -> None:
    found = nodeids(project.run(*TWO, "models", "--co", "-q"))
    assert found == [
        "models/deep/m2/saved_model.pb::classify-tf2_load_2.15-inference",
        "models/deep/m2/saved_model.pb::classify-tf2_load_2.21-inference",
        "models/deep/m2/saved_model.pb::tf2_load_2.15-inference",
        "models/deep/m2/saved_model.pb::tf2_load_2.21-inference",
        "models/m1/saved_model.pb::tf2_load_2.15-inference",
        "models/m1/saved_model.pb::tf2_load_2.21-inference",
        *(
            f"models/versions/{version}/saved_model.pb::tf2_load_{release}-inference"
            for version in (10, 2)
            for release in ("2.15", "2.21")
        ),
    ]


def test_a_savedmodel_is_collected_once_whatever_links_lead_to_it(
    project: Project, models: Path
) -> None:
    written(project.path / "elsewhere" / "m3")
    before = nodeids(project.run(*TWO, "models", "--co", "-q"))
    (models / "again").symlink_to(models / "m1")
    (models / "deep" / "up").symlink_to("..")
    (models / "outside").symlink_to(project.path / "elsewhere")
    (models / "outside2").symlink_to(project.path / "elsewhere")
    found = nodeids(project.run(*TWO, "models", "--co", "-q"))
    more = [each for each in found if each not in before]
    assert len(found) == len(before) + len(more)
    assert more == [
        f"models/outside/m3/saved_model.pb::tf2_load_{release}-inference"
        for release in ("2.15", "2.21")
    ]
    assert len(nodeids(project.run(*TWO, "models/again", "--co", "-q"))) == 2


def test_what_should_be_a_savedmodel_is_a_test_that_fails(project: Project, models: Path) -> None:
    (models / "linked").mkdir()
    (models / "linked" / "saved_model.pb").symlink_to("../blobs/4d7a")
    (models / "odd" / "saved_model.pb").mkdir(parents=True)
    report = project.report(*TWO, "models")
    failed = {each["model"]: each for each in report["cells"] if each["outcome"] == "failed"}
    assert set(failed) == {"linked", "odd"}
    assert "is a link to a file that is not there (../blobs/4d7a)" in failed["linked"]["why"]
    assert "saved_model.pb is a folder, and has to be a file" in failed["odd"]["why"]


def test_ids_have_the_folder_below_the_argument(project: Project) -> None:
    report = project.report(*TWO, "models")
    assert sorted({cell["id"].partition("-to-")[0] for cell in report["cells"]}) == [
        "deep/m2",
        "deep/m2.classify",
        "m1",
        "versions/10",
        "versions/2",
    ]
    assert {cell["verdict"] for cell in report["cells"]} == {"same"}
    assert {(each["save_runtime"], each["model"]) for each in report["cells"]} >= {
        ("1.15", "versions/10"),
        ("2.15", "versions/2"),
    }


def test_a_version_alone_has_its_models_name(project: Project) -> None:
    report = project.report(*TWO, "models/versions/2")
    assert {cell["model"] for cell in report["cells"]} == {"versions/2"}


@pytest.mark.parametrize("name", ["models/m1", "models/m1/saved_model.pb"])
def test_one_cell_is_selected_by_its_folder(project: Project, name: str) -> None:
    project.run(*TWO, f"{name}::tf2_load_2.21-inference").assert_outcomes(passed=1)


def test_marks_select_cells(project: Project) -> None:
    only = "tf_cell(load_runtime='2.15', direction='backward')"
    project.run(*TWO, "models", "-m", only).assert_outcomes(passed=1, deselected=9)


def test_the_command_of_a_failing_cell_runs_that_cell(project: Project) -> None:
    project.agent(rules=[refused("m1")])
    result = project.run(*TWO, "models")
    result.assert_outcomes(passed=8, failed=2)
    command, *_ = [
        line.partition("rerun: ")[2]
        for line in result.outlines
        if "rerun: " in line and "2.21" in line
    ]
    again = project.run(*command.split()[1:])
    again.assert_outcomes(failed=1)


@pytest.mark.parametrize("where", ["models", "elsewhere"])
def test_the_command_is_typed_where_pytest_was_started(
    project: Project, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.agent(rules=[refused("m1")])
    started = project.path / where
    started.mkdir(exist_ok=True)
    monkeypatch.chdir(started)
    root = f"--rootdir={project.path}"
    result = project.run(root, "-vv", *TWO, str(project.path / "models" / "m1"))
    result.assert_outcomes(failed=2)
    (command,) = {  # in CI pytest's short summary has the whole text once more
        line.partition("rerun: ")[2]
        for line in result.outlines
        if line.startswith("rerun: ") and line.endswith("2.21-inference")
    }
    typed = {"models": "m1", "elsewhere": "../models/m1"}[where]
    assert command.endswith(f" {typed}/saved_model.pb::tf2_load_2.21-inference")
    project.run(root, *command.split()[1:]).assert_outcomes(failed=1)


#: What load_model of 2.15 says of what Keras did not save.
NO_KERAS_MODEL = {
    "status": "raised",
    "stage": "load",
    "exception": "IndexError",
    "message": "list index (0) out of range",
}


def refused(model: str, message: str = "Op type not registered 'Odd'") -> dict[str, Any]:
    return {
        "match": {"action": ["load", "record"], "payload": str(Path.cwd() / "models" / model)},
        "status": "raised",
        "stage": "load",
        "exception": "NotFoundError",
        "message": message,
    }


def test_nothing_is_written_into_a_folder(project: Project, models: Path) -> None:
    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in models.rglob("*")}

    before = state()
    project.run(*TWO, "models").assert_outcomes(passed=10)
    assert state() == before


def test_with_xdist_it_is_the_same(project: Project) -> None:
    report = project.report(*TWO, "models", "-n", "2")
    assert len(report["cells"]) == 10
    assert {cell["outcome"] for cell in report["cells"]} == {"passed"}
    assert not project.left_running()


def test_what_is_not_in_form_is_tried_and_stands_in_the_report(
    project: Project, models: Path
) -> None:
    (models / "m1" / "saved_model.pb").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    project.agent(rules=[refused("m1", "Error parsing message")])
    report = project.report(*TWO, "models")
    broken = [cell for cell in report["cells"] if cell["model"] == "m1"]
    assert [cell["verdict"] for cell in broken] == ["refused", "refused"]
    assert {cell["cause"] for cell in broken} == {"lfs-pointer"}
    assert "git lfs pull" in broken[0]["remedy"]
    assert report["summary"]["verdict"] == {"refused": 2, "same": 8}


def examples(project: Project, content: object) -> str:
    (project.path / "given.json").write_text(json.dumps(content))
    return "--tf-examples=given.json"


def test_examples_that_no_signature_takes_are_a_usage_error(project: Project) -> None:
    option = examples(project, {"nobody": [1.0]})
    result = project.run_apart(*TWO, "models/m1", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = " ".join(result.errlines)
    assert "are named nobody, and no signature takes these. There are: m1" in said
    assert "Traceback" not in said


def test_examples_that_some_signatures_take_are_no_error(project: Project) -> None:
    option = examples(project, {"x": [[1.0, 2.0, 3.0]]})
    project.run(*TWO, "models", option).assert_outcomes(passed=10)


@pytest.mark.parametrize("content", [None, "no json"])
def test_examples_that_cannot_be_read_are_a_usage_error(
    project: Project, content: str | None
) -> None:
    if content is not None:
        (project.path / "given.json").write_text(content)
    result = project.run_apart(*TWO, "models/m1", "--tf-examples=given.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "given.json cannot be read" in " ".join(result.errlines)
    assert not project.requests("start")


def test_examples_that_the_model_refuses_are_never_green(project: Project) -> None:
    option = examples(project, {"x": [[1.0, 2.0, 3.0]]})
    refusing = {
        "match": {"action": "record", "loader": ["tf1_load", "tf2_load"]},
        "uncalled": "the inputs were refused (given.json):\nMatrix size-incompatible",
        "refused": "given.json",
    }
    project.agent(rules=[refusing])
    report = project.report(*TWO, "models/m1", option)
    for cell in report["cells"]:
        assert (cell["outcome"], cell["cause"]) == ("error", "examples-refused")
        assert "Matrix size-incompatible" in cell["message"]


@pytest.mark.parametrize("refused", ["warm-up requests", None])
def test_who_refused_other_inputs_than_those_is_loaded(
    project: Project, refused: str | None
) -> None:
    """It is the record's word that counts, not what its sentence reads like."""
    option = examples(project, {"x": [[1.0, 2.0, 3.0]]})
    uncalled = "the inputs were refused (given.json):\nMatrix size-incompatible"
    rule = {"match": {"action": "record"}, "uncalled": uncalled, "refused": refused}
    project.agent(rules=[rule])
    report = project.report(*TWO, "models/m1", option)
    assert {(cell["verdict"], cell["outcome"]) for cell in report["cells"]} == {("same", "passed")}


@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
def test_a_model_of_another_format_that_is_named_is_told_from_one(
    project: Project, name: str
) -> None:
    (project.path / name).write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    result = project.run(*TWO, name)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{name}*tf.keras.models.load_model*"])
    assert "Traceback" not in result.stdout.str()
    project.run(*TWO, ".").assert_outcomes(passed=37)  # pytest's own walk passes it over


def test_headings_and_v_have_the_models_name_and_the_id_that_selects(project: Project) -> None:
    project.agent(rules=[refused("m1")])
    result = project.run(*TWO, "models/m1", "-v")
    result.stdout.fnmatch_lines(
        [
            "models/m1/saved_model.pb::tf2_load_2.15-inference FAILED*",
            "_* m1-to-tf2_load_2.15-inference _*",
        ]
    )


def test_a_folder_is_recorded_once_and_again_when_it_changed(
    project: Project, models: Path
) -> None:
    def recorded() -> int:
        before = len(project.requests())
        project.run(*TWO, "models/m1")
        return sum(each["action"] == "record" for each in project.requests()[before:])

    assert recorded() == 1
    assert recorded() == 0
    (models / "m1" / "variables").mkdir()
    (models / "m1" / "variables" / "variables.index").write_bytes(b"new")
    assert recorded() == 1


def test_the_runtime_that_wrote_it_computes_what_it_gives(project: Project, models: Path) -> None:
    project.run("--tf-runtimes=1.15,2.15,2.21", "--tf-loaders=tf2_load", "models/m1")
    (asked,) = [each for each in project.requests() if each["action"] == "record"]
    assert asked["loader"] == "tf2_load"
    assert asked["payload"] == str(models / "m1")
    report = project.report("--tf-runtimes=1.15,2.15", "--tf-loaders=tf1_load", "models/versions")
    assert {cell["direction"] for cell in report["cells"]} == {
        "same_release",
        "backward",
        "forward",
    }
    last = [each for each in project.requests() if each["action"] == "record"][-1]
    assert {each["loader"] for each in project.requests() if each["action"] == "record"} == {
        "tf1_load",
        "tf2_load",
    }, last


def test_where_the_nearest_runtime_cannot_call_it_the_next_does(project: Project) -> None:
    failing = {
        "match": {"action": "record", "release": "2.15.1"},
        "status": "raised",
        "stage": "call",
        "message": "no",
    }
    project.agent(rules=[failing])
    report = project.report(*TWO, "models/m1")
    assert {cell["verdict"] for cell in report["cells"]} == {"same"}
    asked = [each["loader"] for each in project.requests() if each["action"] == "record"]
    assert asked == ["tf2_load", "tf1_load", "tf2_load"]


def test_of_all_releases_the_nearest_and_two_afar_are_asked(project: Project) -> None:
    refusing = {
        "match": {"action": "record", "loader": ["tf1_load", "tf2_load"]},
        "status": "raised",
        "stage": "load",
        "message": "no",
    }
    project.agent(rules=[refusing])
    options = ("--tf-load-runtimes=2.21", "--tf-loaders=tf2_load", "models/m1")
    project.run("--tf-save-runtimes=all", *options).assert_outcomes(passed=1)
    started = {each["release"] for each in project.requests("start")}
    assert started == {"2.15.1", "2.16.2", "2.17.1", "2.10.1", "1.15.5", "2.21.0"}


def test_what_nobody_can_call_is_loaded_and_the_report_says_so(project: Project) -> None:
    failing = {
        "match": {"action": "record", "loader": ["tf1_load", "tf2_load"]},
        "status": "raised",
        "stage": "call",
        "message": "Graph execution error:\n\nNode: 'x'\nTable not initialized.",
    }
    project.agent(rules=[failing])
    report = project.report(*TWO, "models/m1")
    for cell in report["cells"]:
        assert cell["verdict"] == "same"
        (said,) = [each for each in cell["not_compared"] if "not called" in each]
        assert "Table not initialized." in said


def test_a_model_that_gives_other_values_each_time_is_compared_by_contract(
    project: Project,
) -> None:
    other = {"match": {"action": "load"}, "delta": 1.0}
    project.agent(rules=[{"match": {"action": "record"}, "unsteady": True}, other])
    report = project.report(*TWO, "models/m1")
    assert {cell["verdict"] for cell in report["cells"]} == {"same"}
    assert (
        "values (the model gives others each time it is called)"
        in (report["cells"][0]["not_compared"])
    )


def test_what_shows_in_another_process_only_is_unsteady_too(project: Project) -> None:
    """Random initial values: the same in each call, others in each process."""
    written(project.path / "models" / "random", op="RandomUniform")
    project.agent(rules=[{"match": {"action": "load", "release": "2.15.1"}, "delta": 1.0}])
    report = project.report(*TWO, "models/random")
    assert {cell["verdict"] for cell in report["cells"]} == {"same"}


def test_what_has_no_random_op_is_loaded_once_for_its_record(project: Project) -> None:
    project.run(*TWO, "models/m1")
    assert [each["action"] for each in project.requests()].count("load") == 2


def test_other_values_under_another_release_are_a_difference(project: Project) -> None:
    project.agent(rules=[{"match": {"action": "load", "release": "2.21.0"}, "delta": 1.0}])
    report = project.report(*TWO, "models/m1")
    assert [cell["verdict"] for cell in report["cells"]] == ["same", "differs"]


def test_files_that_cannot_be_loaded_are_the_cause(project: Project, models: Path) -> None:
    project.agent(rules=[refused("m1", "whatever TensorFlow says")])
    (models / "m1" / "variables").mkdir()
    (models / "m1" / "variables" / "variables.index").write_bytes(b"")
    report = project.report(*TWO, "models/m1")
    assert {(cell["verdict"], cell["cause"]) for cell in report["cells"]} == {
        ("refused", "empty-file")
    }
    assert report["cells"][0]["remedy"]


def test_a_loader_that_is_not_for_such_a_file_is_left_out_unless_it_is_named(
    project: Project,
) -> None:
    by_default = project.report("--tf-runtimes=2.15", "models/m1")
    assert {cell["load"] for cell in by_default["cells"]} == {"tf1_load", "tf2_load"}
    named = project.report("--tf-runtimes=2.15", "--tf-loaders=keras_load", "models/m1")
    (cell,) = named["cells"]
    assert cell["promise"] == "unsupported"


def test_signatures_have_loaders_that_can_be_told_one(project: Project) -> None:
    project.agent(rules=[{"match": {"loader": "keras_load"}, **NO_KERAS_MODEL}])
    named = project.report(
        "--tf-runtimes=2.15", "--tf-loaders=tf1_load,keras_load", "models/deep/m2"
    )
    assert sorted((cell["signature"], cell["load"]) for cell in named["cells"]) == [
        ("classify", "tf1_load"),
        ("serving_default", "keras_load"),
        ("serving_default", "tf1_load"),
    ]


def test_a_file_that_does_not_say_who_wrote_it_works(project: Project, models: Path) -> None:
    written(models / "old", tensorflow="")
    report = project.report(*TWO, "models/old")
    assert {(cell["save_runtime"], cell["direction"]) for cell in report["cells"]} == {
        ("unknown", "unknown")
    }
    assert {cell["promise"] for cell in report["cells"]} <= {"unpromised", "promised"}


def test_tf_model_collects_that_and_nothing_else(project: Project, models: Path) -> None:
    project.run(*TWO, f"--tf-model={models}").assert_outcomes(passed=10)
    both = project.run(*TWO, "--tf-savers=builder", "--tf-model=models/m1", "test_model.py")
    both.assert_outcomes(passed=2 + 2 + 4)
    project.run(*TWO, "--tf-model=models/m1", "--tf-model=models/versions").assert_outcomes(
        passed=6
    )


@pytest.mark.parametrize("named", ["--tf-model={}", "{}"])
def test_folders_of_one_name_outside_of_the_rootdir_are_two(
    project: Project, tmp_path_factory: pytest.TempPathFactory, named: str
) -> None:
    """Node ids of pytest's own are relative to what was named: the second had no result."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    places = [elsewhere / name / "models" for name in ("a", "b")]
    for place in places:
        written(place / "m")
    of_both = [named.format(place) for place in places]
    result = project.run(*TWO, f"--rootdir={project.path}", *of_both, "--tf-report=r.json")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["  a/models/m:m (2.15) *same*", "  b/models/m:m (2.15) *same*"])
    cells = json.loads((project.path / "r.json").read_text(encoding="utf-8"))["cells"]
    assert [cell["file"] for cell in cells] == ["a/models/m"] * 2 + ["b/models/m"] * 2
    assert {cell["outcome"] for cell in cells} == {"passed"}
    assert len({nodeid for cell in cells for nodeid in cell["nodeids"]}) == 4


def test_folders_of_one_name_in_the_rootdir_are_two(project: Project) -> None:
    for name in ("a", "b"):
        written(project.path / name / "models" / "m")
    report = project.report(*TWO, "a/models", "b/models")
    assert {cell["model"] for cell in report["cells"]} == {"a/models/m:m", "b/models/m:m"}


def test_what_tf_model_named_is_run_again_by_it(project: Project, models: Path) -> None:
    """As an argument pytest would load the conftest.py files above it."""
    project.agent(rules=[refused("deep/m2")])
    report = project.report(*TWO, f"--tf-model={models}")
    failed = [cell for cell in report["cells"] if cell["outcome"] == "failed"]
    assert len(failed) == 4
    for cell in failed:
        assert "--tf-model=models/deep/m2" in cell["command"]
        again = project.report(*shlex.split(cell["command"])[1:])
        assert cell["signature"] in {each["signature"] for each in again["cells"]}
        assert {each["load_runtime"] for each in again["cells"]} == {cell["load_runtime"]}


def test_tf_model_names_what_is_there_instead(project: Project) -> None:
    (project.path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    for name, said in (("nothing", "does not exist"), ("model.h5", "Keras")):
        result = project.run(f"--tf-model={name}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*--tf-model: *{said}*"])
    (project.path / "empty").mkdir()
    result = project.run("--tf-model=empty")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*empty*"])


def test_artifacts_of_this_project_are_nobodys_models(project: Project) -> None:
    project.run("--tf-runtimes=2.15", "--tf-savers=builder")
    assert list((project.path / "cache" / "artifacts").rglob("saved_model.pb"))
    found = nodeids(project.run("--tf-runtimes=2.15", "--tf-savers=builder", "--co", "-q"))
    assert not [name for name in found if name.startswith("cache")]


def test_without_the_switch_nothing_is_collected(project: Project) -> None:
    result = project.pytester.runpytest_subprocess("models", "--co", "-q")
    assert not nodeids(result)


def test_a_baseline_accepts_a_folders_cell(project: Project) -> None:
    project.agent(rules=[refused("m1")])
    project.run(*TWO, "models/m1", "--tf-baseline=b.toml", "--tf-baseline-update")
    text = (project.path / "b.toml").read_text()
    (project.path / "b.toml").write_text(text.replace('reason = ""', 'reason = "known"'))
    project.run(*TWO, "models/m1", "--tf-baseline=b.toml").assert_outcomes(xfailed=2)


MARKED = """
import pytest

@pytest.mark.tf_roundtrip(saved_model="models/m1", loaders=["tf2_load"])
def test_mine(roundtrip):
    assert roundtrip.outputs["y"].shape == (2, 1)
    assert roundtrip.saved_model.name == "m1"
    assert (roundtrip.artifact / "record.json").is_file()
"""


def test_a_marked_test_has_asserts_of_its_own(project: Project) -> None:
    project.pytester.makepyfile(test_mine=MARKED)
    result = project.run("--tf-runtimes=2.15,2.21", "test_mine.py", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_mine.py::test_mine?m1-to-tf2_load_2.15-inference?*"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('saved_model="nowhere"', "no SavedModel 'nowhere'"),
        ('saved_model="models"', "has several SavedModels below it"),
        ('saved_model="models/m1", signatures=["nope"]', "no signature 'nope'"),
        ('saved_model="models/m1", tags=["gpu"]', "no meta graph has the tags gpu"),
        ('saved_model="models/m1", savers=["builder"]', "for models that are saved here"),
        ('"affine.py:Affine", saved_model="models/m1"', "not both"),
        ('"affine.py:Affine", tags=["serve"]', "goes with saved_model"),
        ("saved_model=3", "a path or a URL was expected"),
    ],
)
def test_a_mark_that_cannot_be_is_told(project: Project, arguments: str, said: str) -> None:
    project.pytester.makepyfile(
        test_mine=f"import pytest\n@pytest.mark.tf_roundtrip({arguments})\n"
        "def test_it(roundtrip): ...\n"
    )
    result = project.run("test_mine.py")
    assert said in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(("option", "shown"), [("-s", True), ("-q", False)])
def test_s_shows_what_the_runtime_wrote(project: Project, option: str, shown: bool) -> None:
    project.agent(rules=[{"match": {"action": "load"}, "log": "TensorFlow says hello\n"}])
    result = project.run(*TWO, "models/m1", option)
    result.assert_outcomes(passed=2)
    assert ("TensorFlow says hello" in result.stdout.str()) is shown


def test_s_shows_it_while_it_is_written(project: Project) -> None:
    writing = {"match": {"action": "load"}, "log": "TensorFlow says hello\n", "sleep": 60}
    project.agent(rules=[writing])
    running = project.start(*TWO, "models/m1", "-s")
    assert running.stdout is not None
    try:
        assert any("TensorFlow says hello" in line for line in running.stdout)
        assert running.poll() is None
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)


def test_what_is_kept_is_said_where(project: Project) -> None:
    result = project.run(*TWO, "models/m1", "--tf-keep=kept")
    result.stdout.fnmatch_lines(["results and logs are kept in *kept"])
    assert list((project.path / "kept").glob("*.log"))
    assert "are kept in" not in project.run(*TWO, "models/m1").stdout.str()
