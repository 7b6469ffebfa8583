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
#     seconds: 12
# ---

# %% [markdown]
# # 6. Where do weights settle?
#
# **You learn** to read from the drift of a rule where its weights end, why the dependence of the changes on the weight matters more than
# the window, that a settled distribution is made of weights that never rest, and what a normalised weight stands for.
#
# **You need** notebooks 2 and 3, histograms, and a function in Python.
#
# **Time** 60 minutes.
#
# Sixty pairs change a weight by some per cent. A synapse in a brain gets pairs all day. So the interesting question about a rule is not what
# sixty pairs do but where all this *ends*. "Weights are kept between 0 and a maximum" sounds like a detail of the program. It is not.

# %%
import matplotlib.pyplot as plt
import numpy as np

import spikeheb as sh
from spikeheb.theory.constraint import prediction
from spikeheb.theory.drift import drift, fixed_points
from spikeheb.theory.measured_weights import epsp_density

me = sh.course.seed("Ada Lovelace")  # your own name here: your numbers differ from your neighbour's

# %% [markdown]
# ## Predict: two heaps or one?
#
# The four rules of this figure have the *same window*: LTP of A_plus exp(-delta_t/tau), LTD of A_minus exp(delta_t/tau), and LTD is 5 % stronger. They
# differ only in how a change depends on the weight w (between 0 and 1): LTP is multiplied by `(1 - w)**mu`, LTD by `w**mu`.
#
# - mu = 0 is called *additive*: every step has the same size, and at 0 and 1 it is cut off.
# - mu = 1 is called *multiplicative*: the nearer to a bound, the smaller the steps towards it.
#
# All get the same spikes: 400 inputs of 15 Hz onto a cell that fires by itself, for 25 minutes. All weights start at 0.5.

# %% nbgrader={"grade": false, "grade_id": "predict-heaps", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Which rules end with two heaps of weights, one near 0 and one near 1? Write mine = the list of
# their mu, out of 0, 0.02, 0.2, 1.
### BEGIN SOLUTION
mine = [0, 0.02]
### END SOLUTION
sh.course.predict("heaps", mine, among=(0, 0.02, 0.2, 1))

# %%
mus = (0, 0.02, 0.2, 1)


def rule_of(mu):
    """The pair rule with this dependence on the weight."""
    return sh.rule("pair", A_plus=0.02, A_minus=0.021, bounds={"kind": "power", "mu_plus": mu, "mu_minus": mu, "w_min": 0, "w_max": 1})


def driven_weights():
    """For each rule its 400 weights after 25 minutes."""
    rules, names = [rule_of(mu) for mu in mus], [f"mu={mu}" for mu in mus]
    driven = sh.weights(rules, duration="1500 s", inputs=sh.fan_in_inputs(400, 15.0), seeds=1, name=names)
    return driven.weight.values.reshape(len(mus), -1).round(6).tolist()


driven = np.array(sh.course.long_run("06_where_weights_settle", "driven", driven_weights))
fig, axes = plt.subplots(1, 4, figsize=(11, 3.2), sharey=True, layout="constrained")
share = {}  # of the weights in the lowest, the middle and the highest fifth
for ax, mu, weights in zip(axes, mus, driven, strict=True):
    ax.hist(weights, np.linspace(0, 1, 21), weights=np.full(weights.size, 100 / weights.size), color="C0")
    share[mu] = [float(np.mean((weights >= low) & (weights <= low + 0.2))) for low in (0, 0.4, 0.8)]
    ax.set(xlabel="weight", title=f"mu = {mu}")
axes[0].set_ylabel("weights (%)")
_ = fig.suptitle("Same window, same spikes, four outcomes: the dependence on the weight decides")
two_heaps = [mu for mu in mus if min(share[mu][0], share[mu][2]) > 1.3 * share[mu][1]]
sh.course.reveal("heaps", two_heaps)

# %% [markdown]
# **Bounds are no numerical detail: they decide what is stored.** All 400 inputs do the same here. With mu = 0 they part all the same, by chance, into winners and
# losers. With mu = 1 all have nearly the same weight. And two hundredths in an exponent are enough to remove the heaps.
#
# Which is right? Nobody sees weights, but Song and others (2005) measured the EPSPs of hundreds of connections between layer 5 cells.

# %%
x = np.linspace(0.02, 4, 400)  # strength over its mean
mean_epsp = float(np.trapezoid(epsp_density(np.linspace(1e-3, 30, 30000)) * np.linspace(1e-3, 30, 30000), np.linspace(1e-3, 30, 30000)))
fig, ax = plt.subplots()
for n, (label, color) in enumerate(((("mu = 0"), "C0"), (("mu = 1"), "C1"))):
    weights = driven[3 * n] / driven[3 * n].mean()
    bars, _ = np.histogram(weights, np.arange(0, 4, 0.1), density=True)
    beyond = f" (goes on up to {bars.max():.1f})" if bars.max() > 2.5 else ""
    ax.hist(weights, np.arange(0, 4, 0.1), density=True, histtype="stepfilled", alpha=0.5, color=color, label=label + beyond)
ax.plot(x, mean_epsp * epsp_density(mean_epsp * x), color="black", label="measured EPSPs (log-normal fit)")
ax.set(xlabel="strength / its mean", ylabel="density", ylim=(0, 2.5), title="Measured: one heap at small values, and a long tail")
_ = ax.legend()

# %% [markdown]
# Neither. Real strengths have no second heap, and they differ far more than with mu = 1. (Other rules of the library, such as
# `pair:log_stdp`, were made for the long tail.) Keep this figure in mind whenever somebody shows you two heaps.
#
# ## See: the drift says it
#
# To understand this, look at *one* weight under independent spikes on both sides. On average it moves with a speed that depends on where it
# is: its drift. Spikes of rates r and s make many pairs, at all delta_t, so that
#
# $$\text{drift} = r\,s\,[A_+\tau_+ (1-w)^\mu - A_-\tau_- w^\mu]$$
#
# Where the drift is zero, and leads back from both sides, weights gather. Where it leads into a bound, they gather there.

# %% nbgrader={"grade": false, "grade_id": "predict-swap", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Swap the dependence: LTP is multiplied by w, LTD by 1 - w (now A_minus = A_plus). Where do
# weights end? Write mine = one of "in the middle", "at 0", "at 1", "at both ends".
### BEGIN SOLUTION
mine = "in the middle"
### END SOLUTION
sh.course.predict("swap", mine, among=("in the middle", "at 0", "at 1", "at both ends"))

# %%
swapped = sh.rule("pair", A_plus=0.02, A_minus=0.02, bounds={"kind": "law", "F_plus": "w", "F_minus": "1 - w", "w_min": 0, "w_max": 1})
cases = {"additive (mu = 0)": rule_of(0), "multiplicative (mu = 1)": rule_of(1), "swapped": swapped}
minutes = sh.course.affordable("400 s", "60 s")
settled = sh.weights(list(cases.values()), duration=minutes, imposed="15 Hz", inputs=sh.fan_in_inputs(400, 15.0), seeds=1, name=list(cases))
w = np.linspace(0, 1, 201)
fig, axes = plt.subplots(2, 3, figsize=(10, 5), sharex=True, sharey="row", layout="constrained")
for column, (label, rule), weights in zip(axes.T, cases.items(), settled.weight.values[:, 0, 0], strict=True):
    speed = drift(rule, w, 15.0, 15.0)
    column[0].plot(w, 60 * speed, color="black")
    column[0].fill_between(w, 0, 60 * speed, where=speed > 0, color="C0", alpha=0.4, label="grows")
    column[0].fill_between(w, 0, 60 * speed, where=speed < 0, color="C1", alpha=0.4, label="shrinks")
    column[0].axhline(0, color="0.6")
    column[0].set_title(label)
    column[1].hist(weights, np.linspace(0, 1, 41), weights=np.full(weights.size, 100 / weights.size), color="C2")
    for point in fixed_points(rule, 15.0, 15.0):
        column[1].axvline(point.w, color="black", linestyle="-" if point.stable else ":")
    theory = settled.sel(rule=label)
    column[1].plot(theory.theory_weight, 2.5 * theory.theory_density, color="C1", label="theory (drift and diffusion)")
    column[1].set(xlabel="weight", ylim=(0, 60))
axes[1, 0].legend(fontsize="small")
axes[0, 0].set_ylabel("drift (1/min)")
axes[0, 0].legend(fontsize="small")
axes[1, 0].set_ylabel("weights (%)")
_ = fig.suptitle("Weights gather where the drift leads back (black: stable points, dotted: unstable)")
ends = settled.weight.sel(rule="swapped").values.ravel()
at_ends = float(np.mean((ends < 0.05) | (ends > 0.95)))
sh.course.reveal("swap", f"at both ends ({at_ends:.0%} within 0.05 of a bound)")

# %% [markdown]
# **"LTD is stronger, so all weights die" is wrong.** In the middle panel LTD is 5 % stronger as well. There the weights shrink only until the remaining LTP,
# (1 - w), outweighs the remaining LTD, w. In the left panel the drift leads to 0 everywhere. Yet diffusion keeps a long tail: in the
# run of 400 s the mean is 0.24, and only a fifth of the weights lie below 0.05. In all three panels a cell that does not listen fires the spikes. (In the first figure it did
# listen: an input that helps the cell to fire comes just before its spikes, and this saves many of the inputs. Notebook 7.)
#
# ## Check 6.1: your own balance point

# %%
a_plus, a_minus = me.between("a_plus", 0.004, 0.01, step=0.001), me.between("a_minus", 0.011, 0.016, step=0.001)
tau_plus, tau_minus = me.between("tau_plus", "10 ms", "20 ms", step="2 ms"), me.between("tau_minus", "24 ms", "40 ms", step="4 ms")
print(f"mu = 1, A_plus = {a_plus:.3f}, tau_plus = {1e3 * tau_plus:.0f} ms, A_minus = {a_minus:.3f}, tau_minus = {1e3 * tau_minus:.0f} ms")

# %% nbgrader={"grade": false, "grade_id": "answer-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# At which weight is the drift of this rule zero? Write w_star = ...
### BEGIN SOLUTION
w_star = a_plus * tau_plus / (a_plus * tau_plus + a_minus * tau_minus)
### END SOLUTION
own = sh.rule("pair", set="multiplicative", A_plus=a_plus, A_minus=a_minus, tau_plus=tau_plus, tau_minus=tau_minus)
balance = next(point.w for point in fixed_points(own, 15.0, 15.0) if point.stable)
sh.course.check(
    "6.1",
    w_star,
    expected=balance,
    within=0.005,
    mistakes={
        "LTP and LTD are exchanged: (1 - w) belongs to LTP.": 1 - balance,
        "The time constants count, too: a longer window catches more pairs.": a_plus / (a_plus + a_minus),
        "LTP and LTD are exchanged, and the time constants count, too.": a_minus / (a_plus + a_minus),
        "The time constants are exchanged: tau_plus belongs to LTP.": a_plus * tau_minus / (a_plus * tau_minus + a_minus * tau_plus),
        "LTD is stronger at large weights only; near 0 hardly any of it is left, so the weights do not die.": 0.0,
        "This is the ratio of LTP to LTD; solve the equation for w.": balance / (1 - balance),
    },
)

# %% [markdown]
# ## Check 6.2: make the weight go down
#
# Now be the evolution: choose the strength of LTD so that the weights of a multiplicative rule settle at a target. The check *simulates* 300 synapses
# with your A_minus and looks at the mean weight in the end.


# %% nbgrader={"grade": false, "grade_id": "a-minus-for", "locked": false, "schema_version": 3, "solution": true, "task": false}
def a_minus_for(target, a_plus, tau_plus, tau_minus):
    """A_minus with which weights settle at `target` (0 to 1); the taus are in seconds."""
    ### BEGIN SOLUTION
    return a_plus * tau_plus * (1 - target) / (tau_minus * target)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def target_of(draw):
    target, up = draw.between("target", 0.15, 0.4), 0.02
    tau_up, tau_down = draw.between("tau_plus", "12 ms", "20 ms"), draw.between("tau_minus", "22 ms", "35 ms")

    ratio = (1 - target) / target
    mistakes = {
        "w and 1 - w are exchanged": up * tau_up / tau_down / ratio,
        "the time constants are left out": up * ratio,
        "the time constants are exchanged": up * tau_down / tau_up * ratio,
        "w and 1 - w are exchanged, and the time constants are left out": up / ratio,
        "LTP, too, depends on the weight, by 1 - w": up * tau_up / (target * tau_down),
        "LTD, too, depends on the weight, by w": up * tau_up * (1 - target) / tau_down,
        "there LTP and LTD are equal at w = 0.5": up * tau_up / tau_down,
    }

    def accept(a_minus):
        if isinstance(a_minus, int | float | np.number) and a_minus < 0:
            return "A_minus is negative. It is a size, which the rule itself subtracts."
        if not isinstance(a_minus, int | float | np.number) or not 0 < a_minus < 1:
            return "One number between 0 and 1 is expected."
        chosen = sh.rule("pair", set="multiplicative", A_plus=up, A_minus=float(a_minus), tau_plus=tau_up, tau_minus=tau_down)
        inputs, seconds = sh.fan_in_inputs(300, 15.0), 30.0
        mean = float(sh.weights(chosen, duration=seconds, imposed="15 Hz", inputs=inputs, seeds=1, w0=target).weight.mean())
        if abs(mean - target) < 0.012:
            return ""
        direction = f"LTD is too {'weak' if mean > target else 'strong'}"
        why = next((text for text, wrong in mistakes.items() if abs(a_minus - wrong) < 0.005 * wrong), direction)
        return f"The weights settle at {mean:.2f} instead of {target:.2f}: {why}."

    return sh.course.Problem(given=(target, up, tau_up, tau_down), accept=accept)


sh.course.check("6.2", a_minus_for, on=target_of, cases=4, seconds=30)

# %% [markdown]
# ## Check 6.3: all stable weights of any rule
#
# Write a function that reads the stable weights from a drift: those between the bounds, *and* a bound that the drift leads into. It gets the weights, rising from bound to
# bound, and the drift at each. Test it in your head on the three panels above: [0], about [0.49], and [0, 1].


# %% nbgrader={"grade": false, "grade_id": "stable-weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stable_weights(w, speed):
    """The stable weights, rising, as a list; `w` and `speed` (the drift) are arrays of the same
    length, without a drift of exactly 0.
    """
    ### BEGIN SOLUTION
    stable = [w[0]] if speed[0] < 0 else []
    for k in range(len(w) - 1):
        if speed[k] > 0 > speed[k + 1]:
            stable.append((w[k] + w[k + 1]) / 2)
    if speed[-1] > 0:
        stable.append(w[-1])
    return stable
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
LAWS = {
    "additive": ("1", "1"),
    "multiplicative": ("1 - w", "w"),
    "swapped": ("w", "1 - w"),
    "two in the middle": ("w*w*3", "w*(1 - w)*2 + w*w*w*3"),
}


def any_rule(draw):
    """A rule with some dependence on the weight; a bonus of its own input (Hz per weight) where
    there is one.
    """
    plus, minus = LAWS[draw.choice("law", list(LAWS))]
    law = {"kind": "law", "F_plus": plus, "F_minus": minus, "w_min": 0, "w_max": 1}
    rule = sh.rule("pair", A_plus=0.01, A_minus=0.01 * draw.choice("ratio", [0.9, 0.95, 1.06, 1.1]), bounds=law)
    bonus = draw.choice("bonus", [0.0, draw.between("Hz", 0.2, 1.0)])
    weights = np.sort(np.r_[0.0, 1.0, draw.rng("grid").uniform(0.0005, 0.9995, 1500)])
    speed = drift(rule, weights, 15.0, 15.0, bonus)
    moving = np.flatnonzero(speed)  # at a bound the drift may be exactly 0, and what counts is the one beside it
    weights, speed = np.r_[0.0, weights[moving][1:-1], 1.0], speed[moving]
    every = fixed_points(rule, 15.0, 15.0, bonus=bonus)
    stable = [point.w for point in every if point.stable]
    inside = [point.w for point in every if point.stable and not point.at_limit]
    crossings = [point.w for point in every if not point.at_limit]
    mistakes = {
        "You took every crossing and no bound: which way does the drift lead beside each of them?": crossings,
        "You took every crossing and both bounds: which way does the drift lead beside each of them?": [0.0, *crossings, 1.0],
        "A bound is stable only if the drift leads into it.": [0.0, *inside, 1.0],
        "Points from which the drift leads away are unstable: weights do not stay there.": [point.w for point in every],
        "A bound that the drift leads into is stable as well.": inside,
        "These are the unstable points: the drift must be positive below and negative above.": [p.w for p in every if not p.stable],
    }
    return sh.course.Problem((weights, speed), stable, mistakes)


sh.course.check("6.3", stable_weights, on=any_rule, cases=12, within=0.0, absolute=0.006)

# %% [markdown]
# ## See: settled does not mean at rest
#
# The histogram of the multiplicative rule has been the same for minutes. Do the weights stand still? We follow four of the 400.

# %%
still = sh.weights(
    rule_of(1), duration=sh.course.affordable("120 s", "40 s"), imposed="15 Hz", inputs=sh.fan_in_inputs(400, 15.0), seeds=1, snapshots=240
)
courses, seconds = still.snapshot.values[0, 0], still.time.values
late = seconds > seconds[-1] / 3
fig, ax = plt.subplots()
for number in range(4):
    ax.plot(seconds, courses[:, number], linewidth=1)
mean, sd = courses.mean(axis=1), courses.std(axis=1)
ax.plot(seconds, mean, color="black", linewidth=2, label="mean of 400 weights")
ax.fill_between(seconds, mean - 2 * sd, mean + 2 * sd, color="0.8", label="mean ± 2 SD")
ax.set(xlabel="time (s)", ylabel="weight", title="The distribution stands, each weight wanders")
_ = ax.legend()
middle = int(np.flatnonzero(late)[0])
memory = float(np.corrcoef(courses[middle], courses[-1])[0, 1])
print(f"Correlation of the weights with themselves {seconds[-1] - seconds[middle]:.0f} s later: {memory:.2f}")

# %% [markdown]
# **Stable is the distribution, not the weight.** After the time that is printed above no weight remembers where it was. What a rule stores in single weights is lost in
# the time that this takes, however quiet the histogram looks.
#
# ## See: what a normalised weight stands for
#
# There is another way to bound weights: keep their *sum* constant, by dividing all by it after every event (a cell shares out a fixed
# resource). Call an increase a *promotion* and a decrease a *demotion*. The constraint theorem (after Chu and Le Nguyen 2020) says: for small steps, each weight settles at its
# share of all promotions, minus demotions. A cell gets 20 inputs of 5 to 40 Hz. Promotions are counted in *other* runs than those that give the weights.

# %%
learning_rates, kinds = (0.2, 0.002), {"hebbian": ("o", "Hebbian: promotions only"), "stdp": ("s", "STDP: promotions - demotions")}


def shares_of_promotions():
    """For each learning rate and kind the predicted weights, the simulated ones with their
    standard errors, and their mean distance.
    """
    theorem = sh.constraint(learning_rates=list(learning_rates), duration="60 s", seeds=4)
    names = ("predicted", "weight", "weight_sem", "bias")
    cases = [[theorem.sel(learning_rate=rate, kind=kind) for kind in kinds] for rate in learning_rates]
    return [[{name: case[name].values.round(8).tolist() for name in names} for case in row] for row in cases]


theorem = sh.course.long_run("06_where_weights_settle", "theorem", shares_of_promotions)
fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharex=True, sharey=True, layout="constrained")
for ax, rate, row in zip(axes, learning_rates, theorem, strict=True):
    for (marker, label), case in zip(kinds.values(), row, strict=True):
        ax.errorbar(*(100 * np.array(case[name]) for name in ("predicted", "weight", "weight_sem")), fmt=marker, label=label)
    ax.plot([0, 11], [0, 11], color="0.6", linestyle="--", label="theorem")
    ax.set(xlabel="share of promotions (minus demotions) (%)", title=f"one step = {rate:g} of the sum")
axes[0].set_ylabel("weight, share of the sum (%)")
axes[0].legend(fontsize="small")
_ = fig.suptitle("For small steps a normalised weight is a share of promotions")
bias = {rate: stdp["bias"] for rate, (_, stdp) in zip(learning_rates, theorem, strict=True)}
print(f"Mean distance from the theorem (STDP): {bias[0.2]:.2%} for large steps, {bias[0.002]:.2%} for small ones; the mean weight is 5 %.")

# %% [markdown]
# With large steps (left) the squares of STDP lie flatter than the line: one of 9.3 % comes to 8.1 %, and one of 1.3 % to
# 1.7 %. With small steps (right) a normalised weight can be read as a probability: how often, of all promotions, it was *this* synapse's turn.
#
# ## Check 6.4: weights without a simulation


# %% nbgrader={"grade": false, "grade_id": "settled-share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def settled_share(promoted, demoted):
    """The normalised weights of all synapses (array), from how often each was promoted and demoted
    (arrays of counts).
    """
    ### BEGIN SOLUTION
    net = promoted - demoted
    return net / net.sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def counted(draw):
    n = draw.integer("synapses", 4, 8)
    promoted = draw.rng("promoted").integers(300, 2000, n)
    demoted = (promoted * draw.rng("demoted").uniform(0.1, 0.7, n)).astype(int)
    net, expected = promoted - demoted, prediction(promoted, demoted)
    mistakes = {
        "Demotions are left out.": prediction(promoted),
        "Normalise at the end: the weights must add up to 1.": net,
        "Each is divided by its own promotions; divide by the sum over all synapses.": net / promoted,
        "Promotions and demotions are each normalised; take the difference first.": prediction(promoted) - prediction(demoted),
        "Divide by the sum of the differences, not of the promotions.": net / promoted.sum(),
        "Divide by the sum of the differences, not by each synapse's own events.": net / (promoted + demoted),
        "Divide by the sum of the differences, not by all events.": net / (promoted.sum() + demoted.sum()),
        "Divide by the sum of the differences, not by the largest of them.": net / net.max(),
    }
    return sh.course.Problem((promoted, demoted), expected, mistakes)


sh.course.check("6.4", settled_share, on=counted, within=1e-6)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# A paper writes: "We clip weights between 0 and w_max for numerical reasons. LTD dominates, so the weights decay." What do you ask the authors?
#
# ### BEGIN SOLUTION
# How do the changes depend on the weight: with additive steps the bounds themselves become the places where weights gather, so they belong to the model, and with
# multiplicative steps weights settle in between although LTD dominates. So I would ask for the drift as a function of the weight, and for a run that
# is long enough for the distribution to settle.
#
# Rubric: 1 point: bounds or dependence on the weight decide where weights settle, so they are part of the model. 1 point: stronger LTD
# does not imply decay, with a reason (drift changes its sign at a weight above 0, or inputs that drive the cell). No point for "use smaller steps" alone.
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
assert min(share[0][0], share[0][2]) > 1.3 * share[0][1], "additive: two heaps"
assert share[0.02][0] < 1.3 * share[0.02][1], "two hundredths in an exponent remove the lower heap"
assert share[1][1] > 0.99, "multiplicative: all weights in one narrow heap"
assert at_ends > 0.95, "with the dependence swapped all weights go to the bounds"
weights = settled.weight.sel(rule="multiplicative (mu = 1)").values.ravel()
point = next(point.w for point in fixed_points(rule_of(1), 15.0, 15.0, dt=1e-4) if point.stable)
assert abs(weights.mean() - point) < 3 * weights.std() / np.sqrt(weights.size), "weights settle where the drift is zero, within 3 SE"
assert abs(memory) < 0.2 and np.ptp(mean[late]) < 0.02, "the distribution stands although the weights wander"
assert bias[0.002] < 0.5 * bias[0.2], "the theorem holds for small steps"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, and the two sentences.
#
# **What goes wrong**
#
# - mu = 0.02 is predicted to look like mu = 0. The exponent is small, but `(1 - w)**0.02` still goes to 0 at the bound, and there it counts.
# - The swapped rule is predicted to settle in the middle, as its drift is zero there too. Let students push the weight by a little: where does it go?
# - In 6.1 and 6.2 the time constants are forgotten, or w and 1 - w are exchanged. The checks say which.
# - In 6.3 the bounds are forgotten (additive rules then have no stable weight at all), or unstable points are listed. The checks say so.
# - "The weights have converged" is said of the third panel of the first figure. Show the wandering weights.
# - In 6.4 demotions are left out, or both counts are normalised before the difference is taken.
#
# **To discuss** If single weights wander, how can a memory last for years? (Two-state synapses, notebook 5; replay; more slow variables.) What would a rule
# need, so that its weights have the long tail that was measured? The theorem as used here was rebuilt from the abstract of the paper: where might it differ?
