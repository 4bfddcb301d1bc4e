"""``show``: what it prints of SavedModels that TensorFlow wrote, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.prediction.page import shortest
from pytest_tfroundtrip.prediction.reach import Reach, Span
from pytest_tfroundtrip.savedmodel.page import printable, shaped, sized
from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.vocabulary import Foreseen
from tests.saved_models import DATA, NAMES, copied, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    Show = Callable[..., tuple[int, str, str]]


@pytest.fixture
def show(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command: code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main(["show", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_why_nobody_reads_one_of_many_stands_behind_its_name(show: Show, tmp_path: Path) -> None:
    for name in ("functions-2.8", "nested-2.8"):
        copied(name, tmp_path / name)
    file = tmp_path / "nested-2.8" / "saved_model.pb"
    file.write_bytes(file.read_bytes().replace(b"StringSplitV2", b"StringSplitV9"))
    code, out, _ = show(tmp_path)
    assert code == 0
    one, other = out.splitlines()[1:3]
    assert one.endswith(" functions-2.8")
    assert " nested-2.8: op StringSplitV9" in other


def test_of_several_meta_graphs_a_line_says_who_reads_one_of_them(show: Show) -> None:
    _, out, _ = show(DATA / "odd-1.15", DATA / "text-1.15")
    (line,) = [each for each in out.splitlines() if "odd-1.15" in each]
    assert "(2 graphs)" in line
    assert "2.0+?" in line


def test_a_page(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATA)
    code, out, err = show("odd-1.15")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:7] == [
        "odd-1.15",
        "  size       57.0 kB: saved_model.pb 56.6 kB, values 112 B in 2 shards",
        "",
        "meta graph serve",
        "  writer     TensorFlow 1.15.5 (v1.15.4-39-g3db52be), by builder or simple_save",
        "  graph      producer 134",
        "  signature odd  any/method",
    ]
    given = [line.split() for line in lines if line.startswith("    in   given ")]
    assert given[0][2:6] == ["float32", "[?,", "?]", "sparse"]
    assert given[0][6:] == ["given/values:0,", "given/indices:0,", "given/shape:0"]
    assert "    parts/part_1  float32  [2, 3]  resource  trainable" in lines
    assert "    w             float32  [4, 2]  ref       trainable" in lines
    assert "  assets     words.txt 4 B" in lines
    assert "  pinned to  /device:CPU:*, /device:CPU:0, /device:CPU:1" in lines
    assert "meta graph gpu, serve" in lines
    words = [line for line in lines if line.startswith(("    Const", "  writer", "  ops"))]
    assert all(len(line) <= 80 for line in words)


@pytest.mark.parametrize("name", NAMES)
def test_every_op_is_named_with_its_count(show: Show, name: str) -> None:
    _, out, _ = show(DATA / name)
    for graph in truth(name)["meta_graphs"]:
        for op, (in_graph, in_functions) in graph["ops"].items():
            count = in_graph + in_functions
            assert (f"{op} {count}" if count > 1 else op) in out
        for key, signature in graph["signatures"].items():
            if not key.startswith("__"):
                assert f"signature {key}  {signature['method_name']}".rstrip() in out


def test_several_and_folders_of_them_whole(show: Show) -> None:
    code, out, _ = show("--whole", DATA, DATA / "keras-2.8")
    assert code == 0
    heads = [line for line in out.splitlines() if line.startswith(str(DATA))]
    assert heads == [str(DATA / name) for name in (*NAMES, "keras-2.8")]


def test_several_are_a_line_each(show: Show) -> None:
    code, out, err = show(DATA)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "TF       size tf1_load tf2_load keras_load by           model"
    assert [line.split()[-1] for line in lines[1 : len(NAMES) + 1] if "(" not in line] == [
        name for name in NAMES if len(truth(name)["meta_graphs"]) == 1
    ]
    told = {line.partition(" (")[0].split()[-1]: line for line in lines[1 : len(NAMES) + 1]}
    assert told["keras-2.8"].split() == [
        *("2.8", "67.8", "kB"),
        *("all", "all", "2.6-2.15", "keras", "keras-2.8"),
    ]
    assert told["tf_module-2.15"].split()[3:6] == ["2.10+", "2.10+", "none"]
    assert told["odd-1.15"].endswith(" odd-1.15 (2 graphs)")
    total = " ".join(lines[len(NAMES) + 2 :])
    assert "all: 1.15 to 2.21; 2.10+: 2.10 to 2.21;" in total
    assert f"{len(NAMES)} SavedModels, " in total
    assert "; all whole" in total
    assert lines[-1] == f"All of one: show {DATA}/MODEL; of each: --whole"
    assert {line.index(name) for name, line in told.items() if "keras_saved" not in name} == {56}
    assert all(len(line) <= 80 for line in lines[len(NAMES) + 1 : -1])


def test_of_several_arguments_each_has_its_path(show: Show) -> None:
    _, out, _ = show(DATA / "keras-2.8", DATA / "odd-1.15")
    assert [line.endswith(str(DATA / "keras-2.8")) for line in out.splitlines()[:2]] == [
        False,
        True,
    ]


def test_the_one_below_a_folder_is_shown_whole(show: Show, tmp_path: Path) -> None:
    copied("keras-2.8", tmp_path / "m" / "1")
    _, out, _ = show(tmp_path / "m")
    assert "read by    as far as the file tells" in out


def test_what_may_fail_is_marked() -> None:
    """A release between two that read it, and a failure that need not strike."""
    every = ("2.0", "2.1", "2.2", *list(releases())[3:])
    sure = Span(every[0], every[-1], None, ())
    reach = Reach("tf1_load", every, ("2.1",), (sure,))
    assert shortest(reach) == "2.0+?"
    may = Span("2.2", "2.2", Foreseen.MAY_FAIL, ())
    assert shortest(Reach("tf1_load", every, (), (may,))) == "2.0+?"
    assert shortest(Reach("tf1_load", every, (), (sure,))) == "2.0+"
    assert shortest(Reach("tf1_load", ("2.0", "2.1"), ("2.1",), (sure,))) == "2.0"
    assert shortest(Reach("tf1_load", ("2.0", "2.1"), (), (sure,))) == "2.0-2.1"
    assert shortest(Reach("tf1_load", ("2.0",), ("2.0",), (sure,))) == "none"


def test_what_looks_wrong_stands_in_the_line_and_once_below(show: Show, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (copied("builder-1.15", tmp_path / name) / "variables/variables.index").unlink()
    copied("odd-1.15", tmp_path / "c").joinpath("assets/words.txt").unlink()
    copied("builder-1.15", tmp_path / "d")
    code, out, err = show(tmp_path)
    assert (code, err) == (1, "")
    columns = [line[14:].split() for line in out.splitlines()[1:5]]
    assert columns[0] == ["!", "index-left-out", "builder", "a"]
    assert columns[1] == ["!", "index-left-out", "builder", "b"]
    assert columns[2] == ["!", "asset-missing", "builder", "c", "(2", "graphs)"]
    assert columns[3] == ["all", "all", "none", "builder", "d"]
    assert len({line.index(" builder ") for line in out.splitlines()[1:5]}) == 1
    text = " ".join(out.split())
    assert "4 SavedModels, " in text
    assert "; 3 look wrong: index-left-out 2, asset-missing 1" in text
    assert text.count("Copy variables/ again") == 1
    assert f"such as {tmp_path}/a/variables/variables.index is not there" in text


def test_json_has_it_all(show: Show) -> None:
    code, out, _ = show("--json", DATA / "keras-2.8", DATA / "nothing")
    assert code == 2
    content = json.loads(out)
    assert content["schema"] == 1
    model, missing = content["saved_models"]
    (graph,) = model["meta_graphs"]
    assert graph["stamp"]["tensorflow"] == "2.8.4"
    assert {each["key"] for each in graph["signatures"]} == {
        "__saved_model_init_op",
        "serving_default",
    }
    assert model["faults"] == []
    assert model["path"] == str(DATA / "keras-2.8")
    assert missing["meta_graphs"] is None
    assert [fault["id"] for fault in missing["faults"]] == ["not-there"]


def test_who_can_read_it(show: Show) -> None:
    _, out, _ = show(DATA / "keras-2.8")
    after = out.partition("  read by    as far as the file tells\n")[2].splitlines()
    assert after[:9] == [
        "    tf1_load         1.15 to 2.21",
        "    tf2_load         1.15 to 2.21",
        "    keras_load       2.6 to 2.15   2.5 and older: its Keras metadata is not",
        "                                   inside; 2.16 and newer: Keras 3 loads no",
        "                                   SavedModel",
        "    tfsm_layer       none          several inputs",
        "    hub_load         1.15 to 2.21",
        "    hub_keras_layer  1.15 to 2.21",
        "    hub_module       none          no tfhub_module.pb",
    ]
    assert after[-1] == "  untrained  by tf1_load (no collection of variables)"


def test_who_could_read_it_is_said_though_files_are_missing(show: Show, tmp_path: Path) -> None:
    folder = copied("builder-1.15", tmp_path / "m")
    (folder / "variables/variables.index").unlink()
    code, out, _ = show(folder)
    assert code == 1
    said = "as far as the file tells, once what looks wrong is mended: nobody reads it as it is"
    assert " ".join(said.split()) in " ".join(out.split())
    _, whole, _ = show(DATA / "builder-1.15")
    _, _, readers = whole.partition("as far as the file tells\n")
    assert "tf1_load" in readers
    assert readers in out


def test_json_says_who_can_read_it(show: Show) -> None:
    _, out, _ = show("--json", DATA / "tf_module-2.15")
    ((graph,),) = [model["meta_graphs"] for model in json.loads(out)["saved_models"]]
    assert "uses" not in graph
    inference = {each["loader"]: each for each in graph["foretold"]["inference"]}
    assert (inference["c_api"]["oldest"], inference["c_api"]["newest"]) == ("2.10", "2.21")
    old, later = inference["c_api"]["spans"]
    assert (old["oldest"], old["newest"], old["foreseen"]) == ("1.15", "2.9", "will_fail")
    assert old["reasons"][0]["id"] == "op"
    assert old["reasons"][0]["short"] == "op DisableCopyOnRead"
    assert old["reasons"][0]["sentence"] == (
        "TensorFlow 2.9 does not have the op DisableCopyOnRead."
    )
    assert (later["foreseen"], later["reasons"]) == (None, [])
    assert inference["hub_module"]["oldest"] is None
    assert {each["loader"] for each in graph["foretold"]["fine_tuning"]} < set(inference)


def test_what_looks_wrong_is_exit_code_1(show: Show, tmp_path: Path) -> None:
    folder = copied("builder-1.15", tmp_path / "m")
    for each in (folder / "variables").iterdir():
        each.unlink()
    code, out, err = show(folder)
    assert (code, err) == (1, "")
    assert "looks wrong\n  variables-left-out:" in out
    assert "git check-ignore" in out


def test_what_cannot_be_read_is_exit_code_2(show: Show, tmp_path: Path) -> None:
    folder = copied("builder-1.15", tmp_path / "m" / "1")
    copied("builder-1.15", tmp_path / "m" / "2")
    (folder / "saved_model.pb").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    code, out, err = show("--whole", tmp_path / "m")
    assert code == 2
    assert out.startswith(str(tmp_path / "m" / "2"))
    (line,) = err.splitlines()
    assert line.startswith(f"pytest-tfroundtrip: {folder / 'saved_model.pb'} is a Git LFS pointer")
    assert "git lfs pull" in line
    code, out, err = show(tmp_path / "m")
    assert (code, err) == (2, "")
    head, unread, read = out.splitlines()[:3]
    assert (unread.split(), read.split()[-1]) == (["!", "lfs-pointer", "1"], "2")
    assert unread.index("1") == read.rindex("2") == head.index("model")
    assert "git lfs pull" in out


@pytest.mark.parametrize("argument", ["nothing", "", ".", "model.h5"])
def test_what_is_no_saved_model_is_one_sentence(
    show: Show, argument: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    code, out, err = show(argument)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def test_many_variables_are_listed_when_asked_for(show: Show, tmp_path: Path) -> None:
    head = message("MetaGraphDef")()
    root = head.object_graph_def.nodes.add()
    for number in range(1, 41):
        head.object_graph_def.nodes.add().variable.dtype = 1
        root.children.add(node_id=number, local_name=f"v{number}")
    whole = message("SavedModel")()
    whole.meta_graphs.append(head)
    (tmp_path / "saved_model.pb").write_bytes(whole.SerializeToString())
    _, out, _ = show(tmp_path)
    assert "... and 10 more: --all lists them" in out
    assert "    v40 " not in out
    _, out, _ = show("--all", tmp_path)
    assert "    v40 " in out


def test_names_in_a_file_move_no_cursor(show: Show, tmp_path: Path) -> None:
    head = message("MetaGraphDef")()
    head.meta_info_def.tags.append("\x1b[2Jserve\r\n")
    head.signature_def["\u202ekey"].inputs["\x07x"].name = "x\n:0"
    whole = message("SavedModel")()
    whole.meta_graphs.append(head)
    (tmp_path / "saved_model.pb").write_bytes(whole.SerializeToString())
    _, out, _ = show(tmp_path)
    assert "meta graph \\x1b[2Jserve\\r\\n" in out
    assert all(line.isprintable() for line in out.splitlines())


def test_it_is_piped_into_anything(tmp_path: Path) -> None:
    """ASCII only, a reader that goes, no terminal."""
    head = message("MetaGraphDef")()
    head.meta_info_def.tags.append("größe")
    whole = message("SavedModel")()
    whole.meta_graphs.append(head)
    (tmp_path / "saved_model.pb").write_bytes(whole.SerializeToString())
    command = [sys.executable, "-X", "utf8=0", "-m", "pytest_tfroundtrip", "show", str(tmp_path)]
    env = {"PATH": "", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    assert done.returncode == 0
    assert rb"meta graph gr\xf6\xdfe" in done.stdout


def test_show_imports_what_it_needs(tmp_path: Path) -> None:
    """Numpy or a Docker client alone would take longer than all the rest."""
    program = f"""
import sys
from pytest_tfroundtrip.__main__ import main
main(["show", {str(DATA / "odd-1.15")!r}])
heavy = {{"numpy", "docker", "pytest", "uv", "filelock", "tensorflow"}} & set(sys.modules)
sys.exit(str(heavy) if heavy else 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0


def test_words_for_sizes_and_shapes() -> None:
    assert [sized(each) for each in (0, 999, 1000, 98_400_000, 10**13)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "98.4 MB",
        "10.0 TB",
    ]
    assert [shaped(each) for each in ((), (None, 3), None)] == ["[]", "[?, 3]", "[...]"]
    assert printable("a\tb") == "a\\tb"
