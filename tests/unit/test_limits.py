"""``[tool.tf_roundtrip.sandbox]``."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.limits import Limits, read_limits


def test_sizes_are_read_as_people_write_them() -> None:
    read = read_limits({"memory": "1.5g", "tmp": "64M", "disk": 1 << 30, "pids": 500, "cpus": 1.5})
    assert read == Limits(3 << 29, 500, 1.5, 64 << 20, 1 << 30)
    assert read_limits({"memory": "512 MiB"}).memory == 512 << 20
    assert read_limits({}) == Limits()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("4g", "a table was expected"),
        ({"ram": "4g"}, "unknown key 'ram'"),
        ({"memory": "lots"}, 'memory has to be a size such as "4g"'),
        ({"memory": True}, "memory has to be a size"),
        ({"memory": "1m"}, "too little: 256m at least"),
        ({"pids": 2}, "too little: 64 at least"),
        ({"pids": "100"}, "pids has to be a whole number"),
        ({"cpus": False}, "cpus has to be a number of cores"),
    ],
)
def test_what_is_wrong_is_said(table: Any, said: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        read_limits(table)
    assert said in str(caught.value)
    assert "[tool.tf_roundtrip.sandbox]" in str(caught.value)
