"""The table of ops: its form, and what was measured of releases that people know."""

from __future__ import annotations

import re

import pytest

from pytest_tfroundtrip.catalogue.ops import (
    IGNORED,
    OPS_FILE,
    REFUSED,
    AttributeDefinition,
    Measured,
    OpDefinition,
    op_table,
    read,
    write,
)
from pytest_tfroundtrip.catalogue.ranges import Range, within
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.savedmodel.graph import WORDS

ORDER = ("1.15", "2.0", "2.1", "2.2")
MEASURED = [Measured(name, f"{name}.9", 100 + at, 0, 0, REFUSED) for at, name in enumerate(ORDER)]
SIZE = AttributeDefinition("size", "int", (), "1")
KIND = AttributeDefinition("T", "type", ("float32", "int32"), None)
MORE = KIND._replace(allowed=("float32", "int32", "int8"))
SAID = AttributeDefinition("say", "string", (), '"a = b, c"')


def table(ops: dict[str, dict[str, OpDefinition]]) -> str:
    dtypes = {name: ["float32"] if name == "1.15" else ["float32", "int8"] for name in ORDER}
    return write(MEASURED, {name: ops.get(name, {}) for name in ORDER}, dtypes)


def lines(ops: dict[str, dict[str, OpDefinition]]) -> list[str]:
    return [line for line in table(ops).splitlines() if not line.startswith("#")]


def test_a_line_says_where_things_are_not_everywhere() -> None:
    written = lines(
        {
            "1.15": {"Old": OpDefinition((SIZE,)), "Kept": OpDefinition((KIND,))},
            "2.0": {"Kept": OpDefinition((MORE,)), "Gone": OpDefinition(())},
            "2.1": {"Old": OpDefinition((SIZE,), 7), "Kept": OpDefinition((MORE, SAID))},
            "2.2": {"New": OpDefinition(()), "Kept": OpDefinition((MORE, SAID))},
        }
    )
    assert written[:4] == [
        f"release {name} {name}.9 {100 + at} 0 0 refused" for at, name in enumerate(ORDER)
    ]
    assert written[4:] == [
        "dtype float32",
        "dtype int8 2.0-",
        "op Gone 2.0",
        "op Kept",
        "  T type in float32,int32,int8@2.0-",
        '  say 2.1- string = "a = b, c"',
        "op New 2.2-",
        "op Old 1.15+2.1",
        "  deprecated: 2.1 7",
        "  size int = 1",
    ]


def test_what_is_written_is_read() -> None:
    ops = {
        "1.15": {"Kept": OpDefinition((KIND, SIZE)), "Old": OpDefinition((), 9)},
        "2.0": {"Kept": OpDefinition((KIND._replace(allowed=()), SIZE))},
        "2.1": {"Kept": OpDefinition((MORE, SAID))},
        "2.2": {"Kept": OpDefinition((MORE, SAID._replace(default=None)))},
    }
    again = read(table(ops))
    assert {name: again.of(name) for name in ORDER} == ops
    assert list(again.releases.values()) == MEASURED
    assert again.dtypes == {"float32": frozenset(ORDER), "int8": frozenset(ORDER[1:])}
    kept = again.op("Kept")
    assert kept is not None
    assert kept.having("say") == {"2.1", "2.2"}
    assert again.op("Never") is None


def test_a_new_release_changes_only_lines_of_what_it_changes() -> None:
    same = {"Kept": OpDefinition((SIZE,)), "Later": OpDefinition((SIZE,))}
    ops = {"1.15": {"Kept": same["Kept"]}, "2.0": same, "2.1": same}
    before = write(MEASURED[:3], ops, {name: ["int8"] for name in ops})
    ops["2.2"] = {**same, "New": OpDefinition(())}
    after = write(MEASURED, ops, {name: ["int8"] for name in ops})
    added = set(after.splitlines()) - set(before.splitlines())
    assert added == {"release 2.2 2.2.9 103 0 0 refused", "op New 2.2-"}
    assert set(before.splitlines()) <= set(after.splitlines())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("release 1.15 1.15.5 134 0\n", "release 1.15"),
        ("release 1.15 1.15.5 x 0 0 refused\n", "invalid literal"),
        ("release 1.15 1.15.5 134 0 0 refused\ndtype int8 2.9-\n", "dtype int8"),
    ],
)
def test_a_head_that_is_not_in_form(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"{OPS_FILE.name}.*{re.escape(said)}"):
        read(text)


def test_an_op_that_is_not_in_form_is_named() -> None:
    broken = read("release 1.15 1.15.5 134 0 0 refused\nop Fine\nop Broken 2.7-\n  size int\n")
    assert broken.op("Fine") is not None
    with pytest.raises(ValueError, match="op Broken"):
        broken.op("Broken")


# What is kept


def test_every_release_of_the_catalogue_is_measured() -> None:
    kept = op_table().releases
    assert {name: each.tensorflow for name, each in kept.items()} == {
        name: each.tensorflow for name, each in releases().items()
    }
    assert list(kept) == list(releases())


def test_the_kept_file_is_as_it_would_be_written() -> None:
    kept = op_table()
    ops = {name: kept.of(name) for name in kept.releases}
    dtypes = {
        name: [dtype for dtype, those in kept.dtypes.items() if name in those]
        for name in kept.releases
    }
    assert write(list(kept.releases.values()), ops, dtypes) == OPS_FILE.read_text("utf-8")
    assert {name: len(ops[name]) for name in ("1.15", "2.8", "2.15", "2.21")} == {
        "1.15": 1393,
        "2.8": 1774,
        "2.15": 1862,
        "2.21": 1908,
    }


def test_what_people_ran_into() -> None:
    """``causes.toml`` says it of the releases that it was seen in."""
    kept = op_table()

    def oldest(op: str, attribute: str | None = None) -> str:
        known = kept.op(op)
        assert known is not None
        having = known.having(attribute) if attribute else known.releases
        return next(name for name in kept.releases if name in having)

    assert oldest("DisableCopyOnRead") == "2.10"
    assert oldest("ParseExampleV2") == "2.1"
    assert oldest("VarHandleOp", "debug_name") > "2.12"
    assert oldest("Cast", "Truncate") == "1.15"
    refusing = [name for name, each in kept.releases.items() if each.unknown_attributes != IGNORED]
    assert refusing == ["1.15", "2.0", "2.1", "2.2", "2.3", "2.4"]


def test_words_that_are_not_the_same_in_all_releases_are_looked_at() -> None:
    kept = op_table()
    found = set()
    for name in kept:
        known = kept.op(name)
        assert known is not None
        for attribute, definitions in known.attributes.items():
            words = {each.allowed for each in definitions if not each.is_dtype and each.allowed}
            if len(words) > 1:
                found.add(attribute)
    assert found <= WORDS
    assert found


# Ranges


@pytest.mark.parametrize(
    ("releases_", "inside", "outside"),
    [
        (">=1.15,<2.16", ("1.15", "1.15.5", "2.0", "2.15.1"), ("1.14", "2.16", "2.16.2", "10.0")),
        ("<2", ("1.15.5",), ("2", "2.0", "2.0.4")),
        (">=2.5", ("2.5", "2.5.3", "2.21.0", "2.10"), ("2.4.4", "1.15")),
        (">=2", ("2.0", "v2.0.1"), ("1.99",)),
        ("<2.16", ("2.15.0-custom",), ("2.16.0rc1", "unknown", "")),
    ],
)
def test_ranges(releases_: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    assert [version for version in inside if not within(releases_, version)] == []
    assert [version for version in outside if within(releases_, version)] == []


@pytest.mark.parametrize("text", ["2.5", "~=2.5", ">=2.5,!=2.7", ""])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match="no range of releases"):
        Range.parse(text)
