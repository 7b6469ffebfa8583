"""The wheel holds what an installed user needs, and works from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IGNORED = ("__pycache__", ".pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def files(folder, prefix):
    paths = (path for path in folder.rglob("*") if path.is_file() and not any(part in str(path) for part in IGNORED))
    return {f"{prefix}/{path.relative_to(folder).as_posix()}" for path in paths}


@pytest.mark.slow
def test_the_wheel_holds_the_package_the_models_and_the_protocols(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = files(ROOT / "spikeheb", "spikeheb")
    expected |= files(ROOT / "models", "spikeheb/_library/models") | files(ROOT / "protocols", "spikeheb/_library/protocols")
    expected |= files(ROOT / "notebooks", "spikeheb/_library/notebooks")
    assert inside == expected


SMOKE = """
import spikeheb as sh, sys
assert "spikeheb" in sh.__file__ and sys.argv[1] in sh.__file__, sh.__file__
rule = sh.rule("triplet", set="visual_cortex_all_min")
assert sys.argv[1] in rule.path, rule.path
assert sh.cell("l5_pyramidal").name == "l5_pyramidal"
assert sh.protocol("sjostrom_2001").published is not None
print(float(sh.replay(rule, [0.0, 0.1], [0.01, 0.11], 1.0)["w"][0]))
"""


@pytest.mark.slow
def test_an_installed_wheel_runs_from_another_folder(wheel, tmp_path):
    target = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", SMOKE, str(target)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(1.0, abs=0.1)
    listed = subprocess.run(
        [sys.executable, "-m", "spikeheb", "list", "rules"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "triplet" in listed.stdout, listed.stderr
