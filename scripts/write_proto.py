"""Writes the Python words of server/api/im.proto: `make docs`; a test compares.

Refuses to be needed at run time: what it writes is kept beside the proto file.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parents[1]
PROTO = "server/api/im.proto"
WRITTEN = ("server/api/im_pb2.py", "server/api/im_pb2.pyi")


def written() -> dict[Path, str]:
    """Return each file made from the proto with the text it should have."""
    with tempfile.TemporaryDirectory() as out:
        known = files("grpc_tools") / "_proto"
        asked = [f"-I{ROOT}", f"-I{known}", f"--python_out={out}", f"--pyi_out={out}", PROTO]
        if protoc.main(["protoc", *asked]) != 0:
            raise SystemExit(f"{PROTO} cannot be read")
        return {ROOT / name: (Path(out) / name).read_text("utf-8") for name in WRITTEN}


def main() -> None:
    """Write the files."""
    for path, text in written().items():
        path.write_text(text, "utf-8")
        print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
