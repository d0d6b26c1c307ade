"""The walls of the house: sizes, names, clocks, layers, words that do not belong here."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE_LINES_MAX = 350
TEST_LINES_MAX = 450  # tables of cases are read by row, not in one go
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 6
BANNED_FILES = re.compile(
    r"(^|/)(utils?|common|helpers?|misc|managers?|handlers?|services?|models)(\.py|\.js|/|$)"
)
BANNED_CLASSES = re.compile(r"(Manager|Handler|Helper|Service|Processor|Impl|Utils?)$")
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|NotImplementedError)\b|pytest\.(skip|xfail)|mark\.(skip|xfail)"
)
MOCKS = re.compile(r"unittest\.mock|MagicMock|AsyncMock|fakeredis")
SLEEPS = re.compile(r"(?:asyncio|time)\.sleep\((?!0\))")  # sleep(0) only gives way
# Names and paths of places where this was written do not belong into what it is.
FOREIGN = re.compile(r"/work/|\bissues? (?:show|note)\b|\.library\b", re.IGNORECASE)

# Whose signatures are a table of facts in one call; every other function keeps to the limit.
MANY_PARAMETERS = {"pair"}
# Where waiting for real time is the subject: pacing a simulated day, a peer that stalls, a port
# that is not open yet. Everywhere else tests move the clock or wait for the event.
MAY_PAUSE = re.compile(r"tests/(simulation|support)/")


def tracked(*suffixes: str) -> list[Path]:
    """Return the checkout's files with these endings, vendored ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    return [
        ROOT / name
        for name in listed
        if name.endswith(suffixes) and "/vendor/" not in name and (ROOT / name).exists()
    ]


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function of a file."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_no_file_grows_beyond_a_sitting() -> None:
    """A file of code can be read in one go."""
    long = {
        _name(file): lines
        for file in tracked(".py", ".js")
        if (lines := len(file.read_text("utf-8").splitlines()))
        > (TEST_LINES_MAX if _name(file).startswith("tests/") else CODE_LINES_MAX)
    }
    assert long == {}


def test_no_function_is_a_wall() -> None:
    """Functions stay short enough to hold in the head."""
    long = [
        f"{_name(file)} {node.name}"
        for file in tracked(".py")
        for node in functions(file)
        if (node.end_lineno or node.lineno) - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_function_takes_a_crowd() -> None:
    """More than six positional parameters want a struct."""
    crowded = [
        f"{_name(file)}:{node.lineno} {node.name}"
        for file in tracked(".py")
        if _name(file).startswith("server/")
        for node in functions(file)
        if len([a for a in node.args.args if a.arg not in {"self", "cls"}]) > PARAMETERS_MAX
        and node.name not in MANY_PARAMETERS
    ]
    assert crowded == []


def test_names_are_the_trades() -> None:
    """No drawers, no managers: a thing is called by what it is."""
    assert [_name(f) for f in tracked(".py", ".js", ".css") if BANNED_FILES.search(_name(f))] == []
    classes = [
        f"{_name(file)}: {node.name}"
        for file in tracked(".py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and BANNED_CLASSES.search(node.name)
    ]
    assert classes == []


def test_nothing_is_left_for_later() -> None:
    """No promise in a comment, no skipped test, no mock of our own rooms."""
    here = Path(__file__)
    found = [
        f"{_name(file)}: {match.group()}"
        for file in tracked(".py", ".js", ".css", ".sql", ".md", ".toml")
        if file != here
        for match in UNFINISHED.finditer(file.read_text("utf-8"))
    ]
    mocks = [
        _name(file)
        for file in tracked(".py")
        if file != here and MOCKS.search(file.read_text("utf-8"))
    ]
    assert (found, mocks) == ([], [])


def test_tests_do_not_sleep() -> None:
    """A test moves the clock or waits for the event."""
    sleepy = [
        _name(file)
        for file in tracked(".py")
        if _name(file).startswith("tests/")
        and file != Path(__file__)
        and not MAY_PAUSE.match(_name(file))
        and SLEEPS.search(file.read_text("utf-8"))
    ]
    assert sleepy == []


def test_every_test_says_what_it_proves() -> None:
    """Every test has a sentence."""
    silent = [
        f"{_name(file)}:{node.lineno} {node.name}"
        for file in tracked(".py")
        if Path(file).name.startswith("test_")
        for node in functions(file)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_module_says_what_it_is_for() -> None:
    """Every file of code opens with a docstring; an empty package file says nothing."""
    silent = [
        _name(file)
        for file in tracked(".py")
        if (text := file.read_text("utf-8")).strip() and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_pure_files_are_the_ones_the_layers_check() -> None:
    """A file that begins with ◆ is held to it by the import contracts, and no other is."""
    marked = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in tracked(".py")
        if _name(file).startswith("server/")
        and (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").startswith("◆")
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    pure = next(c for c in contracts if c.get("id") == "pure")
    assert marked == set(pure["source_modules"])


def test_only_the_clock_reads_a_clock() -> None:
    """Time is handed in: the product imports `time` in one file, and pure files no clock at all."""
    readers, pure = [], []
    for file in tracked(".py"):
        text = file.read_text("utf-8")
        if not _name(file).startswith("server/"):
            continue
        if re.search(r"^\s*(import time\b|from time import)", text, re.MULTILINE):
            readers.append(_name(file))
        if text.startswith('"""◆') and re.search(r"\bimport .*\b(System)?Clock\b", text):
            pure.append(_name(file))
    assert (readers, pure) == (["server/clock.py"], [])


def test_imports_point_down() -> None:
    """The layers of ARCHITECTURE.md hold."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_it_speaks_of_the_product_only() -> None:
    """No path and no word of the place where it was written."""
    here = Path(__file__)
    foreign = [
        f"{_name(file)}: {match.group()}"
        for file in tracked(
            ".py", ".js", ".css", ".sql", ".md", ".toml", ".html", "Makefile", ".sh"
        )
        if file != here
        for match in FOREIGN.finditer(file.read_text("utf-8"))
    ]
    assert foreign == []
