"""Checks of printers: do they print, does anything wait there, and does this machine have what they need.

Asks the database what is known of them. Refuses to reach a printer: many serve one client at a time.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from pathlib import Path

import asyncpg

from server.doctor.finding import ANSWER_MAX_S, Finding, Machine, Words
from server.engines import holder
from server.printing.printer import device_and_baud
from server.printing.views import AnyPrinter, list_in_use

PRINTERS = Words("printers", "打印机")
LISTED_MAX = 20
CONDITIONS = {
    "unknown": Words("nothing is known of it yet", "状态未知"),
    "offline": Words("cannot be reached", "连不上"),
    "silent": Words("does not answer", "不应答"),
    "paper_out": Words("out of paper", "缺纸"),
    "cover_open": Words("cover is open", "上盖开着"),
    "cutter_error": Words("the cutter is stuck", "切刀卡住"),
    "error": Words("says it has an error", "报错"),
    "not_private": Words("its address leads outside", "地址不在内网"),
}


def check_printers(machine: Machine) -> list[Finding]:
    """Every printer in use prints, nothing is in doubt; says nothing where there are none."""
    running = holder(machine.data_dir)
    url = machine.database_url or (running.database_url if running else "")
    if not url:
        return []
    with asyncio.Runner() as runner:
        printers = runner.run(_in_use(url))
    findings = [found for one in printers[:LISTED_MAX] for found in _findings(one)]
    if printers and not findings:
        says = Words(f"{len(printers)} in use, all print", f"{len(printers)} 台，均正常")
        return [Finding(PRINTERS, "ok", says)]
    return findings


async def _in_use(url: str) -> list[AnyPrinter]:
    try:
        connection = await asyncpg.connect(url, timeout=ANSWER_MAX_S)
        try:
            return await list_in_use(connection)
        finally:
            await connection.close()
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return []  # what is wrong with the database another check says


def _findings(known: AnyPrinter) -> list[Finding]:
    printer = known.printer
    where = f"shop {known.shop_id}, {printer.name}"
    findings = [*_missing(known, where)]
    if printer.condition in CONDITIONS and (printer.condition != "unknown" or known.waiting):
        why = CONDITIONS[printer.condition]
        says = Words(
            f"{where}: {why.en}; {known.waiting} papers wait.",
            f"门店 {known.shop_id} {printer.name}：{why.zh}，{known.waiting} 张待打。",
        )
        advice = Words(
            "Look at power, cable and paper. Nothing prints without `chuancai worker`.",
            "请检查电源、网线和纸。没有 `chuancai worker` 在运行也不会出单。",
        )
        findings.append(Finding(PRINTERS, "warn", says, advice))
    if known.undecided:
        says = Words(
            f"{where}: {known.undecided} papers in doubt.",
            f"门店 {known.shop_id} {printer.name}：{known.undecided} 张待处理。",
        )
        advice = Words(
            "The cash desk decides; `chuancai printers papers --undecided` lists them.",
            "请在收银台处理；`chuancai printers papers --undecided` 列出。",
        )
        findings.append(Finding(PRINTERS, "warn", says, advice))
    return findings


def _missing(known: AnyPrinter, where: str) -> list[Finding]:
    """Return what this machine lacks for a printer at its own plugs, if a worker runs here."""
    printer = known.printer
    if printer.kind == "usb" and not all(map(importlib.util.find_spec, ("escpos", "usb"))):
        says = Words(
            f"{where}: this machine cannot use USB printers.",
            f"门店 {known.shop_id} {printer.name}：本机不能用 USB 打印机。",
        )
        advice = Words(
            "`pip install 'chuancai[usb]'` and Debian's libusb-1.0-0, where the worker runs.",
            "请在 worker 所在机器上执行 `pip install 'chuancai[usb]'`，并安装 libusb-1.0-0。",
        )
        return [Finding(PRINTERS, "warn", says, advice)]
    device = Path(device_and_baud(printer.address)[0])
    if printer.kind != "serial" or os.access(device, os.R_OK | os.W_OK):
        return []
    there = device.exists()
    says = Words(
        f"{where}: {device} {'may not be used' if there else 'is not there'}.",
        f"门店 {known.shop_id} {printer.name}：{device} {'无权限' if there else '不存在'}。",
    )
    advice = Words(
        "Plug it in; whoever runs the worker must be in the group `dialout`.",
        "请插好；运行 worker 的用户须在 `dialout` 组中。",
    )
    return [Finding(PRINTERS, "warn", says, advice)]
