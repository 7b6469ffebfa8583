"""A hidden synapse that one works on: experiments, what is left of the budget, the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikeheb.declared import declared, takes_settings
from spikeheb.errors import OutputExists, ScheduleError, check_kind
from spikeheb.limits import check_seed
from spikeheb.paths import exists
from spikeheb.results import check_replaceable, prepare_folder
from spikeheb.studies.labels import VERSION
from spikeheb.studies.mystery import log
from spikeheb.studies.mystery.answers import answer_of
from spikeheb.studies.mystery.candidates import Level, level_of
from spikeheb.studies.mystery.experiments import as_dataset, experiment, spent
from spikeheb.studies.mystery.noise import STATED
from spikeheb.studies.mystery.observer import SETS
from spikeheb.studies.mystery.posterior import posterior_of
from spikeheb.studies.mystery.records import check_records
from spikeheb.studies.mystery.report import Report, notebook_html
from spikeheb.studies.mystery.score import Grade, grade
from spikeheb.studies.mystery.synapse import Synapse, drawn, hidden, seed_of
from spikeheb.studies.settings.mystery import Trial

if TYPE_CHECKING:
    import xarray as xr


@dataclass
class Mystery:
    """A hidden synapse with its log.

    Attributes
    ----------
    records : list of dict
        What has happened, as it stands in the log.
    path : Path, optional
        The file that is written after every step.
    secret : bytes, optional
        The class secret with which it is signed.
    """

    records: list[log.Record]
    path: Path | None = None
    secret: bytes | None = None
    _synapse: Synapse | None = field(default=None, repr=False)

    @property
    def level(self) -> Level:
        """What is known: rules and budget."""
        return level_of(self.records[0]["level"])

    @property
    def practice(self) -> bool:
        """Whether the log is not signed, so that it proves nothing."""
        return self.records[0]["signed"] is not True

    @property
    def synapse(self) -> Synapse:
        """The hidden synapse: looking at it ends the game."""
        if self._synapse is None:
            first = self.records[0]
            seed = first["seed"] if self.practice else seed_of(self.secret or b"", first["student"], first["assignment"])
            self._synapse = drawn(self.level, seed, first["attempt"])
        return self._synapse

    @property
    def spent(self) -> int:
        """Cells that experiments have cost."""
        return spent(self.records)

    @property
    def left(self) -> int:
        """Cells that are left."""
        return self.level.cells - self.spent

    @property
    def answered(self) -> bool:
        """Whether the answer was given, after which nothing more can be done."""
        return bool(self.records[-1]["kind"] == "answer")

    @property
    def text(self) -> str:
        """What a student is told at the start."""
        names = ", ".join(self.level.answers)
        return f"Level {self.level.number}: {self.level.cells} cells, at most 12 an experiment. The rule is one of: {names}. {STATED}"

    def do(self, protocol: str, cells: int = 3, **settings: Any) -> xr.Dataset:
        """Carry out an experiment; see `do`."""
        return do(self, protocol, cells, **settings)

    def answer(self, probabilities: Mapping[str, float], parameters: Mapping[str, object] | None = None) -> None:
        """Give the answer: a probability for each rule, and parameters of the most probable one; see `answer`."""
        answer(self, probabilities, parameters)

    def posterior(self, sets: int = SETS) -> xr.Dataset:
        """What an ideal observer held possible after each experiment, once the answer is given; `sh.plot` draws it.

        Parameters
        ----------
        sets : int
            Parameter sets that stand for a rule; fewer are faster and less exact.

        Returns
        -------
        xarray.Dataset
            See `spikeheb.studies.mystery.posterior.posterior_of`.

        Raises
        ------
        ScheduleError
            Before the answer.
        """
        if not self.answered:
            raise ScheduleError("the ideal observer is quiet until you have given your own answer, with .answer({rule: probability})")
        return posterior_of(self.synapse, self.records, sets)

    def report(self, sets: int = SETS) -> Report:
        """The score, the posterior after each experiment, and what would have told the rules apart; a notebook shows it.

        Raises
        ------
        ScheduleError
            Before the answer.
        """
        if not self.answered:
            raise ScheduleError("the report comes after your own answer, with .answer({rule: probability})")
        return Report(self, self.grade(sets))

    def grade(self, sets: int = SETS) -> Grade:
        """The score of 100 and what it rests on: see `spikeheb.studies.mystery.score.grade`."""
        scored = grade(self.synapse, self.records, sets)
        if log.text(replayed(self.records, self.secret), None) != log.text(self.records, None):
            return replace(scored, notes=(*scored.notes, "the log was edited: the same requests give other results"))
        return scored

    def add(self, record: log.Record) -> None:
        """Add a step to the log and write it.

        Raises
        ------
        StorageError
        """
        if self.path is not None:
            log.write([*self.records, record], self.path, self.secret)
        self.records.append(record)

    def __repr__(self) -> str:
        return f"<hidden synapse, level {self.level.number}: {self.left} of {self.level.cells} cells left>"

    def _repr_html_(self) -> str:
        return notebook_html(self)


def mystery(seed: int = 0, *, level: int = 1, log: str | Path | None = None) -> Mystery:
    """A hidden synapse for practice.

    Its rule and parameters follow from the seed: this is sealed only against accident. For marks a teacher's machine serves experiments
    (``spikeheb mystery serve``).

    Parameters
    ----------
    seed : int
    level : {0, 1, 2, 3}
        4 rules that need no compiler and 48 cells; 6 rules and 48 cells; 13 rules and 36 cells; 24 cells, and the rule may be none of
        the 13.
    log : str or Path, optional
        A log. If it exists, it is continued; the seed and the level are then those of the log.

    Returns
    -------
    Mystery
        With ``do``, ``left`` and ``answer``, and after the answer ``report``, ``posterior`` and ``grade``.

    Raises
    ------
    SpikehebError
    """
    if log is not None:
        check_kind(log, (str, Path), "a path", key="log")
    if log is not None and exists(log):
        return opened(log)
    return new(seed, level=level, path=None if log is None else Path(log))


def new(seed: int, *, level: int = 1, path: Path | None = None) -> Mystery:
    """A hidden synapse for practice, with a new log.

    Raises
    ------
    OutputExists, ScheduleError
    """
    check_seed(seed)
    chosen = level_of(level)
    if path is not None:
        check_replaceable(path)
        if exists(path):
            raise OutputExists("exists already; continue with spikeheb mystery do, or choose another --log", path=str(path))
        prepare_folder(path.parent, ())
    synapse = hidden(chosen, int(seed))
    first = _first(chosen, synapse.attempt, signed=False) | {"seed": int(seed), "mark": log.PRACTICE}
    return _started(first, path, None, synapse)


def new_for_marks(secret: bytes, student: str, assignment: str, level: int, path: Path | None = None) -> Mystery:
    """A student's hidden synapse, with a new signed log."""
    chosen = level_of(level)
    synapse = hidden(chosen, seed_of(secret, student, assignment))
    first = _first(chosen, synapse.attempt, signed=True) | {"student": student, "assignment": assignment, "mark": log.MARKED}
    return _started(first, path, secret, synapse)


def _first(level: Level, attempt: int, signed: bool) -> log.Record:
    return {"kind": "new", "schema": log.SCHEMA, "version": VERSION, "level": level.number, "attempt": attempt, "signed": signed}


def _started(first: log.Record, path: Path | None, secret: bytes | None, synapse: Synapse) -> Mystery:
    made = Mystery([first], path, secret, synapse)
    if path is not None:
        log.write([first], path, secret)
    return made


def opened(path: str | Path, secret: bytes | None = None) -> Mystery:
    """The hidden synapse of a log.

    Raises
    ------
    FormatError, StorageError
    """
    records = log.read(path, secret)
    check_records(records, str(path))
    return Mystery(records, Path(path), secret if records[0]["signed"] is True else None)


@takes_settings(Trial)
def do(hidden_synapse: Mystery, protocol: str, settings: Trial, **parameters: object) -> xr.Dataset:
    """Carry out an experiment on new cells, and write it into the log.

    Parameters
    ----------
    hidden_synapse : Mystery
    protocol : str
        A protocol of the library.
    **parameters
        Parameters of the protocol.

    Returns
    -------
    xarray.Dataset
        Over ``condition`` and ``cell``: mean EPSP before and after in mV, and their ratio; NaN where the cell was lost.

    Raises
    ------
    ScheduleError
        For what cannot be done, or costs more than what is left; then nothing is done and nothing is written.
    """
    return _done(hidden_synapse, protocol, settings, parameters)


def do_as_asked(hidden_synapse: Mystery, protocol: object, settings: Mapping[str, object], parameters: Mapping[str, object]) -> log.Record:
    """The same from words of a command line or a message; settings that are not given have their defaults.

    Raises
    ------
    SpikehebError
    """
    given = {name: settings[name] for name in declared(Trial) if settings.get(name) is not None}
    values = {name: each.convert(given.get(name, each.default)) for name, each in declared(Trial).items()}
    _done(hidden_synapse, protocol, Trial(**values), parameters)
    return hidden_synapse.records[-1]


def _done(hidden_synapse: Mystery, protocol: object, settings: Trial, parameters: Mapping[str, object]) -> xr.Dataset:
    if hidden_synapse.answered:
        raise ScheduleError("the answer was given, so that no further experiment can be done")
    record = experiment(hidden_synapse.synapse, hidden_synapse.records, protocol, settings, parameters)
    hidden_synapse.add(record)
    return as_dataset(record)


def answer(hidden_synapse: Mystery, probabilities: Mapping[str, float], parameters: Mapping[str, object] | None = None) -> None:
    """Give the answer, after which no experiment can be done.

    Parameters
    ----------
    hidden_synapse : Mystery
    probabilities : mapping of str to float
        For rules by name, ``{"pair:additive": 0.7, "triplet:hippocampus_all_min": 0.2}``; what is left is shared among the others.
    parameters : mapping, optional
        Parameters of the most probable rule; the others have their published values.

    Raises
    ------
    ScheduleError, UnknownName, UnitError
    """
    if hidden_synapse.answered:
        raise ScheduleError("the answer was already given")
    hidden_synapse.add(answer_of(hidden_synapse.level, probabilities, parameters or {}))


def replayed(records: Sequence[log.Record], secret: bytes | None = None) -> list[log.Record]:
    """The records that the same requests give again.

    Raises
    ------
    SpikehebError
    """
    again = Mystery([dict(records[0])], None, secret)
    again.synapse  # noqa: B018  # it is drawn before anything is asked of it
    for record in records[1:]:
        if record["kind"] == "do":
            do_as_asked(again, record["protocol"], record, record["parameters"])
        else:
            answer(again, record["probabilities"], record["parameters"])
    return again.records
