"""What a stand-in carries of the machine that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docker_host.machine import certificates, pip_settings, summary_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_stand_in_carries_how_pip_reaches_its_index() -> None:
    listed = """\
:env:.cert='/etc/own.pem'
:env:.find-links='/srv/wheels'
global.cert='/etc/other.pem'
global.extra-index-url='file:///srv/simple https://b.example/simple\\n/srv/more'
global.index-url='https://a.example/simple'
global.trusted-host='a.example'
install.index-url='https://c.example/simple'
list.format='columns'
"""
    assert pip_settings(listed) == {
        "index-url": "https://c.example/simple",
        "extra-index-url": "https://b.example/simple",
        "trusted-host": "a.example",
        "cert": "/etc/own.pem",
    }


def test_an_index_that_is_a_folder_stays_behind() -> None:
    assert pip_settings("global.index-url='file:///srv/simple'") == {}


def test_what_is_carried_is_told_without_passwords() -> None:
    files = {
        "etc/pip.conf": "[global]\nindex-url = https://me:secret@a.example/\n",
        "usr/local/share/ca-certificates/of-this-machine-1.crt": "...",
    }
    said = summary_of(files)
    assert said == "carries of this machine: 1 certificates; pip's index-url"
    assert summary_of({}) == "carries of this machine: nothing"


def test_certificates_are_told_apart_whatever_their_line_ends(tmp_path: Path) -> None:
    def pem(text: str) -> str:
        return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"

    (tmp_path / "public.crt").write_text(pem("AAA") + pem("BBB"))
    (tmp_path / "bundle.crt").write_text("# ours\n" + pem("AAA") + pem("CCC"))
    (tmp_path / "dos.crt").write_bytes(pem("BBB").replace("\n", "\r\n").encode())
    public = certificates([tmp_path / "public.crt", tmp_path / "none.crt"])
    own = certificates([tmp_path / "bundle.crt", tmp_path / "dos.crt"]) - public
    assert own == {pem("CCC").strip()}
