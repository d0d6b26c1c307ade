"""Makes this checkout ready: `python3 scripts/bootstrap.py run`, or `test`, or `check`.

Needs Python 3.11 and nothing else. Makes `.venv`, installs what the lock file pins (by hash) and
the product itself, and for tests a Chromium and a Chinese font. As root on Debian it installs what
the system lacks; otherwise it prints the exact command and ends with status 1. What is ready
already is left alone, so that a second start costs nothing. Refuses to touch anything outside of
this checkout but Debian packages.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {
    "run": ROOT / "requirements.lock",
    "test": ROOT / "requirements-dev.lock",
    "check": ROOT / "requirements-dev.lock",
}
PYTHON_MIN = (3, 11)
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FONT_PACKAGE = "fonts-wqy-microhei"
DRIVER_PACKAGE = "libatomic1"  # what Playwright brings to drive a browser is linked against it


def main() -> None:
    """Make ready what the first argument names."""
    purpose = sys.argv[1]
    if sys.version_info < PYTHON_MIN:
        end(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
    with (ROOT / "pyproject.toml").open("rb") as held:
        # Two starts at once would install over each other: the second waits here.
        fcntl.flock(held, fcntl.LOCK_EX)
        environment()
        packages(purpose)
    if purpose == "test":
        browser()
        font()


def environment() -> None:
    """Make `.venv` unless it stands here already, works, and belongs to this path."""
    if PYTHON.exists() and made_for() == str(ROOT) and silent(PYTHON, "-m", "pip", "--version"):
        return
    if importlib.util.find_spec("ensurepip") is None:
        debian("Python's venv module is missing.", "python3-venv")
    say("Making the virtual environment .venv")
    run(sys.executable, "-m", "venv", "--clear", VENV)
    (VENV / "made-for").write_text(str(ROOT), encoding="utf-8")


def made_for() -> str:
    """Return the path `.venv` was made for: its scripts name it and do not survive a move."""
    try:
        return (VENV / "made-for").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def packages(purpose: str) -> None:
    """Install what the lock file pins, unless exactly that is installed."""
    lock = LOCKS[purpose]
    state = digest(lock, ROOT / "pyproject.toml")
    if stamp(lock).exists() and stamp(lock).read_text(encoding="utf-8") == state:
        return
    say(f"Installing what {lock.name} pins (once; this can take a few minutes)")
    pip = (PYTHON, "-m", "pip", "-qq", "--disable-pip-version-check", "install")
    run(*pip, "--require-hashes", "--requirement", lock)
    run(*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", ROOT)
    stamp(lock).write_text(state, encoding="utf-8")
    if lock == LOCKS["test"]:  # it holds everything the product needs, in the same versions
        product = LOCKS["run"]
        stamp(product).write_text(digest(product, ROOT / "pyproject.toml"), encoding="utf-8")


def stamp(lock: Path) -> Path:
    """Return the file that says which state of a lock is installed."""
    return VENV / f"installed-{lock.name}"


def digest(*files: Path) -> str:
    """Return what the files' bytes are known by."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def browser() -> None:
    """Have a Chromium for the tests of the screens."""
    if not any(shutil.which(name) for name in CHROMIUMS):
        debian("The tests of the screens need Chromium.", "chromium", FONT_PACKAGE, DRIVER_PACKAGE)
    if not silent(PYTHON, "-m", "playwright", "--version"):
        debian("Playwright's driver lacks a library.", DRIVER_PACKAGE)


def font() -> None:
    """Have a font with Chinese characters, or screens show boxes."""
    listed = subprocess.run(
        ["fc-list", ":lang=zh"], capture_output=True, check=False, text=True
    )  # fc-list comes with Chromium
    if not listed.stdout.strip():
        debian("The tests of the screens need a font with Chinese characters.", FONT_PACKAGE)


def debian(reason: str, *names: str) -> None:
    """Install Debian packages as root, or say how and end."""
    install = ("apt-get", "install", "-y", "--no-install-recommends", *names)
    command = " ".join(install)
    if shutil.which("apt-get") is None:
        end(f"{reason} On Debian this installs it:\n\n    {command}\n")
    if os.geteuid() != 0:
        end(
            f"{reason} Install it and start again:\n\n    sudo apt-get update\n    sudo {command}\n"
        )
    say(f"{reason} Installing {' '.join(names)}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run("apt-get", "update", "-qq")
    run("apt-get", "-qq", *install[1:], stdout=subprocess.DEVNULL)
    importlib.invalidate_caches()


def run(*command: str | Path, stdout: int | None = None) -> None:
    """Run a command to its good end, or end with what failed."""
    done = subprocess.run([str(part) for part in command], check=False, stdout=stdout)
    if done.returncode != 0:
        end(f"This failed: {' '.join(str(part) for part in command)}")


def silent(*command: str | Path) -> bool:
    """Return whether a command ends well."""
    return (
        subprocess.run([str(p) for p in command], check=False, capture_output=True).returncode == 0
    )


def say(sentence: str) -> None:
    """Tell the person who waits."""
    print(f"  {sentence} …", flush=True)


def end(sentence: str) -> None:
    """Say what is in the way and end."""
    sys.exit(f"\n  {sentence}")


if __name__ == "__main__":
    main()
