"""A wheel that is called like the real one: a package whose module runs the program ``zig`` beside it, here a script of the test."""

from __future__ import annotations

from pathlib import Path

RUN = """import os, sys
if __name__ == "__main__":
    program = os.path.join(os.path.dirname(__file__), "zig")
    os.execv(program, [program, *sys.argv[1:]])
"""


def fake_wheel(folder: Path, script: str = "#!/bin/sh\nexit 1\n") -> Path:
    """A folder for the path of Python with the package ``ziglang``, whose program is that shell script."""
    package = folder / "site" / "ziglang"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(RUN)
    (package / "zig").write_text(script)
    (package / "zig").chmod(0o755)
    return package.parent
