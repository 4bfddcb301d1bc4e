"""What pytest loads. It imports neither TensorFlow nor what agents run."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def pytest_tf_roundtrip_apis() -> dict[str, Path]:
    """Where Acme's savers and loaders are."""
    return {"apis": HERE / "apis.json", "agent": HERE / "agent"}
