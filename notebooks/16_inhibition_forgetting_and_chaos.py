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
#     seconds: 11
# ---

# %% [markdown]
# # 16. Inhibition, forgetting and chaos: how does a memory stay usable?
#
# **You learn** how a memory that forgets keeps the newest patterns, what plastic inhibition adds under Dale's law, and how a memory can be chaotic and still be there.
#
# **You need** notebook 15, exponentials, and a function in Python.
#
# **Time** 60 minutes.
#
# A memory that stores everything with the same strength fails all at once (notebook 15). And its weights are of either sign at each cell, while a cell of
# the brain is either excitatory or inhibitory (Dale's law). This notebook mends both.

# %%
import matplotlib.pyplot as plt
import numpy as np

import spikeheb as sh

me = sh.course.seed("Ada Lovelace")  # your own name here: your numbers differ from your neighbour's

# %% [markdown]
# ## Predict: three times too many
#
# N = 300 cells store 150 patterns one after the other, 0.5 N. In the second memory each new pattern lets all weights shrink by a factor exp(-1/(tau N)), with tau = 0.1.

# %% nbgrader={"grade": false, "grade_id": "predict-newest", "locked": false, "schema_version": 3, "solution": true, "task": false}
# How many of the newest 10 patterns come back (overlap above 0.9) without and with forgetting?
# Write mine = [without, with].
### BEGIN SOLUTION
mine = [0, 10]
### END SOLUTION
sh.course.predict("newest", mine)

# %%
stored = sh.rates.random_patterns(150, 300, rng=me.rng("stored"))
weights = {"without forgetting": sh.rates.hebbian(stored), "with forgetting": sh.rates.forgetting_weights(stored, tau=0.1)}
after = {label: sh.rates.Memory(W, order="asynchronous").overlaps(stored) for label, W in weights.items()}
fig, ax = plt.subplots()
for label, m in after.items():
    ax.plot(np.arange(150)[::-1], m, "o", markersize=3, label=label)
ax.set(xlabel="age: patterns stored since", ylabel="overlap after recall", ylim=(-0.3, 1.05), title="Forgetting keeps the newest patterns")
_ = ax.legend()
newest = [int((m[-10:] > 0.9).sum()) for m in after.values()]
sh.course.reveal("newest", newest)

# %% [markdown]
# **"Forgetting is a failure of memory" is wrong.** Without it *all* is lost. With it the old patterns become noise that fades, and the newest always find room.
#
# ## Check 16.1: how strong is an old memory?

# %%
age, size, tau = me.integer("age", 5, 30), me.choice("size", [200, 400]), me.between("tau", 0.1, 0.3, step=0.1)
print(f"N = {size}, tau = {tau:.1f}; {age} patterns were stored after this one.")

# %% nbgrader={"grade": false, "grade_id": "answer-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# By which factor is its part of the weights smaller than that of the newest pattern? Write
# factor = ... (below 1)
### BEGIN SOLUTION
factor = np.exp(-age / (tau * size))
### END SOLUTION
first = np.ones((1, size))
alone = sh.rates.forgetting_weights(np.r_[first, sh.rates.random_patterns(age, size, rng=me.rng("after"))], tau=tau)
others = sh.rates.forgetting_weights(sh.rates.random_patterns(age, size, rng=me.rng("after")), tau=tau)
sh.course.check(
    "16.1",
    factor,
    expected=float((alone - others)[0, 1] * size),
    within=1e-6,
    mistakes={
        "tau is a share of the number of cells: N for patterns per N is left out.": float(np.exp(-age / tau)),
        "tau is a share: the age is divided by N, and not by tau N.": float(np.exp(-age / size)),
        "The weight grows with age: the sign of the exponent is flipped.": float(np.exp(age / (tau * size))),
    },
)

# %% [markdown]
# ## Check 16.2: store with forgetting
#
# Write it as it happens: start with W = 0; each pattern first shrinks all weights by exp(-1/(tau N)), and then adds xi_i xi_j / N. There is no diagonal.


# %% nbgrader={"grade": false, "grade_id": "fading", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fading(patterns, tau):
    """Weights after all rows of `patterns` (of -1 and 1), the last row last."""
    ### BEGIN SOLUTION
    N = patterns.shape[1]
    W = np.zeros((N, N))
    for xi in patterns:
        W = W * np.exp(-1 / (tau * N)) + np.outer(xi, xi) / N
    np.fill_diagonal(W, 0)
    return W
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def sequence(draw):
    patterns = sh.rates.random_patterns(draw.integer("patterns", 5, 9), 16, rng=draw.rng("patterns"))
    share = draw.between("tau", 0.1, 0.5)
    right = sh.rates.forgetting_weights(patterns, tau=share)
    mistakes = {
        "The decay is left out: all patterns are equally strong.": sh.rates.hebbian(patterns),
        "The order is reversed: the first pattern is the strongest, and should be the weakest.": sh.rates.forgetting_weights(
            patterns[::-1], tau=share
        ),
        "The diagonal is not zero.": sh.rates.forgetting_weights(patterns, tau=share, keeps_diagonal=True),
        "The new pattern shrinks, too: first shrink, then add.": right * np.exp(-1 / (share * 16)),
        "It is not divided by the number of cells.": 16 * right,
        "tau is a share of the number of cells: N is left out in the exponent.": sh.rates.forgetting_weights(patterns, tau=share / 16),
    }
    return sh.course.Problem((patterns, share), right, mistakes)


sh.course.check("16.2", fading, on=sequence, within=1e-9, absolute=1e-9)

# %% [markdown]
# ## See: excitation and inhibition that learn
#
# Under Dale's law a weight is a *magnitude* (0 or above) times the sign of its presynaptic cell. Where excitatory magnitudes rise with coincidence and inhibitory ones *fall* (such
# inhibition is called anti-Hebbian), the *effect* of both is Hebbian. The mean input of all cells is taken away, as fast global inhibition does. One
# cell in five is inhibitory; the figure compares which synapses learn.

# %%
kinds = ("both", "excitatory", "magnitudes")
dale = sh.rates.capacity(seeds=1, cells=(200,), loads=(0.05, 0.1, 0.2), kinds=kinds, recalled=20)
sh.figure(dale)

# %% [markdown]
# **"An inhibitory Hebbian rule stores like an excitatory one" is wrong** where the word is about magnitudes: if magnitudes of both rise with coincidence, inhibition works against
# the memory. (`kinds=("uncancelled",)` shows what happens without fast global inhibition.)
#
# ## Check 16.3: weights under Dale's law
#
# The magnitude of a weight is max(0, c + H_ij D_j). H are Hebb's weights, D_j is 1 or -1, the sign of the *presynaptic* cell j (the column). Write the *effective* weights: magnitude times sign.


# %% nbgrader={"grade": false, "grade_id": "effective", "locked": false, "schema_version": 3, "solution": true, "task": false}
def effective(H, D, c):
    """Effective weights, shape (cells, cells), without a diagonal."""
    ### BEGIN SOLUTION
    W = np.maximum(0, c + H * D) * D
    np.fill_diagonal(W, 0)
    return W
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def under_dale(draw):
    patterns = sh.rates.random_patterns(6, 20, rng=draw.rng("patterns"))
    H, D, w0 = sh.rates.hebbian(patterns), sh.rates.signs(20, 0.3, rng=draw.rng("signs")), draw.between("w0", 0.5, 2.0)
    right = sh.rates.dale(patterns, D, w0=w0)
    mistakes = {
        "These are magnitudes: the sign of the presynaptic cell is missing.": np.abs(right),
        "The sign of the inhibitory term is flipped: these magnitudes rise with coincidence.": sh.rates.dale(
            patterns, D, plastic="magnitudes", w0=w0
        ),
        "The sign is that of the postsynaptic cell (the row): transpose.": right.T,
    }
    return sh.course.Problem((H, D, w0 * np.sqrt(6) / 20), right, mistakes)


sh.course.check("16.3", effective, on=under_dale, within=1e-9, absolute=1e-9)

# %% [markdown]
# ## See: chaos around a memory
#
# Now cells are graded and connections sparse, and memories fade. The Lyapunov exponent says whether two nearly equal states come together (below 0: rest) or part (above 0: chaos).

# %%
chaos = sh.rates.forgetting(seeds=1, cells=1500, tau=(0.3, 0.6), ages=(0.0, 0.03, 0.06), transient=80.0, measured=80.0)
sh.figure(chaos)

# %% [markdown]
# With the slower forgetting (tau = 0.6) more old patterns disturb each memory, and rest gives way to chaos. (Small networks differ much from each other; this is one.)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# Why must inhibitory magnitudes *fall* with coincidence to help a memory, and why must a memory that goes on storing forget?
#
# ### BEGIN SOLUTION
# An inhibitory synapse acts with a minus, so that only a smaller magnitude lets cells of one pattern support each other. Each stored pattern is noise for all
# others, and unless old ones fade, the noise grows until no pattern can be recalled.
#
# Rubric: 1 point: the effect is magnitude times sign. 1 point: old patterns are noise, which must fade.
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
assert newest[0] <= 4 and newest[1] >= 8, "with forgetting the newest patterns are kept"
loads = dale.isel(seed=0, cells=0).sel(kind=["both", "magnitudes"]).overlap
assert float(loads.sel(kind="both").mean() - loads.sel(kind="magnitudes").mean()) > 0.1, "magnitudes must fall at inhibitory synapses"
assert float(chaos.lyapunov.sel(tau=0.3, age=0.0).mean()) < -0.3, "a recent memory of fast forgetting is a place of rest"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, and the two sentences.
#
# **What goes wrong**
#
# - In 16.1 and 16.2 tau is taken for a number of patterns, where it is a share of N; or the new pattern is shrunk as well.
# - In 16.3 the sign is that of the row. A row is what a cell receives, a column what it sends.
#
# **To discuss** "Hebbian inhibition": whose word, magnitude or effect?
