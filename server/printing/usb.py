"""The wire to a USB printer, through python-escpos (the extra `usb`), which finds interface and endpoints.

Every call blocks, so each runs on a thread and carries its own limit. Refuses to print by that library: its
Chinese is not ours (docs/printing.md).
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

CALL_MS_MAX = 5_000
PIECE_BYTES = 4096
MISSING = "pip install 'chuancai[usb]' brings USB printers."


@asynccontextmanager
async def open_usb(address: str) -> AsyncIterator[UsbWire]:
    """Open a printer by vendor:product in hex. Raises `OSError` when it is not there."""
    vendor, _, product = address.partition(":")
    printer = await asyncio.to_thread(_opened, int(vendor, 16), int(product, 16))
    try:
        yield UsbWire(printer)
    finally:
        await asyncio.to_thread(printer.close)


def _opened(vendor: int, product: int) -> Any:
    try:
        from escpos.exceptions import DeviceNotFoundError, USBNotFoundError  # noqa: PLC0415
        from escpos.printer import Usb  # noqa: PLC0415
    except ImportError as error:
        raise OSError(errno.ENOSYS, MISSING) from error
    if not Usb.is_usable():  # without pyusb; even letting go of such a printer would raise
        raise OSError(errno.ENOSYS, MISSING)
    try:
        printer = Usb(vendor, product, timeout=CALL_MS_MAX)
        printer.open()
    except ValueError as error:  # pyusb without libusb
        raise OSError(errno.ENOSYS, str(error)) from error
    except (DeviceNotFoundError, USBNotFoundError) as error:
        raise OSError(errno.ENODEV, str(error)) from error
    return printer


class UsbWire:
    """An open USB printer."""

    def __init__(self, printer: Any) -> None:
        self.written = 0
        self._printer = printer

    async def write(self, data: bytes) -> None:
        """Write in pieces; libusb says how much of each was taken.

        A piece counts as written before that: after a timeout pyusb does not say how much went out.
        """
        while piece := data[:PIECE_BYTES]:
            self.written += len(piece)
            taken = await asyncio.to_thread(self._write, piece)
            self.written -= len(piece) - taken
            data = data[taken:]

    def _write(self, data: bytes) -> int:
        printer = self._printer
        taken: int = printer.device.write(printer.out_ep, data, CALL_MS_MAX)
        return taken

    async def read(self, wait_s: float) -> bytes:
        """Wait for an answer."""
        return await asyncio.to_thread(self._read, int(min(wait_s * 1000, CALL_MS_MAX)))

    def _read(self, wait_ms: int) -> bytes:
        try:
            return bytes(self._printer.device.read(self._printer.in_ep, 64, max(1, wait_ms)))
        except OSError as error:  # pyusb's own errors are OSErrors
            if error.errno in {errno.ETIMEDOUT, None}:
                return b""
            raise
