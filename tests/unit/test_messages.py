"""What a message of TensorFlow's says, in the wordings of its releases."""

from __future__ import annotations

import pytest

from pytest_tfroundtrip.messages import headline

SAID = "Table not initialized."
OLD_NODE = "\t [[node lookup/LookupTableFindV2 (defined at /m.py:3) ]]"

WORDINGS = {
    "plain": SAID,
    "1.15": f"{SAID}\n{OLD_NODE}\n\nOriginal stack trace for 'lookup':\n  File \"m.py\", line 3\n",
    "1.15, several": (
        f"2 root error(s) found.\n  (0) {SAID}\n{OLD_NODE}\n\t [[y/_3]]\n"
        f"  (1) {SAID}\n{OLD_NODE}\n0 successful operations.\n0 derived errors ignored."
    ),
    "2.3": (
        f"{SAID}\n\t [[node lookup (defined at m.py:3) ]] [Op:__inference_f_9]\n\n"
        "Errors may have originated from an input operation.\nInput Source operations connected:\n"
    ),
    "2.8": (
        "Graph execution error:\n\nDetected at node 'lookup' defined at (most recent call last):\n"
        f"    File \"m.py\", line 3, in f\n      return g(x)\nNode: 'lookup'\n{SAID}\n"
        "\t [[{{node lookup}}]] [Op:__inference_f_9]"
    ),
    "2.15": (
        "Graph execution error:\n\nDetected at node lookup defined at (most recent call last):\n"
        f"<stack traces unavailable>\n{SAID}\n\t [[{{{{node lookup}}}}]] [Op:__inference_f_9]"
    ),
    "2.21, several": (
        "Graph execution error:\n\nDetected at node lookup defined at (most recent call last):\n"
        "<stack traces unavailable>\nDetected at node lookup defined at (most recent call last):\n"
        f"<stack traces unavailable>\n2 root error(s) found.\n  (0) {SAID}\n"
        "\t [[{{node lookup}}]]\n  (1) other\n"
    ),
    "autograph": f'in user code:\n\n    File "m.py", line 3, in f  *\n        g(x)\n\n    {SAID}\n',
    "first of many": f"\n\n{SAID} \nWhat comes then.\n",
}


@pytest.mark.parametrize("message", WORDINGS.values(), ids=WORDINGS)
def test_what_is_said_is_found_between_stacks(message: str) -> None:
    assert headline(message) == SAID


@pytest.mark.parametrize("message", ["", "\n", "  \n\t\n"])
def test_of_nothing_nothing_is_said(message: str) -> None:
    assert headline(message) == ""


def test_where_there_is_but_a_lead_it_is_said() -> None:
    assert headline("Graph execution error:\n\n  File x") == "Graph execution error:"
    assert headline("  indented") == "indented"
    assert headline("2 root error(s) found.") == "2 root error(s) found."
    assert headline("in user code:") == "in user code:"


def test_it_is_short() -> None:
    assert headline("x" * 5000) == "x" * 300 + " ..."
    assert headline("x" * 300) == "x" * 300
