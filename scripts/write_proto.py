"""Writes the Python words of the proto files in server/api: `make docs`; a test compares.

Refuses to be needed at run time: what it writes is kept beside the proto files.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parents[1]
PROTOS = ("server/api/im.proto", "server/api/costcenter.proto")
ENDINGS = ("_pb2.py", "_pb2.pyi")


def written() -> dict[Path, str]:
    """Return each file made from the protos with the text it should have."""
    with tempfile.TemporaryDirectory() as out:
        known = files("grpc_tools") / "_proto"
        asked = [f"-I{ROOT}", f"-I{known}", f"--python_out={out}", f"--pyi_out={out}", *PROTOS]
        if protoc.main(["protoc", *asked]) != 0:
            raise SystemExit("a proto file cannot be read")
        names = [p.removesuffix(".proto") + ending for p in PROTOS for ending in ENDINGS]
        return {ROOT / name: (Path(out) / name).read_text("utf-8") for name in names}


def main() -> None:
    """Write the files."""
    for path, text in written().items():
        path.write_text(text, "utf-8")
        print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
