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
#     seconds: 8
# ---

# %% [markdown]
# # 10. Five cells: what can they say?
#
# **You learn** to read "1.20 ± 0.11 (n = 5)": what the ± is, what p < 0.05 says and what it does not say, how many cells a question
# needs, and which mean of ratios you look at.
#
# **You need** notebook 1, the mean and the standard deviation, and the idea of a t-test.
#
# **Time** 70 minutes.
#
# Most published points of plasticity rest on four to ten cells. Here you have what no laboratory has: cells whose true change you know. So you
# can repeat the same experiment ten thousand times, and see how often five cells tell the truth.

# %%
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

import spikeheb as sh

me = sh.course.seed("Ada Lovelace")  # your own name here: your numbers differ from your neighbour's

# %% [markdown]
# ## Predict: how often do five cells find a real effect?
#
# An induction potentiates this kind of synapse to 120 % on average; there is no doubt about it. Single cells differ, with a
# standard deviation (SD) of 0.25. You record five cells, and test with a t-test whether their mean differs from 1.

# %% nbgrader={"grade": false, "grade_id": "predict-power", "locked": false, "schema_version": 3, "solution": true, "task": false}
# In how many of 100 such experiments is p < 0.05? Write mine = a number.
### BEGIN SOLUTION
mine = 80
### END SOLUTION
sh.course.predict("power", mine)

# %%
rng = me.rng("experiments")


def p_values(true_ratio, sd, n, experiments=10_000):
    """Mean and p of the t-test against 1, of many experiments with n cells each."""
    cells = rng.normal(true_ratio, sd, (experiments, n))
    return cells.mean(axis=1), stats.ttest_1samp(cells, 1.0, axis=1).pvalue


def power(true_ratio, sd, n):
    """The share of experiments in which p < 0.05."""
    return float(np.mean(p_values(true_ratio, sd, n)[1] < 0.05))


means, p = p_values(1.2, 0.25, 5)
significant = p < 0.05
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for k in range(20):
    colour = "C3" if significant[k] else "0.6"
    left.plot([1, means[k]], [k, k], color=colour, linewidth=1)
    left.plot(means[k], k, "o", color=colour)
left.axvline(1, color="0.3")
left.axvline(1.2, color="C0", linestyle="--")
left.set(xlabel="mean ratio of 5 cells (red: p < 0.05)", ylabel="experiment", yticks=[], title="One truth (dashed), 20 experiments")
right.hist(p, bins=np.arange(0, 1.01, 0.05), color="0.7")
right.hist(p[significant], bins=np.arange(0, 1.01, 0.05), color="C3")
right.set(xlabel="p", ylabel="experiments of 10 000", title="p jumps from experiment to experiment")
sh.course.reveal("power", round(100 * float(significant.mean())), unit="of 100")

# %% [markdown]
# The effect is real in **every one** of these experiments, and most of them do not find it. So **"not significant" does not mean "no effect"**:
# it means that these cells cannot tell. The share of experiments that find an effect is called the *power*. Here it is about 28 %.
#
# Look at the red points once more. Only experiments that happened to come out large became significant:

# %%
exaggerated = float(means[significant].mean())
print(f"True ratio 1.20; mean of all experiments {means.mean():.2f}; mean of the significant ones {exaggerated:.2f}")

# %% [markdown]
# If only significant results are published, the published LTP is too large by about half (a change of 30 % instead of 20 %), although nobody
# cheated.
#
# ## See: what is behind the ±
#
# These are the means of this library's data sets for which the paper gives the number of cells and the standard error of the mean (SEM).
# From both follows the SD of the cells: SD = SEM times the square root of n.

# %%
papers = ["egger_1999", "markram_1997", "mishra_2016", "nevian_sakmann_2006", "sjostrom_2001", "sjostrom_hausser_2006", "wang_2005"]
rows = [row for name in papers for row in sh.protocol(name).published.rows if row.ratio and row.sem and row.n]
ratio, sem, n = (np.array([getattr(row, name) for row in rows]) for name in ("ratio", "sem", "n"))
sd = sem * np.sqrt(n)
fig, ax = plt.subplots()
ax.plot(ratio, sd, "o", label="SD: how much cells differ")
ax.plot(ratio, sem, ".", color="0.6", label="SEM: how well the mean is known")
ax.axvline(1, color="0.7")
ax.set(xlabel="mean ratio", ylabel="SD or SEM of the ratio", title="Cells differ far more than the error bars suggest")
_ = ax.legend()
print(f"{len(rows)} means; the median n is {int(np.median(n))} cells")
for low, high in ((0.9, 1.1), (1.1, 1.4), (1.4, 3.0)):
    print(f"Ratios from {low} to {high}: median SD {np.median(sd[(ratio >= low) & (ratio < high)]):.2f}")

# %% [markdown]
# **The SEM is not the spread.** The SD is a property of the cells and stays as it is when you record more of them; the SEM
# shrinks, because you know the mean better. A small error bar may hide cells that went up and cells that went down.
#
# The SD grows with the ratio. Our 0.25 is about that of ratios from 1.1 to 1.4.
#
# ## Check 10.1: the cells behind a published point

# %%
point = rows[me.integer("row", 0, len(rows) - 1)]
print(f"Published: {point.ratio:.2f} ± {point.sem:.3f} (SEM), n = {point.n} cells. What is the SD of the cells?")

# %% nbgrader={"grade": false, "grade_id": "answer-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write sd_of_cells = ...
### BEGIN SOLUTION
sd_of_cells = point.sem * np.sqrt(point.n)
### END SOLUTION
sh.course.check(
    "10.1",
    sd_of_cells,
    expected=np.hypot.reduce([point.sem] * int(point.n)),
    mistakes={
        "sem for sd": point.sem,
        "You divided once more: the SEM has already been divided by the square root of n.": point.sem / np.sqrt(point.n),
        "The error goes with the square root of n, not with n.": point.sem * point.n,
        "From SEM to SD it is the square root of n; n - 1 belongs in the SD from single cells.": point.sem * np.sqrt(point.n - 1),
    },
)

# %% [markdown]
# ## Predict: which mean?
#
# Real synapses start with different strengths. Two hundred cells get 60 pairs at +10 ms. Their rule potentiates a weak synapse by a larger
# *factor* than a strong one. One can average the ratio of each cell, or divide the mean EPSP after by the mean EPSP before.

# %% nbgrader={"grade": false, "grade_id": "predict-mean", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Which number is larger? Write mine = "mean of ratios", "ratio of means" or "the same".
### BEGIN SOLUTION
mine = "the same"
### END SOLUTION
sh.course.predict("mean", mine, among=("mean of ratios", "ratio of means", "the same"))


# %%
def slice_of_cells():
    """The weights of 200 cells before and after."""
    cells = sh.slice_of("pairing", "pair:multiplicative", n=200, delta_t="10 ms", test_pulses=False)
    return [cells[name].values[:, 0].round(9).tolist() for name in ("cell_efficacy_before", "cell_efficacy_end")]


before, after = np.array(sh.course.long_run("10_five_cells", "slice", slice_of_cells))
mean_of_ratios, ratio_of_means = float(np.mean(after / before)), float(after.mean() / before.mean())
fig, ax = plt.subplots()
ax.plot(before, after / before, ".", color="0.6", label="single cells")
ax.axhline(mean_of_ratios, color="C0", label=f"mean of the ratios: {mean_of_ratios:.2f}")
ax.axhline(ratio_of_means, color="C1", linestyle="--", label=f"ratio of the means: {ratio_of_means:.2f}")
ax.set(xlabel="weight before", ylabel="ratio after / before", title="Weak synapses grow more: two honest means differ")
_ = ax.legend()
sh.course.reveal("mean", "mean of ratios" if mean_of_ratios > ratio_of_means else "ratio of means")

# %% [markdown]
# **The ratio of the means is not the mean of the ratios.** In the ratio of the means, strong synapses count more; in the mean of the ratios, every cell
# counts the same. Papers on plasticity mostly normalise each cell to its own baseline, and so give the mean of the ratios. A paper must say
# which, and so must you.
#
# ## Check 10.2: the outcome of a slice
#
# Write a function that gives what such papers report: the mean of the cells' ratios, and its standard error *over cells*.


# %% nbgrader={"grade": false, "grade_id": "mean-and-sem", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_and_sem(before, after):
    """The pair (mean ratio, standard error of the mean), from arrays with one EPSP per cell."""
    ### BEGIN SOLUTION
    ratios = after / before
    return ratios.mean(), ratios.std(ddof=1) / np.sqrt(ratios.size)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def recorded_cells(draw):
    """Cells whose ratios were chosen so that their mean and SEM are known."""
    numbers, size = draw.rng("cells"), draw.integer("n", 5, 12)
    shape = numbers.standard_normal(size)
    shape = (shape - shape.mean()) / np.sqrt(np.sum((shape - shape.mean()) ** 2) / (size - 1))
    mean, spread = draw.between("mean", 1.1, 1.7), draw.between("spread", 0.1, 0.25)
    ratios, start = mean + spread * shape, numbers.uniform(0.5, 3.0, size)
    error = spread / np.sqrt(size)
    mistakes = {
        "ratio of means": [np.sum(ratios * start) / np.sum(start), error],
        "sd for sem": [mean, spread],
        "The error is a little too small: numpy's std divides by n; cells need n - 1, which is ddof=1.": [
            mean,
            error * np.sqrt((size - 1) / size),
        ],
        "numpy's std is an SD (with n, not n - 1); the standard error of the mean is asked for.": [
            mean,
            spread * np.sqrt((size - 1) / size),
        ],
        "Divide the SD by the square root of n, not by n.": [mean, spread / size],
        "Divide the SD by the square root of n, not by n; and the SD needs ddof=1.": [mean, spread * np.sqrt((size - 1) / size) / size],
        "n - 1 is in the SD already (ddof=1): divide by the square root of n.": [mean, spread / np.sqrt(size - 1)],
        "The first number is the change (after/before - 1); the ratio is asked for.": [mean - 1, error],
        "Before and after are exchanged in the ratio.": [np.mean(1 / ratios), np.std(1 / ratios, ddof=1) / np.sqrt(size)],
    }
    return sh.course.Problem((start, start * ratios), np.array([mean, error]), mistakes)


sh.course.check("10.2", mean_and_sem, on=recorded_cells, within=0.005)

# %% [markdown]
# ## See: which points can refuse a rule?
#
# A rule predicts a number. A published mean speaks against it only if the number lies outside the *confidence interval* of the mean:
# mean ± t times SEM, where t comes from Student's distribution with n - 1 degrees of freedom. For many cells t is 1.96. For few it is larger, as
# one must first learn the SD from the same few cells: 2.78 for five cells, and 4.30 for three.

# %%
data = sh.run("sjostrom_2001", "triplet:visual_cortex_nearest_min", series="frequency", test_pulses=False)
wide = stats.t.ppf(0.975, data.published_n.values - 1) * data.published_sem.values
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
for ax, delta_t in zip(axes, (0.01, -0.01), strict=True):
    chosen = data.delta_t.values == delta_t
    x, y = data.frequency.values[chosen], data.published_ratio.values[chosen]
    ax.errorbar(x, y, wide[chosen], fmt="none", color="0.7", capsize=3, label="95 % confidence interval")
    ax.errorbar(x, y, data.published_sem.values[chosen], fmt="o", color="C0", linewidth=3, label="mean ± SEM (Sjöström et al.)")
    ax.plot(x, data.efficacy_ratio.values[chosen], "s-", color="C1", markersize=4, label="triplet rule")
    for at, top, number in zip(x, y + wide[chosen], data.published_n.values[chosen], strict=True):
        ax.annotate(f"{number:.0f}", (at, top), ha="center", va="bottom", fontsize=8)
    ax.axhline(1, color="0.7", linewidth=1)
    ax.set(xlabel="frequency (Hz)", title=f"delta_t = {1e3 * delta_t:+.0f} ms (numbers: cells)", ylim=(0, 2.9))
fig.suptitle("Few cells, wide intervals: some points can refuse no rule")
axes[0].set_ylabel("EPSP after / before")
_ = axes[0].legend(loc="upper left", fontsize=8)

# %% [markdown]
# Look at -10 ms and 40 Hz: 1.56 ± 0.32, five cells. Its interval reaches from 0.67, which is LTD, to 2.45, which is more than a doubling, so this point can neither prove LTP
# (p is 0.16) nor refuse a rule that predicts 1.2. A rule that goes through a point which says so little has passed no test.
#
# ## Check 10.3: is the prediction compatible?
#
# Write a function that says whether a predicted ratio lies inside the 95 % confidence interval of a published mean. (`stats.t.ppf(0.975, df)` gives
# t.)


# %% nbgrader={"grade": false, "grade_id": "compatible", "locked": false, "schema_version": 3, "solution": true, "task": false}
def compatible(ratio, sem, n, predicted):
    """True if `predicted` lies inside the 95 % confidence interval of the mean `ratio` of n cells
    with the standard error `sem`.
    """
    ### BEGIN SOLUTION
    return bool(abs(predicted - ratio) <= stats.t.ppf(0.975, n - 1) * sem)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
student_t = {3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 9: 2.306, 12: 2.201}


def published_point(draw):
    size = draw.choice("n", list(student_t))
    t, root = student_t[size], np.sqrt(size)
    one_sided, wrong_df = stats.t.ppf(0.95, size - 1), stats.t.ppf(0.975, size)
    # half widths of right and wrong intervals, in SEM; the prediction lies between two of them
    widths = [0.0, *sorted([1.0, 1.96, t, one_sided, wrong_df, root, t / root, t * root]), 1.2 * t * root]
    between = [(low + high) / 2 for low, high in pairwise(widths) if high - low > 0.06]
    distance, side = draw.choice("distance", between), draw.choice("side", [-1, 1])
    mean, error = draw.between("ratio", 0.6, 1.9), draw.between("sem", 0.04, 0.25)
    predicted = mean + side * distance * error
    mistakes = {
        "It is the other way round: True means that the prediction is inside.": bool(distance > t),
        "You allow one SEM only: the true mean lies within one SEM in two of three experiments at best.": bool(distance <= 1),
        "Your interval is that of many cells (1.96 SEM), so it is too narrow for so few.": bool(distance <= 1.96),
        "This t leaves 5 % on one side (0.95); a 95 % interval leaves 2.5 % on each side: 0.975.": bool(distance <= one_sided),
        "The degrees of freedom are n - 1, not n.": bool(distance <= wrong_df),
        "Your interval is plus or minus the SD of the cells; the interval of the mean is asked for.": bool(distance <= root),
        "You divided by the square root of n again; the SEM has it already.": bool(distance <= t / root),
        "That is t times the SD of the cells; for the mean it is t times the SEM.": bool(distance <= t * root),
        "The absolute value is missing: a prediction may also lie below the interval.": bool(side * distance <= t),
        "The absolute value is missing: a prediction may also lie above the interval.": bool(-side * distance <= t),
        "This asks whether 1 lies in the interval; the question is whether the prediction does.": bool(abs(mean - 1) <= t * error),
    }
    return sh.course.Problem((mean, error, size, predicted), bool(distance < t), mistakes)


sh.course.check("10.3", compatible, on=published_point, cases=40)

# %% [markdown]
# ## Predict: how much is a p < 0.05 worth?
#
# A laboratory tries one hundred new drugs on the slice, one after the other, five cells each. Ten of them really change the ratio to 1.2; the
# others do nothing. SD of the cells 0.25 as before. Each drug with p < 0.05 becomes a paper.

# %% nbgrader={"grade": false, "grade_id": "predict-papers", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Of 100 such papers, how many are about a drug that really works? Write mine = a number.
### BEGIN SOLUTION
mine = 95
### END SOLUTION
sh.course.predict("papers", mine)

# %%
working, idle = 10 * power(1.2, 0.25, 5), 90 * power(1.0, 0.25, 5)
true_papers = 100 * working / (working + idle)
sizes = [5, 10, 20, 40]
passing = [10 * power(1.2, 0.25, size) for size in sizes]
fig, ax = plt.subplots()
ax.bar([str(size) for size in sizes], passing, color="C0", label="the drug works")
ax.bar([str(size) for size in sizes], [idle] * len(sizes), bottom=passing, color="0.7", label="the drug does nothing")
ax.set(xlabel="cells for each drug", ylabel="drugs with p < 0.05, of 100", title="With five cells, most significant results are false")
_ = ax.legend()
sh.course.reveal("papers", round(true_papers), unit="of 100")

# %% [markdown]
# **p < 0.05 does not mean "true with 95 % probability".** It means: if the drug did nothing, a result like this would come in 5 of 100
# experiments. How probable the drug's effect is depends also on the power, and on how many drugs do nothing. With
# more cells the false papers stay (about 4 or 5), and the true ones are no longer missed.
#
# ## Check 10.4: how many cells?
#
# Before you order animals, you compute how many cells your question needs. Write a function that gives the smallest number of cells with a power of
# 80 %. You may use `power(true_ratio, sd, n)` from above. It is a simulation, so one cell more or less is accepted where many are needed.


# %% nbgrader={"grade": false, "grade_id": "cells-needed", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cells_needed(true_ratio, sd):
    """The smallest n for which p < 0.05 in 80 % of the experiments with n cells."""
    ### BEGIN SOLUTION
    n = 2
    while power(true_ratio, sd, n) < 0.8:
        n += 1
    return n
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def planned(draw):
    true_ratio, spread = 1 + draw.choice("sign", [-1, 1]) * draw.between("change", 0.15, 0.4), draw.between("sd", 0.15, 0.35)
    numbers = draw.rng("cells")

    def share(n):
        cells = numbers.normal(true_ratio, spread, (20_000, n))
        return float(np.mean(stats.ttest_1samp(cells, 1.0, axis=1).pvalue < 0.05))

    for_many = (2.8 * spread / (true_ratio - 1)) ** 2  # with 1.96 + 0.84 for t, as if the SD were known

    def accept(n):
        if n is None:
            return "The function returns nothing: its last line should be `return` with the answer."
        if not isinstance(n, int | float | np.number) or isinstance(n, bool) or not np.isfinite(n) or n != int(n) or n < 2:
            return "The function should return a whole number of cells, 2 or more."
        if n > 500:
            return "So many cells are never needed here. Does your loop stop at the first n that is enough?"
        n, case = int(n), f"a true ratio of {true_ratio:.2f} and an SD of {spread:.2f}"
        slack = 0.015 + 0.01 * (n > 12)
        if share(n) < 0.8 - slack:
            formula, one_too_few = n in (int(for_many), int(np.ceil(for_many))), share(n + 1) >= 0.8
            hint = " That is too seldom."
            if formula and not one_too_few:
                hint = " Is this the formula for many cells? t is larger for few cells."
            elif one_too_few:
                hint = " Does the loop return the first n that is enough, or the one before it?"
                hint += " The formula for many cells gives this number as well: t is larger for few." if formula else ""
            return f"With {n} cells the power is {share(n):.0%} for {case}.{hint}"
        if n > 2 and share(n - 1) > 0.8 + slack:
            return f"With {n} cells the power is {share(n):.0%} for {case}; fewer cells are enough."
        return ""

    return sh.course.Problem((true_ratio, spread), accept=accept)


sh.course.check("10.4", cells_needed, on=planned, cases=4)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# "The drug blocks LTP: in control cells the ratio was 1.30 ± 0.11 (n = 6, p = 0.04), with the drug 1.22 ± 0.12 (n = 5, p = 0.14, not
# significant)." What is wrong with this conclusion, and what should the authors do?
#
# ### BEGIN SOLUTION
# That one group is significant and the other is not does not show a difference between the groups: 1.30 and 1.22 differ by less than one standard
# error, and five cells miss a real LTP of this size in most experiments. They should test the difference of the two
# groups itself, with as many cells as the power demands, and report its confidence interval.
#
# Rubric: 1 point: not significant is not "no effect" (or: significant against not significant is no test of a difference). 1 point:
# compare the two groups directly, or plan n by power. No point for "p is larger than 0.05" alone.
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
exact = (
    1 - stats.nct.cdf(stats.t.ppf(0.975, 4), 4, 0.2 / 0.25 * np.sqrt(5)) + stats.nct.cdf(-stats.t.ppf(0.975, 4), 4, 0.2 / 0.25 * np.sqrt(5))
)
assert abs(significant.mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / p.size), "five cells find the effect as often as theory says"
assert exact < 0.35, "most experiments with five cells miss an LTP of 20 %"
assert 1.25 < exaggerated < 1.35, "the significant ones exaggerate it, by about half"
assert np.median(sd) > 2 * np.median(sem), "the cells differ more than the error bars suggest"
assert mean_of_ratios > ratio_of_means + 0.02, "two honest means differ"
assert true_papers < 50, "p < 0.05 is no probability of 95 %"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, and the two sentences.
#
# **What goes wrong**
#
# - The power is predicted at 80 to 95 of 100, because students confuse it with 1 - 0.05. Let them count the red points of the 20.
# - In 10.1 the SEM is divided by the square root of n a second time. Ask: would your SD shrink if you recorded more cells?
# - In 10.2 `np.std` without `ddof=1` (the check says so), or the ratio of the means. Both numbers are honest; the question is what is reported.
# - In 10.3 1.96 or 2 is used for three cells. The check knows it from the wrong answers.
# - In 10.4 the formula for many cells, ((1.96 + 0.84) SD/change)², is about two cells too low, since t is larger for few cells.
#
# **To discuss** Is a pilot of three cells worth anything? (Yes: for the SD, and to see whether the protocol works. No: for the effect.)
