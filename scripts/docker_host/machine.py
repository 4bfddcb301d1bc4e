"""What a stand-in carries of this machine: how pip reaches its index, whom to trust."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PIP_KEYS = ("index-url", "extra-index-url", "trusted-host", "cert")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def pip_settings(listed: str) -> dict[str, str]:
    """What pip has to know here to reach its index, from what ``pip config list`` printed.

    A setting of the environment comes before one of ``[install]``, that before ``[global]``'s, as
    with pip. Indexes that are folders stay behind: an image does not see them.
    """
    found: dict[str, str] = {}
    lines = [line.partition("=") for line in listed.splitlines()]
    for section in ("global", "install", ":env:"):
        for name, _, value in lines:
            where, _, key = name.rpartition(".")
            if where == section and key in _PIP_KEYS:
                found[key] = _unquoted(value)
    for key in ("index-url", "extra-index-url"):
        words = [word for word in found.pop(key, "").split() if "://" in word]
        if remote := [word for word in words if not word.startswith("file:")]:
            found[key] = "\n    ".join(remote)
    return found


def _unquoted(value: str) -> str:
    try:
        return str(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        return value


def certificates(files: Iterable[Path]) -> set[str]:
    """The certificates in files, those that cannot be read left out."""
    found: set[str] = set()
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found.update(each.replace("\r\n", "\n") for each in _CERTIFICATE.findall(text))
    return found


def machine_files() -> Mapping[str, str]:
    """What an image needs of this machine's settings: text by path."""
    import certifi  # noqa: PLC0415

    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    settings = pip_settings(listed.stdout)
    bundle = settings.pop("cert", None)
    trusted = [Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt")]
    public = [Path(certifi.where()), *Path("/usr/share/ca-certificates").rglob("*.crt")]
    own = certificates([*trusted, *([Path(bundle)] if bundle else [])]) - certificates(public)
    files = {
        f"usr/local/share/ca-certificates/of-this-machine-{number}.crt": f"{text}\n"
        for number, text in enumerate(sorted(own), 1)
    }
    if own:  # pip trusts its own bundle unless told otherwise
        settings["cert"] = "/etc/ssl/certs/ca-certificates.crt"
    if settings:
        lines = [f"{key} = {value}\n" for key, value in sorted(settings.items())]
        files["etc/pip.conf"] = "".join(["[global]\n", *lines])
    return files


def summary_of(files: Mapping[str, str]) -> str:
    """What of this machine is carried, without values: a URL may hold a password."""
    number = sum(name.endswith(".crt") for name in files)
    keys = [line.partition(" =")[0] for line in files.get("etc/pip.conf", "").splitlines()[1:]]
    said = [f"{number} certificates"] if number else []
    said += [f"pip's {', '.join(key for key in keys if key.strip() == key)}"] if keys else []
    return f"carries of this machine: {'; '.join(said) or 'nothing'}"
