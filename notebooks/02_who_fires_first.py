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
#     seconds: 6
# ---

# %% [markdown]
# # 2. Who fires first?
#
# **You learn** to read and to measure an STDP window: its sign, its time constants, what happens at a tie, and what a delay does.
#
# **You need** notebook 1, exponentials, and a function in Python.
#
# **Time** 45 minutes.
#
# Hebb is often quoted as "cells that fire together wire together". He did not write that. He wrote that cell A must *take part in firing*
# cell B (Hebb 1949), so A has to be a little earlier. In this notebook you see that the order of two spikes, 10 ms apart, decides whether
# a synapse grows or shrinks.
#
# One convention holds everywhere in this course: **delta_t = t_post - t_pre**. It is positive where the presynaptic spike comes first.

# %%
import matplotlib.pyplot as plt
import numpy as np

import spikeheb as sh

me = sh.course.seed("Ada Lovelace")  # your own name here: your numbers differ from your neighbour's

# %% [markdown]
# ## See: the order decides
#
# A synapse with the simplest timing rule (`pair`) gets 60 pairs of spikes, one pair each second. Each point of the curve is an experiment
# of its own with another delta_t.

# %%
window = sh.window("pair", np.r_[np.arange(-60, 0, 2), np.arange(2, 61, 2)] / 1000, pairs=60, frequency="1 Hz")
ax = sh.plot(window)
_ = ax.set_title("Pre before post strengthens, post before pre weakens")

# %% [markdown]
# The curve jumps at zero: 2 ms before it the synapse loses about half of its weight, 2 ms after it, it gains as much. Between the two lies
# the tie: both spikes in the very same time step.

# %% nbgrader={"grade": false, "grade_id": "predict-tie", "locked": false, "schema_version": 3, "solution": true, "task": false}
# What does a rule do when both spikes fall together exactly? Write mine = "up", "down",
# "nothing" or "it depends".
### BEGIN SOLUTION
mine = "it depends"
### END SOLUTION
sh.course.predict("tie", mine, among=("up", "down", "nothing", "it depends"))

# %%
policies = ("pre_first", "post_first", "discard")
at_tie = {name: float(sh.window(sh.rule("pair", coincidence=name), [0.0]).change[0]) for name in policies}
sh.course.reveal("tie", "it depends: " + ", ".join(f"{name} {100 * change:+.0f} %" for name, change in at_tie.items()))

# %% [markdown]
# The default of this laboratory is `pre_first`; `discard` leaves the pair out. All three are the same equations. A tie has no meaning in them: the author of a program decides, often without knowing it, which
# of the two spikes is handled first. In a real synapse there is no exact tie. **"Firing together" is not what the rule rewards:**
# it rewards the cause that comes just before its effect.
#
# ## Check 2.1: your own delta_t

# %%
t_pre = me.between("t_pre", "100 ms", "140 ms", step="1 ms")
gap = me.between("gap", "-40 ms", "40 ms", step="3 ms")
t_post = t_pre + gap
print(f"The presynaptic spike is at {t_pre:.3f} s, the postsynaptic one at {t_post:.3f} s.")

# %% nbgrader={"grade": false, "grade_id": "answer-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write delta_t = ... in seconds.
### BEGIN SOLUTION
delta_t = t_post - t_pre
### END SOLUTION
sh.course.check("2.1", delta_t, expected=gap, unit="s")

# %% [markdown]
# ## Check 2.2: read a paper that counts the other way
#
# Several papers plot the change against t_pre - t_post, in ms. Write a function that turns the axis of such a figure into ours.


# %% nbgrader={"grade": false, "grade_id": "our-delta-t", "locked": false, "schema_version": 3, "solution": true, "task": false}
def our_delta_t(theirs):
    """delta_t = t_post - t_pre in seconds, from an array of t_pre - t_post in milliseconds."""
    ### BEGIN SOLUTION
    return -theirs / 1000
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def axis(draw):
    ours = draw.rng("axis").uniform(-0.08, 0.08, 12)
    mistakes = {
        "To get seconds, divide by 1000.": 1e6 * ours,
        "To get seconds, divide by 1000. The sign is wrong, too.": -1e6 * ours,
        "The sign is lost: some values are negative.": np.abs(ours),
        "The sign is lost, and these are milliseconds.": 1000 * np.abs(ours),
    }
    return sh.course.Problem((-1000 * ours,), ours, mistakes)


sh.course.check("2.2", our_delta_t, on=axis, unit="s")

# %% [markdown]
# ## See: the window is no law of nature
#
# Here is the same experiment (single spikes, or the calmest protocol of the paper) as it was measured at other synapses.
# Each pair of points is one kind of synapse, with its standard error. The line only joins what belongs together: between its ends nothing was
# measured. (The first synapse has its negative point at -15 ms, the others at -10 ms.)

# %%
sources = {
    "rodriguez_moreno_2008": ("L4 to L2/3 (Rodríguez-Moreno & Paulsen)", {}),
    "nevian_sakmann_2006": ("L2/3 (Nevian & Sakmann)", {"pattern": "1 AP"}),
    "zilberter_2009": ("L2/3 (Zilberter et al.)", {"frequency": 0.2}),
}
fig, ax = plt.subplots()
for name, (label, condition) in sources.items():
    rows = [row for row in sh.protocol(name).published.rows if all(row.condition[key] == value for key, value in condition.items())]
    rows.sort(key=lambda row: row.condition["delta_t"])
    ax.errorbar(
        [1e3 * row.condition["delta_t"] for row in rows],
        [row.ratio for row in rows],
        [row.sem for row in rows],
        marker="o",
        linestyle=":",
        label=label,
    )
ax.axhline(1, color="0.7")
ax.axvline(0, color="0.7")
ax.set(xlabel="delta_t = t_post - t_pre (ms)", ylabel="EPSP after / before", title="Three synapses, three windows")
_ = ax.legend()

# %% [markdown]
# At one synapse the order decides as in our rule. At the second, pairs of single spikes hardly potentiate at all. At the third, both orders depress.
# A window is a result *of one preparation, with one protocol*. Whenever you read "the STDP window", ask: where, and with how many spikes?
#
# ## Predict: a delay
#
# The presynaptic spike needs 5 ms to travel along its axon to the synapse.

# %% nbgrader={"grade": false, "grade_id": "predict-delay", "locked": false, "schema_version": 3, "solution": true, "task": false}
# At which delta_t (in ms, as the spikes leave the cells) does the curve now jump? Write mine =
# a number; the sign counts.
### BEGIN SOLUTION
mine = 5
### END SOLUTION
sh.course.predict("jump", mine)

# %%
fine = (np.arange(-60, 60) + 0.5) / 1000
without = sh.window("pair", fine)
delayed = sh.window(sh.rule("pair", axonal_delay="5 ms"), fine)
k = int(np.argmax(np.diff(delayed.change.values)))
jump = float(fine[k] + fine[k + 1]) / 2
ax = sh.plot(without, label="no delay")
for part, label in ((fine < jump, "axonal delay of 5 ms"), (fine > jump, "_")):  # both lines are broken where they jump
    ax.plot(1e3 * fine[part], delayed.change.values[part], "--", color="C1", label=label)
ax.set_title("A delay moves the window, and its jump")
_ = ax.legend()
sh.course.reveal("jump", 1000 * jump, unit="ms")

# %% [markdown]
# The synapse only knows when the spikes arrive *there*. A presynaptic spike that leaves its cell 3 ms before the postsynaptic one
# arrives 2 ms after it, so the pair depresses. (A delay of the postsynaptic spike on its way back into the dendrite does the opposite.)
#
# ## Check 2.3: find the delay
#
# Write a function that finds the axonal delay from a measured window. The window has a value every millisecond, and its values
# scatter a little, as measured ones do. The answer must be right to 0.6 ms.


# %% nbgrader={"grade": false, "grade_id": "delay-of", "locked": false, "schema_version": 3, "solution": true, "task": false}
def delay_of(delta_t, change):
    """The axonal delay in seconds; `delta_t` (s, rising) and `change` are arrays of the same
    length.
    """
    ### BEGIN SOLUTION
    k = np.argmax(np.diff(change))
    return (delta_t[k] + delta_t[k + 1]) / 2
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def delayed_window(draw):
    delay = draw.between("delay", "2 ms", "12 ms", step="1 ms")
    data = sh.window(sh.rule("pair", axonal_delay=delay, tau_minus=draw.between("tau", "15 ms", "40 ms")), fine)
    change = data.change.values + 0.05 * draw.rng("scatter").standard_normal(fine.size)
    mistakes = {
        "This is where LTD is deepest; the jump is what you look for.": fine[np.argmin(change)],
        "This is where LTP is largest; the jump is what you look for.": fine[np.argmax(change)],
        "This is where the change is smallest. Far from the jump the change is small, too.": fine[np.argmin(np.abs(change))],
        "This is the first positive value. Values scatter: one far from the jump may be positive.": fine[np.argmax(change > 0)],
        "This is the index of the jump, where its delta_t is asked for.": np.argmax(np.diff(change)),
    }
    return sh.course.Problem((fine, change), delay, mistakes)


sh.course.check("2.3", delay_of, on=delayed_window, within=0.0, absolute=0.0006, unit="s", cases=8)

# %% [markdown]
# ## Check 2.4: measure tau
#
# Each side of the window is an exponential, A exp(-|delta_t|/tau). Its time constant says how far apart two spikes may be and still
# belong together. Write a function that measures tau of the *potentiating* side to 2 %. (Its logarithm is a straight line.)


# %% nbgrader={"grade": false, "grade_id": "tau-plus-of", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tau_plus_of(delta_t, change):
    """The time constant of LTP in seconds, from arrays of delta_t (s) and of the change after 60
    pairs.
    """
    ### BEGIN SOLUTION
    side = delta_t > 0
    slope, _ = np.polyfit(delta_t[side], np.log(change[side]), 1)
    return -1 / slope
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
steps = np.r_[np.arange(-60, 0, 4), np.arange(4, 61, 4)] / 1000


def tau_of(times, values):
    return -1 / np.polyfit(times, np.log(values), 1)[0]


def own_window(draw):
    tau_plus = draw.between("tau_plus", "10 ms", "35 ms")
    tau_minus = tau_plus + draw.between("difference", "5 ms", "20 ms")
    change = sh.window(sh.rule("pair", tau_plus=tau_plus, tau_minus=tau_minus), steps).change.values
    ltp = steps > 0
    mistakes = {
        "This is the time constant of LTD: take the side on which the presynaptic spike comes first.": tau_minus,
        "This is the slope of the logarithm, a rate; tau is minus one over it.": -1 / tau_plus,
        "The logarithm falls, so its slope is negative: tau is minus one over it.": -tau_plus,
        "This is the other side, that of LTD, and its sign is wrong.": -tau_minus,
        "This logarithm is to the base 10. An exponential needs the natural one.": tau_plus * np.log(10),
        "This is the half-life, where the time to 1/e is asked for.": tau_plus * np.log(2),
        "This is a fit to log(1 + change). Take the logarithm of the change alone.": tau_of(steps[ltp], 1 + change[ltp]),
        "Both sides were fitted at once. They have different time constants.": tau_of(np.abs(steps), np.abs(change)),
    }
    return sh.course.Problem((steps, change), tau_plus, mistakes)


sh.course.check("2.4", tau_plus_of, on=own_window, within=0.02, unit="s")

# %% [markdown]
# ## See: the window that most models use
#
# Bi and Poo (1998) gave 60 pairs at 1 Hz to cells in culture. They fitted an exponential to each side, with the time
# constants 16.8 and 33.7 ms. The dots are their fit; the single connections, which scatter widely around it, are not drawn. With these
# constants, our rule draws the same curve.

# %%
fit = sh.protocol("bi_poo_1998").fitted[1]
rule = sh.rule("pair", tau_plus=fit.tau_plus, tau_minus=fit.tau_minus, A_plus=fit.A_plus / 120, A_minus=-fit.A_minus / 120)
data = sh.window(rule, steps, pairs=60)
ax = sh.plot(data, label="pair rule")
ax.plot(1e3 * steps, [fit.ratio(t) - 1 for t in steps], "o", color="C1", markersize=4, label="fit of Bi and Poo")
ax.set_title("Two exponentials describe the window of cultured cells")
_ = ax.legend()

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# Why is "cells that fire together wire together" a poor summary of this window? Use the words *order* and *cause*.
#
# ### BEGIN SOLUTION
# The order of the spikes decides the sign: a presynaptic spike just before the postsynaptic one, which it may have caused, strengthens the
# synapse, and the same two spikes in the other order weaken it. Firing exactly together is a tie that the rule leaves open.
#
# Rubric: 1 point: the sign depends on the order, with the right direction. 1 point: pre before post is what a cause looks like, or: a tie
# has no outcome of its own. No point for "the closer the stronger" alone.
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
assert window.change.sel(delta_t=0.01) > 0 > window.change.sel(delta_t=-0.01), "the order decides the sign"
assert at_tie["pre_first"] > 0 > at_tie["post_first"] and at_tie["discard"] == 0, "a tie is a choice"
assert abs(jump - 0.005) <= 0.0006, "an axonal delay of 5 ms moves the jump to 5 ms"
assert np.allclose(data.change, [fit.ratio(t) - 1 for t in steps], rtol=0.01), "two exponentials fit Bi and Poo's window"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, and the two sentences.
#
# **What goes wrong**
#
# - delta_t is counted as t_pre - t_post, from a textbook or another simulator. Checks 2.1 and 2.2 say so. Let students draw two spikes on a
#   time axis before they write code.
# - In 2.3 students look for the minimum instead of the jump, which the scatter moves, or give the delay a minus sign. Ask: which spike arrives late?
# - In 2.4 the logarithm of negative changes gives NaN; the check says that the answer is not a finite number.
# - "The tie must be zero, by symmetry" is a frequent prediction. The window is not symmetric, and the reveal shows three answers.
#
# **To discuss** Why do papers leave out points within 3 ms of zero (jitter of the EPSP's onset, definition of the spike's time)?
