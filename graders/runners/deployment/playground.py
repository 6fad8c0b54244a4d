"""The place to play that step 7 gives, laid out in a plain folder: for the page that shows a deployment by hand."""

from __future__ import annotations

from pathlib import Path

from graders.runners.deployment.releases import service_text
from graders.starter import given_by
from graders.step import find


def lay_out(folder: Path) -> None:
    """Write the step's own files into `folder`: the scripts for releases and for the proxy, and the service."""
    for name, text in {**given_by(find("deploy").folder), "scripts/service": service_text()}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            file.chmod(0o755)
