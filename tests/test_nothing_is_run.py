"""Nothing that a file brings is ever run, and what Neo cannot read is said in one line."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest
from recorded_files import SPIKES, saved, sweeps_of, the_line

from spikeheb.errors import FormatError
from spikeheb.recordings import read_spikes, read_sweeps


class Payload:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


@pytest.mark.parametrize("name", ["evil.pkl", "evil.PICKLE", "evil.mat", "evil.txt", "evil.csv", "evil"])
@pytest.mark.parametrize("read", [read_spikes, read_sweeps])
def test_nothing_is_ever_unpickled(neo, read, name, tmp_path):
    mark = tmp_path / "ran"
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Payload(mark)))
    with pytest.raises(FormatError):
        read(path)
    with pytest.raises(FormatError):
        read(path, reader="PickleIO")
    assert not mark.exists()


def test_the_payload_would_have_run(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "ran"))).close()
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("reader", ["PickleIO", "ElphyIO"])
def test_readers_that_would_run_what_they_read_are_refused_by_name(neo, reader, tmp_path):
    with pytest.raises(FormatError, match=f"{reader} would .*, so it is not used"):
        read_spikes(saved(tmp_path, "1 2", "a.txt"), reader=reader)


def test_such_readers_are_not_tried_either(neo, monkeypatch, tmp_path):
    path = saved(tmp_path, "x", "a.dat")
    assert neo.io.ElphyIO in neo.io.list_candidate_ios(path)
    tried: list[object] = []
    monkeypatch.setattr(neo.io, "list_candidate_ios", lambda path: [neo.io.ElphyIO, neo.io.PickleIO])
    for refused in (neo.io.ElphyIO, neo.io.PickleIO):
        monkeypatch.setattr(refused, "__init__", lambda self, *args: tried.append(args))
    with pytest.raises(FormatError, match=r"no reader for such files\); write the spikes as CSV with the columns lane, side and time"):
        read_spikes(path)
    assert not tried


def test_without_neo_the_line_says_what_to_install(monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name == "neo" or name.startswith("neo.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "neo", None)
    path = saved(tmp_path, "", "a.abf")
    with pytest.raises(FormatError) as error:
        sweeps_of(path)
    assert the_line(error, path) == 'reading this kind of file needs Neo: pip install "spikeheb[neo]" (or give a .csv file)'
    assert read_spikes(saved(tmp_path, SPIKES))


def test_csv_files_are_read_without_importing_neo(tmp_path):
    import subprocess

    saved(tmp_path, SPIKES)
    code = "import sys; from spikeheb.recordings import read_spikes; read_spikes('recorded.csv'); print('neo' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_what_neo_cannot_make_sense_of_is_said_in_one_line(neo, tmp_path):
    path = saved(tmp_path, "not a recording\n", "a.abf")
    with pytest.raises(FormatError, match="Neo found nothing to read") as error:
        sweeps_of(path)
    the_line(error, path)
    with pytest.raises(FormatError, match=r"no reader for such files\); write the spikes as CSV with the columns lane, side and time"):
        read_spikes(saved(tmp_path, "x", "a.unheardof"))
    with pytest.raises(FormatError, match="there is no such file"):
        read_spikes(tmp_path / "nowhere.abf")
