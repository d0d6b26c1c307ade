"""Checks of the ground everything stands on: Python, disk, port, descriptors, clock.

Refuses to start anything.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.clock import EPOCH
from server.doctor.finding import Finding, Level, Machine, Words
from server.engines import EngineRefusal, holder
from server.engines.place import ELSEWHERE, FREE_FIRST_MIN_BYTES, LINK, check_data_path

PYTHON = Words("Python", "Python")
DATA = Words("data directory", "数据目录")
LEFTOVER = Words("leftovers", "遗留数据")
PORT = Words("port", "端口")
DESCRIPTORS = Words("open files", "打开文件数")
CLOCK = Words("clock", "时钟")
TIME_ZONES = Words("time zones", "时区")

OTHER_PLACE = Words(
    "Make it usable, or choose another with --data-dir.", "请修正，或用 --data-dir 另选目录。"
)

PYTHON_MIN = (3, 11)
FREE_COMFORT_BYTES = 2 * 2**30
# One process serves 10,000 devices and needs some hundred descriptors for itself.
DESCRIPTORS_WANTED = 12_000
# The product is younger than this; a clock that shows less has lost its battery.
BUILT_AT = datetime(2026, 11, 1, tzinfo=UTC)
FUTURE_MAX = timedelta(minutes=1)


def check_python(_: Machine) -> list[Finding]:
    """Python is new enough."""
    has = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= PYTHON_MIN:
        return [
            Finding(PYTHON, "ok", Words(f"{has} ({sys.executable})", f"{has}（{sys.executable}）"))
        ]
    return [
        Finding(
            PYTHON,
            "fail",
            Words(f"{has} is too old.", f"{has} 版本过低。"),
            Words("Install Python 3.11 or newer.", "请安装 Python 3.11 或更新版本。"),
        )
    ]


def check_data_dir(machine: Machine) -> list[Finding]:
    """The data directory can be written and its disk has room, while the product runs too.

    With engines of one's own it matters once it is there: keys, papers and recordings lie in it.
    """
    if machine.database_url and machine.redis_url and not machine.data_dir.exists():
        return []
    try:
        check_data_path(machine.data_dir)
        place = _nearest(machine.data_dir)
    except (EngineRefusal, OSError) as error:
        reason = str(error.sentence if isinstance(error, EngineRefusal) else error)
        return [Finding(DATA, "fail", Words(reason, f"数据目录路径不可用：{reason}"), OTHER_PLACE)]
    found = os.statvfs(place)
    free_bytes = found.f_bavail * found.f_frsize
    if found.f_flag & os.ST_RDONLY or not os.access(place, os.W_OK | os.X_OK):
        return [
            Finding(
                DATA,
                "fail",
                Words(f"{place} cannot be written.", f"{place} 不可写。"),
                OTHER_PLACE,
            )
        ]
    says = Words(
        f"{machine.data_dir} can be written, {free_bytes >> 20:,} MB free",
        f"{machine.data_dir} 可写，剩余 {free_bytes >> 20:,} MB",
    )
    if free_bytes >= FREE_COMFORT_BYTES:
        return [Finding(DATA, "ok", says)]
    level: Level = "warn" if free_bytes >= FREE_FIRST_MIN_BYTES else "fail"
    advice = Words("Free some space; 2 GB is comfortable.", "请清理磁盘，建议留出 2 GB。")
    return [Finding(DATA, level, says, advice)]


def _nearest(path: Path) -> Path:
    """Return the directory itself or the closest one above it that exists."""
    return next(step for step in (path, *path.parents) if step.exists())


def check_leftovers(_: Machine) -> list[Finding]:
    """Data that lived outside of a directory that is gone by now is not forgotten on the disk."""
    notes = sorted(ELSEWHERE.glob("*/belongs-to")) if os.access(ELSEWHERE, os.R_OK) else []
    return [
        Finding(
            LEFTOVER,
            "warn",
            Words(
                f"{note.parent} held the data of {owner}, which no longer uses it.",
                f"{note.parent} 曾是 {owner} 的数据，现已无人使用。",
            ),
            Words(
                f"If nobody misses it: rm -rf {note.parent}",
                f"确认不再需要后可删除：rm -rf {note.parent}",
            ),
        )
        for note in notes
        if (owner := note.read_text().strip()) and not _links_to(Path(owner) / LINK, note.parent)
    ]


def _links_to(link: Path, home: Path) -> bool:
    return link.is_symlink() and link.resolve() == home.resolve()


def check_port(machine: Machine) -> list[Finding]:
    """Nobody else listens where the web process will."""
    where = f"{machine.host}:{machine.port}"
    family = socket.AF_INET6 if ":" in machine.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the server does it: a connection that lingers from before is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((machine.host, machine.port))
        except OSError as error:
            return [_port_taken(machine, where, error.strerror or str(error))]
    return [Finding(PORT, "ok", Words(f"{where} is free", f"{where} 空闲"))]


def _port_taken(machine: Machine, where: str, reason: str) -> Finding:
    running = holder(machine.data_dir)
    if running is not None:
        return Finding(
            PORT,
            "ok",
            Words(
                f"{where} is taken; Chuancai is running as process {running.pid}",
                f"{where} 已占用；传菜正在运行，进程 {running.pid}",
            ),
        )
    return Finding(
        PORT,
        "fail",
        Words(f"{where} cannot be used: {reason}.", f"{where} 无法使用：{reason}。"),
        Words(
            "Stop what listens there, or choose another with --host and --port.",
            "请停掉占用它的程序，或用 --host、--port 换一个。",
        ),
    )


def check_descriptors(_: Machine) -> list[Finding]:
    """There are enough file descriptors for the devices of one process."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= DESCRIPTORS_WANTED:
        return [Finding(DESCRIPTORS, "ok", Words(f"{soft} allowed", f"上限 {soft}"))]
    devices = max(soft - 500, 0)
    return [
        Finding(
            DESCRIPTORS,
            "warn",
            Words(
                f"{soft} allowed: about {devices} devices per process.",
                f"上限 {soft}：每个进程约可连接 {devices} 台设备。",
            ),
            Words(
                "For more: ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit.",
                "如需更多：ulimit -n 65536，或在 systemd 单元中设 LimitNOFILE=65536。",
            ),
        )
    ]


def check_clock(machine: Machine) -> list[Finding]:
    """The clock did not fall back behind files that were written earlier."""
    now = machine.clock.now()
    lock = machine.data_dir / "lock"
    seen = [lock] if lock.exists() else []
    newest = max((path.stat().st_mtime for path in (*seen, Path(__file__))), default=0.0)
    written_at = EPOCH + timedelta(seconds=newest)
    shown = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now >= max(BUILT_AT, written_at - FUTURE_MAX):
        return [Finding(CLOCK, "ok", Words(shown, shown))]
    return [
        Finding(
            CLOCK,
            "fail",
            Words(
                f"It shows {shown}, but files here were written later: the clock is slow.",
                f"显示 {shown}，但已有文件的写入时间更晚：时钟落后。",
            ),
            Words(
                "Let the machine keep time by NTP (timedatectl set-ntp true).",
                "请用 NTP 校时（timedatectl set-ntp true）。",
            ),
        )
    ]


def check_time_zones(_: Machine) -> list[Finding]:
    """Business days start at 03:00 local time, so the time zones of shops must be known."""
    try:
        zone = zoneinfo.ZoneInfo("Asia/Shanghai")
    except zoneinfo.ZoneInfoNotFoundError:
        return [
            Finding(
                TIME_ZONES,
                "fail",
                Words("There is no time zone data.", "没有时区数据。"),
                Words("pip install tzdata", "pip install tzdata"),
            )
        ]
    return [Finding(TIME_ZONES, "ok", Words(f"{zone.key} is known", f"已知 {zone.key}"))]
