"""The documents' examples do what they say: files, tables, commands of README.md and docs/*.md.

Commands run in a project that is made of the page's own files, on agents without TensorFlow;
``tests/integration/test_docs.py`` runs on real releases what says what TensorFlow does.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from extension import install_example
from fake_provider import FakeProvider
from nox_sessions import everything

from pytest_tfroundtrip import baseline_file
from pytest_tfroundtrip.__main__ import COMMANDS, main
from pytest_tfroundtrip.catalogue.releases import LOCKS, read_releases, releases
from pytest_tfroundtrip.judge.tolerances import DEFAULTS
from pytest_tfroundtrip.options import OPTIONS, VARIABLES
from pytest_tfroundtrip.runtimes import prepare
from tests.documents import FIRST_STEPS, PAGES, ROOT, Block, Command, blocks, commands, text_of
from tests.documents import write as write_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

# pytester forgets what an in-process run imported; protobuf, like numpy, cannot be imported twice.
MODULES = {name: import_module(f"pytest_tfroundtrip.commands.{name}") for name in COMMANDS}

SAVED_MODEL = ROOT / "tests" / "data" / "savedmodels" / "tf_module-2.15"
OTHERS = ("CONTRIBUTING.md", "images/README.md", "tests/example_plugin/README.md")
AGENT = ROOT / "pytest_tfroundtrip" / "agent"

#: A release that adding.md adds; what it does is tried with the newest that is there.
TO_COME, NEWEST = "2.22", list(releases())[-1]

#: What is not run here: the beginning of a command, and why.
NOT_RUN = {
    ("pip", "install"): "changes the machine",
    ("scripts/docker-host", "up"): "changes the machine; tests/unit/test_scripts.py has it",
    ("scripts/run", "tests"): "runs this; its words are looked up",
    ("scripts/run", "reference"): "takes minutes; tests/integration/test_reference.py has it",
}
#: Commands of ours that need what is not here: they are read to their end, and not carried out.
ONLY_READ = {
    "images": "needs a container engine",
    "lock": "needs a package index",
    "ops": "needs TensorFlow",
    "shell": "waits for a person; tests/integration/test_docs.py has it",
    "runtimes make": "needs a package index",
    "runtimes check": "needs TensorFlow",
}

#: What a page's commands are about, and the word by which a page has it.
SAVED_MODELS = {
    "models/m1": "models/",
    "models/half_plus_two": "models/half_plus_two",
    "downloads/m/1": "--tf-model=downloads",
    "model.tar.gz": "model.tar.gz",
}


def _having(language: str) -> list[str]:
    """The pages that have a block of a language."""
    return [page for page in PAGES if any(block.language == language for block in blocks(page))]


# Blocks


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_kind_that_is_held(page: str) -> None:
    kinds = {"python", "toml", "yaml", "console", ""}  # nothing: a diagram or a tree
    for block in blocks(page):
        # {...} is the site's: nox -s docs holds it; what README prints: test_reference.py.
        known = block.language in kinds or block.language.startswith("{toctree}")
        assert known or (block.page, block.language) == ("README.md", "text"), block.place


def test_what_is_held_is_there() -> None:
    """A parser that finds nothing finds nothing wrong."""
    found = [block for page in PAGES for block in blocks(page)]
    count = {kind: len([b for b in found if b.language == kind]) for kind in ("python", "toml")}
    assert count["python"] >= 9
    assert count["toml"] >= 6
    assert len([command for page in PAGES for command in commands(page)]) >= 55
    assert len([command for page in PAGES for command in commands(page) if command.said]) >= 6


def check_python(block: Block) -> None:
    """It is Python, that of 1.15's runtime where agents import it, and imports what there is."""
    is_test = block.file is not None and Path(block.file).name.startswith("test_")
    tree = ast.parse(block.text, block.place, feature_version=None if is_test else (3, 7))
    for node in ast.walk(tree):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        if isinstance(node, ast.ImportFrom) and module and module.startswith("tf_roundtrip_agent"):
            for alias in node.names:
                _check_agent_name(tree, module, alias.asname or alias.name, block)


def _check_agent_name(tree: ast.AST, module: str, name: str, block: Block) -> None:
    """What a block takes from the agent is there, and so is what it takes from that."""
    folder = AGENT.joinpath(*module.split(".")[1:])
    file = folder / f"{name}.py"
    if not file.is_file():
        holder = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
        assert name in _defined(holder), f"{block.place}: {module} has no {name}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            missing = node.value.id == name and node.attr not in _defined(file)
            assert not missing, f"{block.place}: {name} has no {node.attr}"


def _defined(file: Path) -> set[str]:
    kinds = (ast.FunctionDef, ast.ClassDef)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, kinds)}


def check_toml(block: Block, project: Project) -> None:
    """The project's own readers take it."""
    content = _toml(block.text)
    file = project.path / "block.toml"
    file.write_text(block.text, encoding="utf-8")
    if "accept" in content:
        assert baseline_file.read(file).entries
    elif "tool" in content:
        assert set(content["tool"]) == {"tf_roundtrip"}, block.place
        (project.path / "pyproject.toml").write_text(block.text, encoding="utf-8")
        seen = project.run("--co", "-q")
        assert seen.ret == 0, f"{block.place}: {seen.stderr.str()}"
    elif "project" in content:
        (entry,) = content["project"]["entry-points"]["pytest11"].values()
        module = entry.replace(".", "/") + ".py"
        assert module in {each.file for each in blocks(block.page)}, block.place
    else:
        assert read_releases(file), block.place


def _toml(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


@pytest.mark.parametrize("page", _having("python"))
def test_python_is_python_that_finds_what_it_imports(page: str) -> None:
    for block in blocks(page):
        if block.language == "python":
            check_python(block)


@pytest.mark.parametrize("page", _having("toml"))
def test_tables_are_taken_by_their_readers(page: str, project: Project) -> None:
    for block in blocks(page):
        if block.language == "toml":
            check_toml(block, project)


def test_the_hook_of_the_page_gives_absolute_paths(tmp_path: Path) -> None:
    write_files("docs/adding.md", tmp_path)
    space: dict[str, Any] = {"__file__": str(tmp_path / "acme_roundtrip" / "plugin.py")}
    text = (tmp_path / "acme_roundtrip" / "plugin.py").read_text(encoding="utf-8")
    exec(compile(text, "plugin.py", "exec"), space)  # noqa: S102 - our own page
    assert space["pytest_tf_roundtrip_apis"]() == {
        "apis": tmp_path / "acme_roundtrip" / "apis.json",
        "agent": tmp_path / "acme_roundtrip" / "agent",
    }


def test_the_workflow_of_the_page_is_one_and_has_the_actions_of_ours() -> None:
    (block,) = (each for page in PAGES for each in blocks(page) if each.language == "yaml")
    ours = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")
    )
    for used in re.findall(r"uses: (\S+ # \S+)", block.text):
        assert f"uses: {used}\n" in ours, used
    (job,) = yaml.safe_load(block.text)["jobs"].values()
    variables = {variable.name for variable in VARIABLES}
    assert {name for name in job["env"] if name.startswith("TF_")} <= variables
    assert len(_of_workflow(block)) == 5


def _of_workflow(block: Block) -> list[Command]:
    """Its commands, each a line."""
    (job,) = yaml.safe_load(block.text)["jobs"].values()
    lines = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    return [Command(block.place, tuple(line.split()), "", "") for line in lines]


# Commands


@dataclass
class Scratch:
    """A page's project, in which its commands run one after another."""

    project: Project
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    report: str = field(default="", init=False)  # the last one that was written
    tables: list[str] = field(default_factory=list, init=False)

    def make(self, page: str) -> None:
        """Write the page's files, and what its commands are about."""
        folder = self.project.path
        (folder / "test_model.py").unlink()  # the fixture's; the page has its own
        write_files(page, folder)
        self.tables = [block.text for block in blocks(page) if "[tool.tf_roundtrip." in block.text]
        self._settings()
        for name, word in SAVED_MODELS.items():
            if word in text_of(page):
                self._saved_model(name)
        self.monkeypatch.chdir(folder)
        self.monkeypatch.setenv("COLUMNS", "80")
        self.monkeypatch.setenv("TF_ROUNDTRIP_CACHE", str(folder / "cache"))
        provider = FakeProvider(folder, self.project.script)
        self.monkeypatch.setattr(prepare.Providers, "of", lambda *_: provider)
        if page == "docs/adding.md":
            shutil.rmtree(folder / "acme_roundtrip")  # fragments: the whole one is installed
            install_example(folder, self.monkeypatch)
        # What the reader finds in docs/folders.md: nobody before 2.10 knows an op of the model.
        message = "Op type not registered 'DisableCopyOnRead' in binary"
        names = list(releases())
        old = [releases()[name].tensorflow for name in names[: names.index("2.10")]]
        rule = {"match": {"action": "load", "release": old}, "status": "raised"}
        self.project.agent(
            rules=[{**rule, "exception": "NotFoundError", "message": message, "stage": "load"}]
            if page == "docs/folders.md"
            else []
        )

    def _settings(self, *chosen: str) -> None:
        """The page's tables, and settings where a command says nothing else."""
        text = "\n".join(["[tool.tf_roundtrip]", *chosen, *self.tables])
        (self.project.path / "pyproject.toml").write_text(text, encoding="utf-8")

    def _saved_model(self, name: str) -> None:
        """A folder, or an archive of one: without a record, which would come first."""
        folder = self.project.path / name.removesuffix(".tar.gz")
        without = shutil.ignore_patterns("tf_roundtrip")
        shutil.copytree(SAVED_MODEL, folder, ignore=without)
        if name.endswith(".tar.gz"):
            shutil.make_archive(str(folder), "gztar", folder)
            shutil.rmtree(folder)

    def check(self, command: Command) -> None:
        """Run a command; what it prints is what the page says."""
        words = list(command.words)
        if tuple(words[:2]) in NOT_RUN:
            if words[0].startswith("scripts/"):
                manual = (ROOT / words[0]).read_text(encoding="utf-8")
                assert re.search(rf"^# +{words[0]} {words[1]}\b", manual, re.MULTILINE), command
            return
        if words[:2] == ["scripts/run", "nox"]:
            del words[0]
        if words[0] in ("nox", "./noxfile.py"):
            self._look_up(command, " ".join(words))
        elif words[0] == "pytest":
            self._pytest(command)
        elif words[:3] == ["python", "-m", "pytest_tfroundtrip"]:
            self._ours(command)
        else:
            pytest.fail(f"{command}: neither run nor excused")

    def _pytest(self, command: Command) -> None:
        words = [word.replace(TO_COME, NEWEST) for word in command.words[1:]]
        assert "--tf-roundtrip" in words, command
        if "--pyargs" in words:
            words += ["--co", "-q"]  # hundreds of tests that are nobody's example
        self._stand_ins(words)
        run = self.project.run_apart if "-n" in words else self.project.run
        # One saver where it names none: what it is about is not how many there are.
        self._settings(*(() if "--co" in words else ('savers = ["builder"]',)))
        seen = run(*words)
        output = seen.stdout.str()
        assert seen.ret in (0, 1), f"{command}\n{output}\n{seen.stderr.str()}"
        for word in words:
            if word.startswith("--tf-report="):
                self.report = word.partition("=")[2]
                assert Path(self.report).is_file(), command
        # What TensorFlow does is no matter for an agent without it.
        if command.said and "--co" in words:
            assert command.is_said(output), f"{command}\n{output}"

    def _ours(self, command: Command) -> None:
        words = [word.replace(TO_COME, NEWEST) for word in command.words[3:]]
        name = words[0].replace("-", "_")
        assert name in COMMANDS, command
        self._stand_ins(words)
        only_read = words[0] in ONLY_READ or " ".join(words[:2]) in ONLY_READ
        with self.monkeypatch.context() as patch:
            if only_read:
                patch.setattr(MODULES[name], "run", lambda _: 0)
            patch.setenv("COLUMNS", "100")  # as docs/show.md was made
            self.capsys.readouterr()
            try:
                code = main(words)
            except SystemExit as error:
                code = int(error.code or 0)
        output, errors = self.capsys.readouterr()
        assert code in (0, 1), f"{command}\n{errors}"
        if command.said and not only_read:
            assert command.is_said(output), f"{command}\n{output}\n{errors}"

    def _stand_ins(self, words: list[str]) -> None:
        """Another day's reports, and the clone's own files, where a command reads them."""
        for word in words:
            if word.endswith(".json") and "=" not in word and not Path(word).exists():
                shutil.copy(self.report, word)
            if word.startswith("tests/") and not Path("tests").exists():
                Path("tests").symlink_to(ROOT / "tests")

    def _look_up(self, command: Command, line: str) -> None:
        """The sessions and tags of nox are there; what follows -- is pytest's."""
        sessions = {session["name"] for session in everything()}
        tags = {tag for session in everything() for tag in session["tags"]}
        line, _, after = line.partition(" -- ")
        for part in re.split(r"&&|;", line):
            words = part.split()
            assert words[0] in ("nox", "./noxfile.py"), command
            known = {"-s": sessions, "-t": tags}
            for option, name in zip(words[1:], [*words[2:], ""], strict=False):
                assert option not in known or name in known[option], command
        flags = {option.flag for option in OPTIONS}
        given = {word.partition("=")[0] for word in after.split() if word.startswith("--tf-")}
        assert given <= flags, command


@pytest.fixture
def scratch(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Scratch:
    return Scratch(project, capsys, monkeypatch)


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_every_command_runs_in_the_page_s_own_project(page: str, scratch: Scratch) -> None:
    scratch.make(page)
    for command in commands(page):
        scratch.check(command)
    for block in blocks(page):
        for command in _of_workflow(block) if block.language == "yaml" else ():
            if command.words[0] != "cat":
                scratch.check(command)


@pytest.mark.parametrize(
    "block",
    [each for page in PAGES for each in blocks(page) if (each.file or "").startswith("test_")],
    ids=lambda block: f"{block.page}-{block.file}",
)
def test_every_test_file_of_a_page_is_collected(block: Block, scratch: Scratch) -> None:
    scratch.make(block.page)
    seen = scratch.project.run("--co", "-q", str(block.file))
    assert seen.ret == 0, seen.stdout.str()


def test_what_is_excused_is_still_there() -> None:
    there = {command.words[:2] for page in PAGES for command in commands(page)}
    assert set(NOT_RUN) <= there


# Names, wherever they stand


@pytest.mark.parametrize("page", [*PAGES, *OTHERS])
def test_every_option_that_a_page_names_exists(page: str) -> None:
    check_names(text_of(page))


def check_names(text: str) -> None:
    """Options, variables, commands, scripts, sessions and files that a text names."""
    flags = {option.flag for option in OPTIONS} | {"--tf-roundtrip"}
    assert set(re.findall(r"(?<![\w-])--tf-[a-z-]*[a-z]", text)) <= flags
    assert set(re.findall(r"\bTF_ROUNDTRIP_[A-Z_]+", text)) <= _variables()
    named = re.findall(r"python -m pytest_tfroundtrip ([a-z][a-z-]*)", text)
    assert {name.replace("-", "_") for name in named} <= set(COMMANDS)
    sessions = {session["name"] for session in everything()}
    assert set(re.findall(r"nox -s ([a-z_]+[a-z](?:-[\d.]+\d)?)", text)) <= sessions
    for path in re.findall(
        r"`((?:scripts|docs|tests|bench|images|pytest_tfroundtrip)/[\w./-]+)`", text
    ):
        assert (ROOT / path).exists(), path


def _variables() -> set[str]:
    """All that anything of the project reads."""
    sources = [ROOT / "noxfile.py", *(ROOT / "scripts").iterdir(), *(ROOT / "tests").rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources if path.is_file())
    found = re.findall(r"(?:environ\.get\(\"|\$\{|env=\{\")(TF_ROUNDTRIP_[A-Z_]+)", text)
    return {*found, *(variable.name for variable in VARIABLES)}


def test_the_variables_that_are_told_are_those_that_are_read() -> None:
    sources = (ROOT / "pytest_tfroundtrip").rglob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert set(re.findall(r"[\"`]TF_ROUNDTRIP_[A-Z_]+[A-Z][\"`]", text)) >= {
        f'"{variable.name}"' for variable in VARIABLES
    }
    read = re.findall(r"environ(?:\.get\(|\[)\"(TF_ROUNDTRIP_[A-Z_]+)\"", text)
    assert set(read) <= {variable.name for variable in VARIABLES}


# What pages say in tables


def test_the_tolerances_of_the_page_are_those_that_are_held() -> None:
    text = text_of("docs/matrix.md")
    said = {}
    for names, rtol, atol in re.findall(
        r"^\| (`.*`) \| ([\d.]+) \| ([\d.]+) \|$", text, re.MULTILINE
    ):
        for name in re.findall(r"`(\w+)`", names):
            said[name] = float(rtol), float(atol)
    assert said == {name: (limit.rtol, limit.atol) for name, limit in DEFAULTS.items()}


def test_the_sizes_of_the_page_are_those_of_the_first_steps_model(scratch: Scratch) -> None:
    scratch.make(FIRST_STEPS)
    (scratch.project.path / "pyproject.toml").unlink()  # all defaults
    cells = scratch.project.report()["cells"]
    assert "that is 150 rows, of which 40 are absent" in " ".join(text_of("docs/matrix.md").split())
    assert len(cells) == 150
    assert len([cell for cell in cells if cell["verdict"] == "absent"]) == 40
    assert len([cell for cell in cells if cell["outcome"] is not None]) == 110


def test_what_limits_say_of_other_platforms_is_what_the_locks_have() -> None:
    """Wheels that bring another package are of no use: nothing installs that."""
    text = "".join(path.read_text(encoding="utf-8") for path in LOCKS.glob("*.txt"))
    said = text_of("docs/limits.md")
    for name in ("tensorflow-cpu-aws", "tensorflow-macos"):
        assert f"`{name}`" in said
        assert not re.search(rf"^{name}==", text, re.MULTILINE)


# The site


def test_every_page_is_in_the_site() -> None:
    (_, *lists) = text_of("docs/index.md").split("```{toctree}\n")
    listed = [line for each in lists for line in each.partition("```")[0].split("\n") if line]
    names = [line.partition("<")[2].rstrip(">") or line for line in listed if line[0] != ":"]
    pages = {f"docs/{name}.md" for name in names}
    normal = {os.path.normpath(page) for page in pages}
    assert normal >= {*PAGES, *OTHERS} - {"docs/index.md"}
    assert [page for page in normal if not (ROOT / page).is_file()] == []


# What is wrong is found


def a_block(text: str, language: str = "toml", page: str = "docs/ci.md") -> Block:
    return Block(page, 1, language, text)


@pytest.mark.parametrize(
    "text",
    [
        "$ pytest --tf-roundtrip --tf-runtime=2.15",
        "$ pytest --tf-roundtrip --tf-savers=tf_modul",
        "$ pytest --tf-roundtrip --co -q -k nothing_of_the_kind",
        "$ pytest --tf-roundtrip --tf-runtimes=2.15 --co -q\n...\n17 tests collected in ...",
        "$ pytest --tf-roundtrip nowhere/",
        "$ python -m pytest_tfroundtrip shows models/",
        "$ python -m pytest_tfroundtrip show models/m2",
        "$ python -m pytest_tfroundtrip show models/m1\nmodels/m1\n  size       22.1 kB: ...",
        "$ python -m pytest_tfroundtrip shell",
        "$ python -m pytest_tfroundtrip lock --checks",
        "$ nox -s rountrip",
        "$ nox -s roundtrip_saves && nox -t default_matrix; nox -s merge",
        "$ nox -s roundtrip -- --tf-runtime=2.15",
        "$ scripts/run test",
        "$ rm -rf build",
    ],
)
def test_a_wrong_command_is_found(text: str, scratch: Scratch) -> None:
    scratch.make(FIRST_STEPS)
    (command,) = commands(FIRST_STEPS, f"```console\n{text}\n```\n")
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        scratch.check(command)


@pytest.mark.parametrize(
    "text",
    [
        "`--tf-save-runtime=2.15`",
        "TF_ROUNDTRIP_CACHES",
        "`python -m pytest_tfroundtrip merge`",
        "`nox -s tests_high`",
        "`tests/nowhere.py`",
    ],
)
def test_a_wrong_name_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        check_names(f"as {text} has it")


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (check_toml, '[[accept]]\ncells = ["a*"]\nverdict = "broken"\nreason = "r"\n'),
        (check_toml, "[tool.tf_roundtrip.sandbox]\nram = 1\n"),
        (check_toml, '[tool.tf_roundtrip]\nruntime = ["2.15"]\n'),
        (check_toml, '["2.22"]\ntensorflow = "2.22.0"\n'),
        (check_toml, '[project.entry-points.pytest11]\nacme = "acme.plugin"\n'),
    ],
)
def test_a_wrong_table_is_found(
    check: Callable[[Block, Project], None], text: str, project: Project
) -> None:
    with pytest.raises(Exception):  # noqa: B017 - whatever its reader says
        check(a_block(text), project)


@pytest.mark.parametrize(
    "text",
    [
        "def f(:\n",
        "from tf_roundtrip_agent import contracts\n",
        "from tf_roundtrip_agent.savers import graph\ngraph.build(1)\n",
        "if (n := 1): pass\n",
    ],
)
def test_wrong_python_is_found(text: str) -> None:
    with pytest.raises((AssertionError, SyntaxError)):
        check_python(a_block(text, "python"))
