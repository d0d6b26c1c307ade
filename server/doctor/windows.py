"""Checks of what shows the screens: fonts, a browser, and what browsers allow on this address.

Refuses to look at other machines: a pad's own fonts and browser are its own affair.
"""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from pathlib import Path

from server.doctor.finding import ANSWER_MAX_S, Finding, Machine, Words
from server.tls.authority import names_of
from server.tls.keeping import KeptCertificate, fingerprint, read_certificate

FONTS = Words("fonts", "字体")
BROWSER = Words("browser", "浏览器")
SECURE = Words("secure context", "安全上下文")

FONT_PLACES = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts"),
    Path("~/.fonts"),
    Path("/System/Library/Fonts"),
)
CJK_FILES = ("wqy", "cjk", "sourcehan", "droidsansfallback", "uming", "ukai", "pingfang", "simsun")
SOON_OVER_DAYS = 25  # renewed at thirty
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def check_fonts(_: Machine) -> list[Finding]:
    """A screen on this machine can show Chinese."""
    font = _asked_font() or _found_font()
    if font:
        return [Finding(FONTS, "ok", Words(f"{font} shows Chinese", f"{font} 可显示中文"))]
    return [
        Finding(
            FONTS,
            "warn",
            Words(
                "No font here has Chinese characters; screens shown on this machine will not"
                " be readable.",
                "本机没有中文字体，在本机打开的屏幕将无法阅读。",
            ),
            Words(
                "apt install --no-install-recommends fonts-wqy-microhei",
                "apt install --no-install-recommends fonts-wqy-microhei",
            ),
        )
    ]


def _asked_font() -> str:
    """Ask fontconfig for a font that covers Chinese, where there is one to ask."""
    program = shutil.which("fc-list")
    if program is None:
        return ""
    try:
        asked = subprocess.run(
            [program, ":lang=zh", "file"],
            check=True,
            capture_output=True,
            text=True,
            timeout=ANSWER_MAX_S,
        )
    except (OSError, subprocess.SubprocessError):
        # Without an answer the files themselves are looked at.
        return ""
    return Path(asked.stdout.splitlines()[0].rstrip(": ")).name if asked.stdout.strip() else ""


def _found_font() -> str:
    """Look for a well-known font file."""
    for place in FONT_PLACES:
        for file in place.expanduser().rglob("*.[tToO][tT][fFcC]"):
            name = file.name.lower().replace(" ", "").replace("-", "")
            if any(part in name for part in CJK_FILES):
                return file.name
    return ""


def check_chromium(_: Machine) -> list[Finding]:
    """Chromium is here, which only the screen tests and a kiosk on this machine need."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found:
        return [Finding(BROWSER, "ok", Words(found, found))]
    return [
        Finding(
            BROWSER,
            "warn",
            Words(
                "There is no Chromium; only the screen tests and a kiosk on this machine need it.",
                "没有 Chromium；仅屏幕测试和本机信息亭需要。",
            ),
            Words(
                "apt install --no-install-recommends chromium",
                "apt install --no-install-recommends chromium",
            ),
        )
    ]


def check_secure_context(machine: Machine) -> list[Finding]:
    """Say what browsers withhold from screens on a plain http address of the LAN."""
    if machine.tls_port:
        return [_certificate(machine)]
    if _is_loopback(machine.host):
        says = Words(
            "screens on this machine only: browsers allow everything",
            "仅本机打开屏幕：浏览器功能齐全",
        )
        return [Finding(SECURE, "ok", says)]
    return [
        Finding(
            SECURE,
            "warn",
            Words(
                "Screens elsewhere open this over plain http: there browsers give no wake lock and"
                " no offline start (service worker). Orders, calls and sound work.",
                "其他设备将通过 http 打开：浏览器不提供屏幕常亮和离线启动，"
                "点单、呼叫、声音不受影响。",
            ),
            Words(
                "Start with --tls and open http://<this machine>"
                f":{machine.port}/install/ on each device; or set the pads' display to stay on in"
                " Android's settings, or start Chromium with --unsafely-treat-insecure-origin-as-secure="
                f"http://<this machine>:{machine.port}.",
                "请用 --tls 启动，并在每台设备上打开 http://<本机地址>"
                f":{machine.port}/install/；或在系统设置中让平板保持常亮，或用 Chromium 参数"
                " --unsafely-treat-insecure-origin-as-secure="
                f"http://<本机地址>:{machine.port} 启动。",
            ),
        )
    ]


def _certificate(machine: Machine) -> Finding:
    """Say until when HTTPS is good, for which names, and by what devices know the authority."""
    try:
        leaf = read_certificate(KeptCertificate.leaf_file_in(machine.data_dir))
        authority = read_certificate(KeptCertificate.authority_file_in(machine.data_dir))
    except (OSError, ValueError):
        leaf = authority = None
    if leaf is None or authority is None:
        says = Words("HTTPS has no certificate that can be read.", "HTTPS 没有可读的证书。")
        advice = Words(
            f"Stop, remove {machine.data_dir / 'tls'} and start with --tls: devices must be"
            " installed anew.",
            f"请停止后删除 {machine.data_dir / 'tls'}，再用 --tls 启动；设备需重新安装。",
        )
        return Finding(SECURE, "fail", says, advice)
    until = min(leaf.not_valid_after_utc, authority.not_valid_after_utc)
    left = (until - machine.clock.now()).days
    known = names_of(leaf)
    listed = ", ".join([*known.hosts, *map(str, known.addresses)])
    finger = fingerprint(authority)
    says = Words(
        f"HTTPS on {machine.tls_port} until {until:%Y-%m-%d} for {listed}; authority {finger}",
        f"HTTPS 端口 {machine.tls_port}，有效至 {until:%Y-%m-%d}，用于 {listed}；根证书 {finger}",
    )
    if left > SOON_OVER_DAYS:
        return Finding(SECURE, "ok", says)
    advice = Words(
        "It is renewed by the running server a month before: look whether one runs and may write"
        f" to {machine.data_dir / 'tls'}.",
        f"运行中的服务会提前一个月续期：请检查服务是否在运行、能否写入 {machine.data_dir / 'tls'}。",
    )
    return Finding(SECURE, "warn" if left >= 0 else "fail", says, advice)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
