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
#     seconds: 10
# ---

# %% [markdown]
# # 8. What stops the runaway?
#
# **You learn** why Hebbian learning runs away, what a sliding threshold (BCM), scaling and normalisation do against it, and how fast they must be.
#
# **You need** notebooks 6 and 7, and what the slope of a curve at a point means.
#
# **Time** 70 minutes.
#
# A synapse that helps to fire the cell grows. Then it helps more, and grows faster. This circle has no end in itself. In this notebook you switch
# it on, see a cell run away, and look for what stops it in time.

# %%
import matplotlib.pyplot as plt
import numpy as np

import spikeheb as sh

me = sh.course.seed("Ada Lovelace")  # your own name here: your numbers differ from your neighbour's

# %% [markdown]
# ## See: a threshold between LTD and LTP
#
# Sjöström, Turrigiano and Nelson (2001) let both cells fire at random, at the same rate. At low rates the synapse is depressed, at high rates
# potentiated. Bienenstock, Cooper and Munro (1982, BCM) had assumed just this: the weight changes as rate × (rate - threshold rate).

# %%
rows = sh.protocol("poisson").published.rows
measured = [
    np.array([value(row) for row in rows]) for value in (lambda row: row.condition["rate"], lambda row: row.ratio, lambda row: row.sem)
]
threshold = 35.0
rates = np.linspace(0, 55, 100)
scale = (measured[1][-1] - 1) / (50 * (50 - threshold))
fig, ax = plt.subplots()
ax.errorbar(measured[0], measured[1], measured[2], fmt="o", capsize=3, label="measured (Sjöström et al. 2001), ± SEM")
ax.plot(rates, 1 + scale * rates * (rates - threshold), "--", color="C1", label="1 + c · rate · (rate - 35 Hz), c from the last point")
ax.axhline(1, color="0.7")
ax.set(xlabel="rate of both cells (Hz)", ylabel="EPSP after / before", title="Below a threshold rate LTD, above it LTP", ylim=(0.4, 1.8))
_ = ax.legend(loc="upper left", fontsize="small")

# %% [markdown]
# The curve is no fit, and at 1 Hz it misses the point: there the real synapse is depressed more. What counts here is the change of sign.
#
# Now the circle is closed: a cell gets 200 inputs of 10 Hz, whose weights change by such a rule with a *fixed* threshold of 10 Hz. One
# cell starts with weights of 1.7 and fires at about half the threshold. The other starts with 1.9 and fires at nearly twice. No weight can
# exceed 10.

# %% nbgrader={"grade": false, "grade_id": "predict-runaway", "locked": false, "schema_version": 3, "solution": true, "task": false}
# At which rates (Hz) do the two cells fire after 20 minutes? Write mine = [rate of the first,
# rate of the second].
### BEGIN SOLUTION
mine = [10, 10]
### END SOLUTION
sh.course.predict("runaway", mine)


# %%
def one_cell(rule, start, seconds=1200, cells=1):
    """A cell with 200 inputs of 10 Hz and the weights `start`: rate and mean weight, every 10 s."""
    network = {
        "duration": f"{seconds} s",
        "seed": 1,
        "populations": {
            "inputs": {"sources": [{"kind": "poisson", "count": 200, "rate": "10 Hz"}]},
            "cell": {"count": cells, "cell": "song_2000"},
        },
        "projections": {
            "synapses": {
                "pre": "inputs", "post": "cell", "connect": "all_to_all", "receptor": "ampa", "rule": rule, "initial": {"w": start},
            }
        },
        "probes": {"snapshots": {"first": "10 s", "every": "10 s", "count": seconds // 10 - 1}, "trains": True},
    }  # fmt: skip
    data = sh.network(network)
    counts = np.histogram(data.cell_spike_time, np.arange(0, seconds + 1, 10))[0]
    return {
        "minutes": (np.arange(5, seconds, 10) / 60).round(3).tolist(),
        "rate": (counts / 10 / cells).round(2).tolist(),
        "weight": data.synapses_weight.values.mean(axis=1).round(4).tolist(),
    }


eta, rho_0 = 0.001, 10.0
fixed = sh.rule("bcm", interaction="fixed", eta=eta)
starts = (1.7, 1.9)
ends = sh.course.long_run("08_what_stops_the_runaway", "fixed", lambda: [one_cell(fixed, start) for start in starts])
fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(7, 5))
for end, start, style in zip(ends, starts, ("--", "-"), strict=True):
    top.plot(end["minutes"], np.maximum(end["rate"], 0.1), style, label=f"weights start at {start}")
    bottom.plot(end["minutes"], end["weight"], style)
top.axhline(rho_0, color="0.5", linestyle=":", label="threshold, 10 Hz")
top.set(yscale="log", ylabel="rate (Hz)", title="A fixed threshold: one cell runs away, the other dies")
top.legend()
bottom.axhline(10, color="0.7")
_ = bottom.set(xlabel="minutes", ylabel="mean weight", ylim=(0, 11))
last_rates = [float(np.mean(end["rate"][-12:])) for end in ends]
sh.course.reveal("runaway", last_rates, unit="Hz")

# %% [markdown]
# **"The bounds are the homeostasis" is wrong.** The bound of 10 stopped the *weights* here, but not the cell: it fires at almost 600 Hz,
# which no cell survives, and all its weights are equal, so that it has learned nothing. A bound says where the accident ends, not
# how to avoid it. And no bound helps the other cell, which falls silent.
#
# ## See: a threshold that slides
#
# BCM's idea: the threshold itself follows the cell. It is the square of the cell's mean rate, divided by a goal rate rho_0 = 10 Hz. A cell
# that has fired much gets a high threshold and depresses.
#
# ## Check 8.1: where is the threshold?

# %%
history = me.between("history", "4 Hz", "25 Hz", step="0.5 Hz")
print(f"Over the last minutes the cell has fired at {history:.1f} Hz on average. rho_0 is 10 Hz.")

# %% nbgrader={"grade": false, "grade_id": "answer-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# At which rate (Hz) does LTD turn into LTP now? Write threshold_now = ...
### BEGIN SOLUTION
threshold_now = history**2 / 10
### END SOLUTION
sh.course.check(
    "8.1",
    threshold_now,
    expected=history**2 / 10,
    unit="Hz",
    mistakes={
        "Divide the square by the goal rate.": history**2,
        "This is the mean rate; the threshold grows with its square.": history,
        "This is the goal rate: the threshold is there only if the cell fires at the goal.": 10.0,
        "Square first, then divide: the goal rate is not squared.": (history / 10) ** 2,
        "The mean rate is divided, but not squared.": history / 10,
        "This is a square root, and the goal rate is multiplied; square the mean rate and divide.": (10 * history) ** 0.5,
    },
)

# %% [markdown]
# ## Check 8.2: measure a threshold
#
# Write a function that finds the threshold rate from a measurement: at each postsynaptic rate, how much the weight has changed. (Mind
# that the change is 0 at a rate of 0 too.) The spike trains are random, so 8 % of error are allowed. The check measures rules with a fresh threshold each.


# %% nbgrader={"grade": false, "grade_id": "threshold-of", "locked": false, "schema_version": 3, "solution": true, "task": false}
def threshold_of(rates, changes):
    """The rate (Hz) at which the change turns from negative to positive; `rates` rises."""
    ### BEGIN SOLUTION
    k = np.flatnonzero(changes < 0)[-1]
    return rates[k] - changes[k] * (rates[k + 1] - rates[k]) / (changes[k + 1] - changes[k])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def bcm_curve(draw):
    rho, rng, seconds, lanes = draw.between("rho", 8, 25), draw.rng("spikes"), 200, 8
    rates = rho * np.array([0, 0.25, 0.5, 0.7, 0.88, 1.32, 1.5, 1.7])

    def train(rate):
        return np.sort(rng.choice(seconds * 10_000, round(rate * seconds), replace=False)) / 10_000

    rule = sh.rule("bcm", interaction="fixed", rho_0=f"{rho} Hz", bounds="none")
    post = [train(rate) for rate in rates for _ in range(lanes)]
    final = sh.replay(rule, [train(50) for _ in post], post, 0.0)["w"].values.reshape(rates.size, lanes).mean(axis=1)
    mistakes = {
        "At a rate of 0 nothing changes, but the change does not turn from negative to positive there.": 0.0,
        "This is where LTD is deepest, half of the threshold.": rates[np.argmin(final)],
        "This is the first measured rate with LTP; draw a line between it and the last one with LTD.": rates[5],
        "This is the last measured rate with LTD; draw a line between it and the first one with LTP.": rates[4],
        "This is the middle between two rates; the line between their changes crosses 0 nearer to the smaller change.": rates[4:6].mean(),
        "This is the number of a place in the array, not the rate that stands there.": np.argmax(final > 0),
        "This is the number of the last place with LTD, not a rate.": np.argmax(final > 0) - 1,
        "The threshold lies above all rates with LTD. This is their mean, or the zero of one straight line through all points.": rates[
            final < 0
        ].mean(),
    }
    return sh.course.Problem(given=(rates, final), expected=rho, mistakes=mistakes)


sh.course.check("8.2", threshold_of, on=bcm_curve, within=0.08, unit="Hz")

# %% [markdown]
# ## Predict: how fast must the threshold follow?
#
# The mean rate of the cell is averaged over a time tau. We start the second cell (weights of 1.9) again, with a sliding threshold and tau of 10 s,
# of 100 s and of 200 s.

# %% nbgrader={"grade": false, "grade_id": "predict-tau", "locked": false, "schema_version": 3, "solution": true, "task": false}
# What does the rate do with each? Write mine = three of "falls silent", "runs away", "settles",
# "swings". You may use the same one twice or three times.
### BEGIN SOLUTION
mine = ["settles", "settles", "settles"]
### END SOLUTION
sh.course.predict("tau", mine, among=("falls silent", "runs away", "settles", "swings"))

# %%
times = (10, 100, 200)


def sliding():
    return [one_cell(sh.rule("bcm", interaction="sliding", eta=eta, tau_z=f"{tau} s"), 1.9, 2400) for tau in times]


slid = sh.course.long_run("08_what_stops_the_runaway", "sliding", sliding)
fig, axes = plt.subplots(3, 1, sharex=True, figsize=(7, 6))
for ax, tau, run, colour in zip(axes, times, slid, ("C0", "C1", "C2"), strict=True):
    ax.plot(run["minutes"], np.maximum(run["rate"], 0.1), color=colour, label=f"tau = {tau} s")
    ax.axhline(rho_0, color="0.5", linestyle=":")
    ax.set(yscale="log", ylim=(0.08, 1000), ylabel="rate (Hz)")
    ax.legend(loc="upper right")
axes[0].set_title("Homeostasis that is too slow swings, or comes too late")
_ = axes[-1].set_xlabel("minutes")
highest = [max(run["rate"]) for run in slid]
late = [np.array(run["rate"][120:]) for run in slid]
fates = ["runs away" if top > 100 else "swings" if np.ptp(rate) > rho_0 else "settles" for top, rate in zip(highest, late, strict=True)]
sh.course.reveal(
    "tau", ", ".join(f"{fate}, then falls silent" if run["rate"][-1] == 0 else fate for fate, run in zip(fates, slid, strict=True))
)
print("Highest rate:", ", ".join(f"{rate:.0f} Hz with {tau} s" for rate, tau in zip(highest, times, strict=True)))

# %% [markdown]
# **"Homeostasis works at any speed" is wrong.** With 10 s the threshold follows at once, and the cell settles just below its goal. With 100 s the
# threshold lags behind: it is still low when the rate is high, and still high when the rate has fallen. The cell swings. With 200 s the cell
# has run away to hundreds of hertz before the threshold rises. Then all weights fall until the cell is silent, and without spikes nothing changes any more.
#
# In the plane of rate and threshold the same three courses look like this. The cell is at rest where the curve of the threshold, rate²/rho_0, meets the diagonal.

# %%
fig, ax = plt.subplots()
line = np.geomspace(0.5, 500, 100)
ax.plot(line, line, "-", color="0.6", label="threshold = rate: no change of the weights")
ax.plot(line, line**2 / rho_0, ":", color="0.3", label="where the threshold comes to rest")
for tau, run, style in zip(times, slid, ("C0-", "C1--", "C2-."), strict=True):
    rate, mean, following = np.array(run["rate"]), [], rho_0
    for value in rate:  # steps of 10 s
        following += (value - following) * (1 - np.exp(-10 / tau))
        mean.append(following)
    until = 240 if tau < 200 else 40
    x, y = np.maximum(rate, 0.5)[:until], np.square(mean)[:until] / rho_0
    ax.plot(x, y, style, linewidth=1, label=f"tau = {tau} s")
    ax.plot(x[0], y[0], style[:2] + "o", markersize=11 if tau == 100 else 7, zorder=2 if tau == 100 else 3)
    top = np.argmax(y)
    start, end = {10: (0, 4), 100: (84, 100), 200: (top - 2, top - 1)}[tau]
    ax.annotate("", (x[end], y[end]), (x[start], y[start]), arrowprops={"arrowstyle": "-|>", "color": style[:2], "mutation_scale": 16})
ax.plot([], [], "o", color="0.5", label="after 10 s (arrows: then)")
ax.set(xscale="log", yscale="log", xlabel="rate (Hz)", ylabel="threshold rate (Hz)", xlim=(0.5, 2000), ylim=(0.1, 2000))
ax.set_title("Right of the diagonal weights grow, left of it they shrink")
_ = ax.legend(fontsize="small", loc="lower right")

# %% [markdown]
# ## Where is the limit?
#
# Close to the goal a small excess of the rate grows at a rate lambda = slope · eta · nu_pre · tau_x · tau_y · rho_0, where *slope* says by how many hertz
# the cell speeds up for one unit of weight. A little algebra (linearise both equations; the sum of the eigenvalues is lambda - 1/tau) says:
#
# **The cell is stable if tau < 1/lambda. Homeostasis must be faster than the growth that it shall stop.**
#
# We measure the slope with frozen weights, and get the limit for this cell.

# %%
frozen = sh.rule("bcm", eta=0)
around = (1.7, 1.75, 1.8, 1.85)
at_goal = sh.course.long_run(
    "08_what_stops_the_runaway", "slope", lambda: [float(np.mean(one_cell(frozen, start, 200)["rate"])) for start in around]
)
slope = np.polyfit(around, at_goal, 1)[0]
growth = slope * eta * 10 * 0.02 * 0.1 * rho_0
print(f"{slope:.0f} Hz for one unit of weight, so lambda = {growth:.4f} /s, and tau must be below {1 / growth:.0f} s.")

# %% [markdown]
# ## Check 8.3: find the limit by experiment
#
# You get a cell as a function `course(tau)`. It gives times (s) and the rate (Hz) after a small push away from its goal of 10 Hz. Write a
# function that finds the longest tau (s) with which the cell still comes back, to 5 %. Try a tau, see whether the swings grow or shrink, and
# halve the interval; the limit lies between 1 s and 10000 s.


# %% nbgrader={"grade": false, "grade_id": "slowest", "locked": false, "schema_version": 3, "solution": true, "task": false}
def slowest_tau(course):
    """The longest stable tau in seconds."""
    ### BEGIN SOLUTION
    low, high = 1.0, 10_000.0
    while high / low > 1.01:
        tau = np.sqrt(low * high)
        _, rates = course(tau)
        size = np.abs(rates - 10)
        half = size.size // 2
        if size[half:].max() < size[:half].max():
            low = tau
        else:
            high = tau
    return np.sqrt(low * high)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def small_push(draw):
    rate_of_growth = draw.between("growth", 0.003, 0.1)

    def course(tau):
        """Times (s) and rates (Hz) after a push of 0.1 Hz, from the linear equations of rate and
        threshold.
        """
        matrix = np.array([[rate_of_growth, -2 * rate_of_growth], [1 / tau, -1 / tau]])
        values, vectors = np.linalg.eig(matrix.astype(complex))
        seconds = np.linspace(0, 100 / rate_of_growth, 2000)
        weights = np.linalg.solve(vectors, np.array([0.1, 0.0]))
        swings = np.exp(np.minimum(np.outer(seconds, values).real, 300) + 1j * np.outer(seconds, values).imag)
        return seconds, 10 + (swings * weights @ vectors[0]).real

    mistakes = {
        "This is lambda, a rate; the limit of tau is one over it.": rate_of_growth,
        "This is two limits: is the last tau a stable one?": 2 / rate_of_growth,
        "The halves are exchanged: where the swings grow, the limit is a shorter tau.": 10_000 if rate_of_growth > 0.01 else 1,
        "The upper half is taken although the swings grow: the limit is a shorter tau.": 10_000,
    }
    return sh.course.Problem(given=(course,), expected=1 / rate_of_growth, mistakes=mistakes)


sh.course.check("8.3", slowest_tau, on=small_push, within=0.05, unit="s")

# %% [markdown]
# ## How fast are real cells?
#
# Turrigiano and others (1998) silenced cultured cells for 48 hours: the EPSCs grew by about 92 %, all by the same factor (the number is quoted from memory and was not
# checked; the gain of the rule that we use is set by it). How long does this scaling need to let the weights grow e-fold?

# %% nbgrader={"grade": false, "grade_id": "predict-scaling", "locked": false, "schema_version": 3, "solution": true, "task": false}
# How many times longer is that than 1/lambda, in which the rate of our cell runs away e-fold?
# Write mine = a number.
### BEGIN SOLUTION
mine = 10
### END SOLUTION
sh.course.predict("scaling", mine)

# %%
scaling = sh.rule("scaling", set="turrigiano_1998")
hours = np.arange(0, 49, 8)
per_second = scaling.constants["beta"] * scaling.constants["a_goal"]
fig, ax = plt.subplots()
t = np.geomspace(10, 1e6, 200)
ax.plot(t, np.exp(np.minimum(growth * t, 3)), label="excess of our cell's rate, exp(lambda t)")
ax.plot(t, np.exp(per_second * t), "--", label="scaling of a silent cell")
ax.plot([48 * 3600], [1.92], "o", color="C1", label="measured after 48 h (Turrigiano et al. 1998)")
ax.set(xscale="log", xlabel="time (s)", ylabel="factor", ylim=(0.9, 4), title="Scaling is thousands of times slower than the runaway")
_ = ax.legend(fontsize="small", loc="upper center")
slower = growth / per_second
sh.course.reveal("scaling", slower)

# %% [markdown]
# So scaling as it was measured cannot hold a cell that learns within minutes. Something faster must: inhibition (notebook 9), a fast
# threshold, or weights that share a limited resource.
#
# ## See: normalisation is not harmless
#
# The fastest homeostasis keeps the sum of a cell's weights constant. There are two ways. **Divisive**: all weights are multiplied by one factor.
# **Subtractive**: the same amount is taken from each, and none falls below zero. Here 100 inputs fire at 5 to 25 Hz, and the weights change by pure LTP.

# %%
input_rates = np.linspace(5, 25, 100)
only_ltp = sh.rule("pair", A_minus=0, A_plus=0.002, bounds={"kind": "hard", "w_min": 0, "w_max": 10})


def both_ways():
    trains = sh.Inputs((sh.Poisson(input_rates),))
    return {
        how: (
            sh.weights(only_ltp, "song_2000", trains, "300 s", 1, unit="0.7 nS", w0=0.5, normalise=how, normalise_every="100 ms").weight.values[0, 0, 0]
            * 10 / 0.5
        ).round(3).tolist()
        for how in ("divisive", "subtractive")
    }  # fmt: skip


normalised = sh.course.long_run("08_what_stops_the_runaway", "normalised", both_ways)
fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, how, style in zip(axes, normalised, ("C0o", "C1s"), strict=True):
    ax.plot(input_rates, normalised[how], style, markersize=4)
    ax.axhline(1, color="0.7", label="at the start")
    ax.set(xlabel="rate of the input (Hz)", title=how)
    ax.set_ylim(0 if how == "divisive" else -0.5, None)
axes[0].set_ylabel("weight / weight at the start")
axes[1].set_ylabel("(mind the other scale)")
axes[0].legend()
_ = fig.suptitle("Same sum, other code: how one normalises decides what is learned")
dead = {how: float(np.mean(np.array(weights) < 0.01)) for how, weights in normalised.items()}
print("Share of weights at zero:", ", ".join(f"{how} {share:.0%}" for how, share in dead.items()))

# %% [markdown]
# **"Normalisation is harmless" is wrong.** The sum is the same. Yet after divisive normalisation the weights follow the rates of the inputs, and after subtractive
# normalisation a few inputs have everything.
#
# ## Check 8.4: write both
#
# Write a function that normalises weights to a given sum, in one of the two ways. Careful with subtractive: a weight that would become negative
# stays at zero, and the others must then give a little more, so that the sum comes out right.


# %% nbgrader={"grade": false, "grade_id": "normalise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def normalise(weights, total, how):
    """The weights with the sum `total`, which is smaller than their sum; `how` is "divisive" or
    "subtractive".
    """
    ### BEGIN SOLUTION
    if how == "divisive":
        return weights * total / weights.sum()
    low, high = 0.0, weights.max()
    for _ in range(100):
        amount = (low + high) / 2
        if np.maximum(weights - amount, 0).sum() > total:
            low = amount
        else:
            high = amount
    return np.maximum(weights - amount, 0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def too_much(draw):
    rng, how = draw.rng("weights"), draw.choice("how", ["divisive", "subtractive"])
    after = rng.uniform(0.1, 1, 5)
    if how == "divisive":
        before = after * draw.between("factor", 1.2, 3)
    else:
        amount = draw.between("amount", 0.2, 0.5)
        poor = rng.permutation(5)[:2]
        after[poor] = 0
        before = after + amount
        # one becomes negative when all give the same, the other only when the others give more
        before[poor] = amount * np.array([draw.between("poorest", 0.05, 0.5), draw.between("poor", 0.9, 0.96)])
    total = float(after.sum())
    share = (before.sum() - total) / 5
    cut = np.maximum(before - share, 0)
    twice = np.where(cut > 0, cut - (cut.sum() - total) / np.sum(cut > 0), 0)
    falling = np.sort(before)[::-1]
    subtracted = np.maximum(before - np.max((np.cumsum(falling) - total) / np.arange(1, 6)), 0)

    def wrong(divisive=after, subtractive=after):
        return divisive if how == "divisive" else subtractive

    mistakes = {
        "It divides in both ways; subtractive takes the same amount from each.": before * total / before.sum(),
        "It subtracts in both ways; divisive multiplies all weights by one factor.": subtracted,
        "Some weights are negative: the sum is right, but a synapse cannot change its sign.": wrong(subtractive=before - share),
        "Negative weights are set to zero, but then the sum is too large: the others must give more.": wrong(subtractive=cut),
        "Negative weights are set to zero and all is divided once more: that is no longer the same amount from each.": wrong(
            subtractive=cut * total / cut.sum()
        ),
        "After the second subtraction other weights are negative: repeat it until none is.": wrong(subtractive=twice),
        "The second subtraction makes other weights negative, and the sum is too large again: repeat it until it is right.": wrong(
            subtractive=np.maximum(twice, 0)
        ),
        "The whole excess is taken from each weight; together they should give it.": wrong(subtractive=np.maximum(before - 5 * share, 0)),
        "The whole excess is taken from each weight: some are negative, and the sum is wrong.": wrong(subtractive=before - 5 * share),
        "The sum should be `total`, and not 1.": wrong(divisive=before / before.sum()),
        "The sum should be `total` in both ways, and not 1.": after / total,
        "The weights are divided by `total`; multiply them by one factor, so that `total` is their sum.": wrong(divisive=before / total),
    }
    return sh.course.Problem(given=(before, total, how), expected=after, mistakes=mistakes)


sh.course.check("8.4", normalise, on=too_much, cases=10, within=1e-3, absolute=1e-6)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# A colleague says: "My model has an upper bound for the weights and synaptic scaling over days, so it is stable." What do you answer?
#
# ### BEGIN SOLUTION
# The bound stops the weights only after the cell has run away, when all of them are equal and the rate is far from any goal. Scaling over days is thousands of times slower
# than the growth of Hebbian learning, and a homeostasis that is slower than what it should stop swings or comes too late.
#
# Rubric: 1 point: a bound holds the weights and neither the rate nor what was learned. 1 point: homeostasis must be faster than the growth. No
# point for "scaling is homeostasis" alone.
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
assert last_rates[0] < 3 and last_rates[1] > 300, "with a fixed threshold one cell dies and the other runs away"
assert ends[1]["weight"][-1] > 9.9, "only the bound stops the weights"
assert fates == ["settles", "swings", "runs away"], "the slower the homeostasis, the worse"
assert 7 < late[0].mean() < 11, "with tau of 10 s the cell settles near its goal"
assert late[1].max() > 1.5 * rho_0 and late[1].min() < rho_0 / 2, "with 100 s it swings"
assert highest[2] > 200 and slid[2]["rate"][-1] == 0, "with 200 s it runs away, then falls silent"
assert 60 < 1 / growth < 180, "the limit from the slope lies between the tau that settles and the one that fails"
assert slower > 1000, "scaling is more than a thousand times slower"
assert dead["divisive"] == 0 and dead["subtractive"] > 0.3, "subtractive normalisation silences inputs, divisive does not"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, and the two sentences.
#
# **What goes wrong**
#
# - Nearly everybody predicts that both cells come to 10 Hz, because "10 Hz is the threshold". Ask: a ball on a hill is also at rest.
# - In 8.1 the square is forgotten, or the division. Let students say what the unit would be.
# - In 8.2 the zero at a rate of 0 is found. Let them draw the curve first.
# - In 8.3 some wait for the rate to reach exactly 10 Hz. Compare the swings of the first and of the second half instead. Near the limit they neither grow nor shrink.
# - In 8.4 negative weights are cut off and the sum is then wrong. The check names each of the usual ways out.
# - With tau of 100 s the swings depend on chance, because a single cell fires few spikes. That is the point where the linear theory says "neither grow nor shrink".
#
# **Without a compiler** the simulations are read from `data/08_what_stops_the_runaway.json`, made from this notebook on another machine. The
# checks compute everything anew.
#
# **To discuss** Must homeostasis be fast *and* forget nothing? (A cell that always returns to one rate: where is what it has learned?)
