"""From one command to the first screen: `python -m bench.start`.

Clones this checkout into an empty directory and runs `make run` there: once with nothing prepared
(the installation included), then again with everything in place.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

FIRST_S_MAX = 900.0
AGAIN = 3
ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_first_screen(clone: Path, port: int) -> tuple[float, subprocess.Popen[bytes]]:
    """Start `make run`; return the seconds until the kitchen page comes and the house is ready."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CHUANCAI", "VIRTUAL"))}
    start = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run", f"ARGS=--port {port}"],
        cwd=clone, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    while time.perf_counter() - start < FIRST_S_MAX:
        try:
            for page in ("readyz", "kds/"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=1).read()
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
        else:
            return time.perf_counter() - start, process
    raise TimeoutError


def stop(process: subprocess.Popen[bytes]) -> float:
    """Press Ctrl-C and return the seconds until everything has ended."""
    start = time.perf_counter()
    os.killpg(process.pid, signal.SIGINT)
    process.wait(60)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    directory = Path(tempfile.mkdtemp(prefix="chuancai-start-"))
    directory.chmod(0o755)
    clone = directory / "chuancai"
    try:
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        first_s, process = until_first_screen(clone, free_port())
        stopped = [stop(process)]
        again: list[float] = []
        for _ in range(AGAIN):
            took_s, process = until_first_screen(clone, free_port())
            again.append(took_s)
            stopped.append(stop(process))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"fresh clone, installation included: {first_s:.1f} s to the first screen")
    print(f"again: median {statistics.median(again):.2f} s [{min(again):.2f}-{max(again):.2f}]")
    print(f"Ctrl-C: median {statistics.median(stopped):.2f} s until all has ended")


if __name__ == "__main__":
    main()
