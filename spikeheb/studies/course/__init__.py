"""The course: values that differ for each student, predictions, and checks that say what kind of mistake was made.

A notebook uses these names. ::

    import numpy as np
    import spikeheb as sh

    me = sh.course.seed("Ada Lovelace")                       # values of one's own: the same name gives the same values
    tau = me.between("tau", "10 ms", "30 ms", step="1 ms")    # SI, so 0.017; also me.integer, me.choice and me.rng

    sh.course.predict("tau", "20 ms")                         # typed in before the result is shown; never graded
    sh.course.reveal("tau", tau, unit="s")                    # prints the prediction beside the result

    sh.course.long_run("02_name", "fit", compute)             # computes; without a compiler, reads what was computed and stored

    sh.course.check("2.1", -1.7e-3, expected=1.7e-3, unit="s")      # a value: prints; the sign of delta_t is recognised

    def problem(draw):                                        # makes one case; `draw` is a fresh `Seed`
        tau = draw.between("tau", "10 ms", "40 ms")
        times = np.linspace(0.001, 0.06, 30)
        return sh.course.Problem(
            given=(times, 0.5*np.exp(-times/tau)),            # the arguments of the student's function
            expected=tau,                                     # known because the case was made from it: no solution stands here
            mistakes={"the rate was returned": 1/tau},        # what typical mistakes give; a known name or a sentence
        )

    sh.course.check("2.2", my_function, on=problem, within=0.02, unit="s")    # graded: fresh cases, raises CheckFailed

A check of a value prints what is wrong, and gives the expected value after three tries. A check with ``on`` takes the student's
function and is graded: it never shows the expected value, and a number typed back earns nothing. Both recognise the kind of mistake
from the wrong value: those that the problem names, and then the general ones (`spikeheb.studies.course.mistakes.GENERAL`). What the
student wrote runs under a timeout. The student's machine and the teacher's run the same code, and nothing is hidden.

How a notebook is written, such as that its title ends in a question mark and that no solution stands in its own prompt, is said in
`spikeheb.studies.course.notebooks`.

The variable ``SPIKEHEB_COURSE_SEED`` fixes the fresh cases, so that a run can be repeated.
"""

from __future__ import annotations

from spikeheb.studies.course.checks import CheckFailed, Problem, check
from spikeheb.studies.course.mistakes import Mistake
from spikeheb.studies.course.predictions import predict, predicted, reveal
from spikeheb.studies.course.resources import affordable, data_file, has_compiler, long_run
from spikeheb.studies.course.seeds import Seed, seed

__all__ = [
    "CheckFailed",
    "Mistake",
    "Problem",
    "Seed",
    "affordable",
    "check",
    "data_file",
    "has_compiler",
    "long_run",
    "predict",
    "predicted",
    "reveal",
    "seed",
]
