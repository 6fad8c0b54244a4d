"""In the container of a release: its service listens on all of the container's addresses, at port 8000.

`is-healthy` is what the image's HEALTHCHECK asks.
"""

import runpy
import socketserver
import sys
import urllib.request
from pathlib import Path
from typing import Any

PORT = 8000


def main() -> None:
    if sys.argv[1:] == ["is-healthy"]:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=2)
        return
    begin = socketserver.TCPServer.__init__

    def begin_everywhere(self: Any, address: Any, *more: Any, **named: Any) -> None:
        begin(self, ("", address[1]), *more, **named)

    socketserver.TCPServer.__init__ = begin_everywhere  # type: ignore[assignment, method-assign]
    service = str(Path(__file__).with_name("serve"))
    sys.argv = [service, str(PORT)]
    runpy.run_path(service, run_name="__main__")


if __name__ == "__main__":
    main()
