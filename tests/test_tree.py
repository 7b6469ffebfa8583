"""What is in the tree: no large file, no binary one but the figures that the README shows, no two test files of one name."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_BYTES = 1_000_000
PICTURES = (".png",)
DATA = (".npy",)


def faults(path: Path) -> list[str]:
    """What is wrong with a file of the tree."""
    content = path.read_bytes()
    faults = [f"{len(content)} bytes"] if len(content) > MAX_BYTES else []
    return faults + (["binary"] if path.suffix not in PICTURES + DATA and is_binary(content) else [])


def is_binary(content: bytes) -> bool:
    try:
        return "\0" in content.decode("utf-8")
    except UnicodeDecodeError:
        return True


def files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no git here")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_file_is_large_or_binary() -> None:
    paths = files()
    assert len(paths) > 100
    assert {str(path.relative_to(ROOT)): wrong for path in paths if (wrong := faults(path))} == {}


def test_no_two_test_files_have_one_name() -> None:
    """The tests' folders are no packages, so pytest imports a file by its name alone and refuses the second of that name."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_pictures_stand_where_the_readme_shows_them() -> None:
    assert {path.parent for path in files() if path.suffix in PICTURES} <= {ROOT / ".readme"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("wheel.whl", b"PK\x03\x04\x00", ["binary"]),
        ("table.csv", b"a,b\n" * 300_000, ["1200000 bytes"]),
        ("latin.py", b"# \xe9\n", ["binary"]),
        ("figure.png", b"\x89PNG\x00", []),
        ("text.md", "Sj\u00f6str\u00f6m\n".encode(), []),
    ],
)
def test_such_files_would_be_seen(tmp_path: Path, name: str, content: bytes, expected: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    assert faults(tmp_path / name) == expected
