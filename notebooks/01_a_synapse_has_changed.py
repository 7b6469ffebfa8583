# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   spikeheb:
#     seconds: 5
# ---

# %% [markdown]
# # 1. What does it mean that a synapse has changed?
#
# **You learn** what an electrophysiologist measures before and after an induction, how many sweeps a number needs, when a recording must be
# thrown away, and what a changed EPSP says about the weight of the synapse.
#
# **You need** mean, standard deviation and standard error; a function in Python.
#
# **Time** 45 minutes.
#
# In a model a synapse has a weight. Nobody has ever seen a weight. What is measured is the EPSP: how far the membrane
# potential of the postsynaptic cell rises after one presynaptic spike. It is different at every sweep. "The synapse is potentiated" is a
# statement about means of many sweeps, before and after.

# %%
import matplotlib.pyplot as plt
import numpy as np

import spikeheb as sh
from spikeheb.measure.course import per_minute

me = sh.course.seed("Ada Lovelace")  # your own name here: your numbers differ from your neighbour's

# %% [markdown]
# ## Predict: how many sweeps?
#
# A synapse between two pyramidal cells gives EPSPs of 1.5 mV on average. From sweep to sweep they vary with a standard deviation of 0.6 mV,
# so their coefficient of variation is 0.4: the synapse releases its few vesicles at random.

# %% nbgrader={"grade": false, "grade_id": "predict-sweeps", "locked": false, "schema_version": 3, "solution": true, "task": false}
# How many sweeps do you average until the standard error of the mean is 5 % of the mean? Write
# mine = a number.
### BEGIN SOLUTION
mine = 20
### END SOLUTION
sh.course.predict("sweeps", mine)

# %%
rng = me.rng("sweeps")
CV = 0.4
sweeps = 1.5 * rng.gamma(1 / CV**2, CV**2, 200)
n = np.arange(1, 201)
running = np.cumsum(sweeps) / n
fig, ax = plt.subplots()
ax.plot(n, sweeps, ".", color="0.7", label="single sweeps")
ax.plot(n, running, label="mean of the sweeps so far")
ax.fill_between(n, 1.5 - 0.6 / np.sqrt(n), 1.5 + 0.6 / np.sqrt(n), alpha=0.2, label="true mean ± standard error")
ax.axvline(64, color="0.5", linestyle=":")
ax.set(xlabel="sweeps", ylabel="EPSP (mV)", title="One sweep says nothing: 64 give the mean to 5 %", ylim=(0, 3))
_ = ax.legend()
sh.course.reveal("sweeps", (0.4 / 0.05) ** 2, unit="sweeps")

# %% [markdown]
# At one test pulse every 10 s this is more than ten minutes. That is why baselines last ten minutes or more.
#
# ## Check 1.1: your own cell
#
# The error falls with the square root of the number of sweeps. Here is another cell, and another wish.

# %%
cv = me.between("cv", 0.2, 0.6, step=0.05)
precision = me.choice("precision", [0.02, 0.04, 0.1])
print(f"Coefficient of variation {cv:.2f}; the standard error shall be {precision:g} of the mean.")

# %% nbgrader={"grade": false, "grade_id": "answer-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write sweeps_needed = ... (rounded up to whole sweeps or not: both count)
### BEGIN SOLUTION
sweeps_needed = (cv / precision) ** 2
### END SOLUTION
sh.course.check(
    "1.1",
    sweeps_needed,
    expected=np.square(cv / precision),
    within=0.02,
    absolute=1,
    mistakes={
        "The error falls with the square root of the number of sweeps, not with the number itself.": cv / precision,
        "The precision is squared, too.": cv**2 / precision,
        "This is the number for 5 %. Here is another wish.": np.square(cv / 0.05),
        "Take both as a share of the mean, not in mV.": np.square(1.5 * cv / precision),
    },
)

# %% [markdown]
# ## See: an experiment
#
# Sjöström, Turrigiano and Nelson (2001) paired spikes in two connected pyramidal cells, the presynaptic one first by 10 ms, at 40 Hz.
# We do the same with a rule that was fitted to their data. The laboratory gives a test pulse every 10 s for ten minutes, then the
# induction, then test pulses for forty minutes. A simulated synapse is perfectly reliable, so we add the variation of a real one.


# %%
def experiment():
    """Minutes from the end of the induction, and EPSPs in mV."""
    data = sh.run("sjostrom_2001", "triplet:visual_cortex_nearest_min", series="frequency")
    chosen = data.isel(condition=int(np.flatnonzero((data.frequency == 40) & (data.delta_t > 0))[0]))
    return [chosen.minutes.values.round(4).tolist(), (1e3 * chosen.epsp.values).round(6).tolist()]


minutes, reliable = np.array(sh.course.long_run("01_a_synapse_has_changed", "experiment", experiment))
measured = sh.protocol("sjostrom_2001").published.match({"frequency": 40.0, "delta_t": 0.01, "series": "frequency"}, "frequency")[0]
epsp = reliable * me.rng("variation").gamma(1 / CV**2, CV**2, minutes.size)
means = per_minute(minutes, epsp)
before = float(epsp[minutes < 0].mean())

fig, ax = plt.subplots()
ax.plot(minutes, epsp, ".", color="0.8", label="single sweeps")
ax.errorbar(means.minutes, means.mean, means.sem, fmt="o", label="means of a minute ± SEM")
ax.axhline(before, color="0.6", linestyle="--", label="mean of the baseline")
ax.errorbar([42], [measured.ratio * before], [measured.sem * before], fmt="s", color="C3", capsize=4, label="measured, mean of cells ± SEM")
ax.axvline(0, color="0.6")
ax.set(xlabel="minutes from the end of the induction", ylabel="EPSP (mV)", title="LTP is a difference of two means")
_ = ax.legend(loc="upper left")

# %% [markdown]
# (The square was measured in other cells. It is drawn beside the curve, at no time of its own.)
#
# The outcome is a **ratio**: the mean of minutes 20 to 40 after the induction, over the mean of the baseline. It has an error, and
# the error comes from *both* means.
#
# ## Check 1.2: the ratio and its error
#
# Write a function that takes the sweeps before and after, and gives the ratio and its standard error. The check repeats 400 experiments whose
# true ratio is known. With honest error bars, the truth lies within one standard error in about 68 % of them.


# %% nbgrader={"grade": false, "grade_id": "ratio-of", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ratio_of(before, after):
    """The pair (ratio, standard error of the ratio), from two arrays of EPSPs.

    For a quotient, the relative errors add as squares:
    (sem_ratio/ratio)**2 = (sem_before/before)**2 + (sem_after/after)**2.
    """
    ### BEGIN SOLUTION
    ratio = after.mean() / before.mean()
    errors = [values.std(ddof=1) / np.sqrt(values.size) / values.mean() for values in (before, after)]
    return ratio, ratio * np.hypot(*errors)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def wrong_errors(pairs):
    """For each typical mistake the errors that it may give, in all experiments."""
    means, deviations = (np.array([[f(values) for values in pair] for pair in pairs]).T for f in (np.mean, lambda v: np.std(v, ddof=1)))
    counts = np.array([[values.size for values in pair] for pair in pairs]).T
    ratio, sem = means[1] / means[0], deviations / np.sqrt(counts)
    relative = sem / means
    return {
        "This is the standard deviation (of single sweeps), and not the standard error of the mean.": [
            ratio * np.hypot(*(deviations / means))
        ],
        "Is this the relative error? Multiply it by the ratio.": [np.hypot(*relative)],
        "These are errors in mV. A relative error is divided by its mean.": [np.hypot(*sem), ratio * np.hypot(*sem)],
        "The relative errors were added as they are. They add as squares.": [ratio * relative.sum(axis=0), relative.sum(axis=0)],
        "The root of the sum of the squares is missing.": [ratio * np.square(relative).sum(axis=0), np.square(relative).sum(axis=0)],
        "This is the error of one mean alone. Both means have an error, and both count.": [*(ratio * relative), *relative],
        "Divide by the root of the number of sweeps, not by the number.": [ratio * np.hypot(*(relative / np.sqrt(counts)))],
    }


def experiments(draw):
    """400 experiments with one true ratio, and how the answers are judged."""
    rng, up = draw.rng("sweeps"), draw.choice("up", [True, False])
    true = draw.between("ratio", 1.25, 1.5) if up else draw.between("ratio", 0.6, 0.8)  # far from 1: mistakes differ from what is right
    size = (draw.integer("before", 50, 70), draw.integer("after", 80, 130))
    pairs = [tuple(mean * rng.gamma(6.25, 0.16, n) for mean, n in zip((1.5, 1.5 * true), size, strict=True)) for _ in range(400)]

    def accept(answers):
        try:
            ratios, errors = np.array(answers, dtype=float).T
        except (TypeError, ValueError):
            return "The function should return two numbers: ratio, error."
        if abs(ratios.mean() - 1 / true) < 0.03:
            return "Your ratio is before over after; after over before is asked for."
        if abs(ratios.mean() - (true - 1)) < 0.03:
            return "This is the change (after/before - 1); the ratio (after/before) is asked for."
        if abs(ratios.mean() / 100 - true) < 0.04:
            return "Your ratio is in per cent; a plain number is asked for."
        if not abs(ratios.mean() - true) <= 0.04:
            return "On average over 400 experiments your ratio is too " + ("small." if ratios.mean() < true else "large.")
        for text, errors_of in wrong_errors(pairs).items():
            if any(np.allclose(errors, wrong, rtol=0.02, atol=0) for wrong in errors_of):
                return text
        within = float(np.mean(np.abs(ratios - true) <= errors))
        if 0.6 <= within <= 0.76:
            return ""
        return f"The truth lies within your error in {within:.0%} of the experiments: it is too " + ("large." if within > 0.7 else "small.")

    return sh.course.Problem(given=(pairs,), accept=accept)


def ratios_of(pairs):
    return [ratio_of(before, after) for before, after in pairs]


sh.course.check("1.2", ratios_of, on=experiments, cases=3)

# %% [markdown]
# With your function, the outcome of the experiment in the figure:

# %%
ratio_here, error_here = ratio_of(epsp[minutes < 0], epsp[minutes >= 20])
print(f"this cell, with the error of its sweeps: {ratio_here:.2f} ± {error_here:.2f}")
print(f"measured, with the error between cells: {measured.ratio:.2f} ± {measured.sem:.2f}")

# %% [markdown]
# ## Check 1.3: throw a recording away
#
# If the EPSP grows or shrinks *before* the induction, nobody can say what the induction did. Write a test of the baseline: put a straight
# line through the sweeps. The cell drifts if the line changes by more than 20 % of the mean from the first to the last sweep, in either
# direction.


# %% nbgrader={"grade": false, "grade_id": "drifts", "locked": false, "schema_version": 3, "solution": true, "task": false}
def drifts(minutes, epsp):
    """True if the baseline drifts; `minutes` and `epsp` are arrays of the same length."""
    ### BEGIN SOLUTION
    slope, _ = np.polyfit(minutes, epsp, 1)
    return bool(abs(slope * (minutes[-1] - minutes[0])) > 0.2 * epsp.mean())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def baseline(draw):
    change = draw.choice("change", [-0.45, 0.0, 0.45])
    at = np.arange(120) / 6
    mean = draw.choice("mean", [0.3, 0.35, 4.0, 6.0]) * (1 + change * (at - at.mean()) / np.ptp(at))
    sweeps = mean * draw.rng("sweeps").gamma(44, 1 / 44, at.size)
    last = draw.between("start", 5, 20)
    in_mv = np.polyfit(at, sweeps, 1)[0] * np.ptp(at)
    mistakes = {
        "20 % of the mean is asked for: you compared the change in mV with 0.2.": bool(abs(in_mv) > 0.2),
        "Two single sweeps are no line.": bool(abs(sweeps[-1] - sweeps[0]) > 0.2 * sweeps.mean()),
        "Only growing baselines are thrown away: a shrinking one is as bad.": change > 0,
        "Only shrinking baselines are thrown away: a growing one is as bad.": change < 0,
        "It is the other way round: True means that the cell drifts.": change == 0,
        "It never says True. A slope is a change in one minute, and not from the first to the last sweep.": False,
    }
    return sh.course.Problem(given=(at - at[-1] - last, sweeps), expected=change != 0, mistakes=mistakes)


sh.course.check("1.3", drifts, on=baseline, cases=24)

# %% [markdown]
# ## See: twenty weights, one EPSP
#
# The same rule potentiates 1, 10 and 20 synapses at once, by the same 16 %. What does the EPSP do?

# %% nbgrader={"grade": false, "grade_id": "predict-epsp", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Twenty weights grow by 16.4 %. By how many per cent does their common EPSP of 12 mV grow?
# Write mine = a number.
### BEGIN SOLUTION
mine = 16.4
### END SOLUTION
sh.course.predict("epsp", mine)

# %%
copies = (1, 10, 20)
short = {"baseline": "3 s", "follow_up": "4 s", "test_interval": "1 s"}  # simulated cells are reliable: a few sweeps are enough


def growth():
    """For 1, 10 and 20 synapses the ratios of the weight and of the EPSP, and the EPSP before in
    mV.
    """
    sizes = [sh.run("pairing", "pair:multiplicative", delta_t="10 ms", copies=k, frequency="10 Hz", **short) for k in copies]
    return [[float(size.efficacy_ratio[0]), float(size.epsp_ratio[0]), 1e3 * float(size.epsp_before[0])] for size in sizes]


ratio_of_weight, ratio_of_epsp, heights = np.array(sh.course.long_run("01_a_synapse_has_changed", "growth", growth)).T
growth_of_weight, growth_of_epsp = 100 * (ratio_of_weight - 1), 100 * (ratio_of_epsp - 1)
fig, ax = plt.subplots()
ax.plot(heights, growth_of_weight, "o-", label="weight")
ax.plot(heights, growth_of_epsp, "s-", label="EPSP")
ax.set(xlabel="EPSP before (mV)", ylabel="growth (%)", title="A large EPSP grows by less than its weights", ylim=(0, 20))
_ = ax.legend()
sh.course.reveal("epsp", growth_of_epsp[-1], unit="%")

# %% [markdown]
# 16.4 % in the weights are 14.4 % in the EPSP of 12 mV. A large EPSP brings the membrane nearer to the potential at which the current
# reverses, and the membrane leaks more: it saturates. Small EPSPs follow the weight closely. **The weight is inferred, the EPSP is measured.**
#
# ## See: firing more is not LTP
#
# "LTP means that the cell fires more" is often said. Here 35 inputs are tested together, in two cells, and plasticity is switched off. The second cell
# has a lower threshold, as after a change of its *intrinsic* excitability.

# %%
thresholds = ("-50.4 mV", "-55 mV")
no_plasticity = sh.rule("pair", A_plus=0, A_minus=0)
fired, change = [], []
for threshold in thresholds:
    cell = sh.cell("l5_pyramidal", V_T=threshold)
    tested = sh.run("pairing", no_plasticity, delta_t="10 ms", pairs=1, copies=35, cell=cell, **short)
    fired.append(100 * float(tested.rejected.mean()))
    change.append(float(tested.efficacy_ratio[0]) - 1)
fig, ax = plt.subplots()
ax.bar([f"threshold {threshold}" for threshold in thresholds], fired)
_ = ax.set(ylabel="test pulses with a spike (%)", title="Same weights, other cell: it fires more without any LTP")

# %% [markdown]
# Excitability, inhibition and the other inputs decide whether a cell fires as well. (Sweeps with a spike are rejected by the laboratory:
# a spike hides the EPSP.) LTP is a property of the synapse, and is measured at the EPSP, below threshold.

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# A colleague shows one sweep before and one sweep after, 1.2 and 1.9 mV, and says "58 % LTP". What do you answer?
#
# ### BEGIN SOLUTION
# With a coefficient of variation of 0.4, two single sweeps differ by that much without any change of the synapse, so one needs the means of
# many sweeps, with their errors. The baseline must also have been stable, or the difference may be a drift that began before the induction.
#
# Rubric: 1 point: variation from sweep to sweep, so means of many sweeps and their errors. 1 point: a stable baseline, or a control
# pathway. No point for "more cells are needed" alone.
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
assert abs(0.4 / np.sqrt(64) - 0.05) < 1e-12, "64 sweeps give the mean to 5 %"
ratio = reliable[minutes >= 20].mean() / reliable[minutes < 0].mean()
assert abs(ratio - measured.ratio) < measured.sem, "the simulated ratio lies within the standard error of the measured one"
assert growth_of_epsp[-1] < growth_of_weight[-1] - 1 and abs(growth_of_epsp[0] - growth_of_weight[0]) < 0.5, "large EPSPs saturate"
assert fired[1] > fired[0] and change == [0, 0], "a cell fires more although no weight changed"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, and the two sentences.
#
# **What goes wrong**
#
# - The prediction of sweeps is nearly always too small; 10 and 20 are common. Let students read off the figure how far their mean was from
#   1.5 mV after so many sweeps.
# - In 1.2 the standard deviation is given as the error, or the error of the baseline is forgotten. The check says which of the
#   two, and whether relative errors were added as they should be.
# - In 1.3 some test the first sweep against the last, others compare millivolts with 0.2, or only look for growth. The check says which.
# - "The EPSP grows by 16 %, of course": the figure of saturation surprises everybody. Ask what happens at 40 mV.
#
# **To discuss** Would you rather have a cell that is recorded for two hours, or six cells for twenty minutes? (Notebook 10.)
