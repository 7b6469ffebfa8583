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
#     seconds: 16
# ---

# %% [markdown]
# # 13. One form, many rules: what does a Hebbian rule forget?
#
# **You learn** to read the rules of Hebb, Oja, Sanger and others as one form, to compute one step of each, and to say from what a rule forgets where
# its weights end.
#
# **You need** notebook 6, matrices and eigenvectors, and a function in Python.
#
# **Time** 70 minutes.
#
# From here on cells have *rates* instead of spikes: an input gives a number x, a cell gives y = w·x. A sample is one set of inputs. Books list dozens
# of "Hebbian rules" as if each were a theory of its own. Nearly all of them are one form:
#
# $$\Delta W = \eta\,[\,\text{post} \otimes \text{pre} - K(y)\,W\,]$$
#
# The first term is Hebb's: what the cell gives times what the input gives. The second says what is *forgotten*, and K says how fast.

# %%
import matplotlib.pyplot as plt
import numpy as np

import spikeheb as sh

me = sh.course.seed("Ada Lovelace")  # your own name here: your numbers differ from your neighbour's

# %% [markdown]
# ## See: the library's rules in one form
#
# Each line is a file of the library (`spikeheb show oja` prints one). Read `⊗` as "times, for each pair of cell and input".

# %%
for name in ("hebb", "covariance", "instar", "oja", "sanger", "oja_subspace", "bcm", "delta_rule"):
    print(f"{name:14} {sh.rates.rule(name).forward.text}")

# %% [markdown]
# In the second term K is y for instar, and y² for Oja. In Sanger's rule and the subspace rule the cells of a layer know of each
# other: K is a table, with an entry y_i y_k for some or all pairs of cells. BCM and the covariance rule change *post* or *pre* instead.
#
# ## Predict: how long do the weights become?
#
# One cell gets 20 inputs. Their rates rise and fall together, those of inputs 0 to 9 by 90 %, those of inputs 10 to 19 by 30 %, around a mean of 1.
# It sees 4000 samples.

# %% nbgrader={"grade": false, "grade_id": "predict-length", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Which lengths |w| settle? Write mine = a list, out of "hebb", "instar", "oja".
### BEGIN SOLUTION
mine = ["instar", "oja"]
### END SOLUTION
sh.course.predict("length", mine, among=("hebb", "instar", "oja"))

# %%
rng = me.rng("samples")
signs = rng.choice([-1.0, 1.0], (4000, 2))
samples = 1 + np.repeat(signs * [0.9, 0.3], 10, axis=1)  # one row for each sample, one column for each input
moments = samples.T @ samples / len(samples)
values, vectors = np.linalg.eigh(moments)
leading = vectors[:, -1] * np.sign(vectors[:, -1].sum())  # the direction in which the inputs vary most, seen from 0

rules = ("hebb", "instar", "oja")
steps = np.arange(0, len(samples), 20)
lengths, ends = {}, {}
for name in rules:
    layer = sh.rates.Layer(sh.rates.rule(name, eta=0.0005), 1, w0=np.full((1, 20), 0.05))
    lengths[name] = [float(np.linalg.norm(layer.partial_fit(samples[n : n + 20]).weights_)) for n in steps]
    ends[name] = layer.weights_[0]
fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for name in rules:
    axes[0].plot(steps + 20, lengths[name], label=name)
    width = {"hebb": 9, "instar": 5, "oja": 1.5}[name]  # the lines lie on each other
    axes[1].plot(ends[name] / np.linalg.norm(ends[name]), linewidth=width, label=name)
axes[0].axhline(1, color="0.7")
axes[0].set(yscale="log", ylim=(0.1, 1e4), xlabel="samples", ylabel="length of w", title="Only rules that forget settle")
axes[1].plot(leading, "k.", markersize=4, label="leading eigenvector")
axes[1].set(xlabel="input", ylabel="weight / length of w", ylim=(0, 0.4), title="All point in the same direction")
axes[0].legend()
_ = axes[1].legend()
settled = [name for name in rules if lengths[name][-1] < 1.2 * lengths[name][len(steps) // 2]]
sh.course.reveal("length", settled)

# %% [markdown]
# **"Cells that fire together wire together" is no complete rule**: by itself it has no end. What fires together wires together, so it fires still more, and so on.
# Hebb's rule forgets nothing; instar forgets in proportion to y, and Oja in proportion to y².
# What a cell *selects* is in the first term, and is the same for all three. *How long* its weights become is in the second: 1 for Oja, and for instar
# about the length of a typical sample.
#
# (The weights always follow the latest samples a little. So they are near the eigenvector, and not exactly on it.)
#
# ## Check 13.1: one step by hand

# %%
x = np.array([me.between("x0", 0.2, 2.0, step=0.1), me.between("x1", 0.2, 2.0, step=0.1)])
w = np.array([me.between("w0", 0.3, 0.9, step=0.1), me.between("w1", 1.1, 1.6, step=0.1)])
eta = 0.1
print(f"x = {x.round(1)}, w = {w.round(1)}, eta = {eta}")

# %% nbgrader={"grade": false, "grade_id": "answer-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# By how much does Oja's rule change the weight of the second input, w[1]? Write dw1 = ... (y is
# w·x.)
### BEGIN SOLUTION
y = w @ x
dw1 = eta * (y * x[1] - y**2 * w[1])
### END SOLUTION
one = {name: float(sh.rates.change(sh.rates.rule(name, eta=eta), w[None], x, [w @ x])[0, 1]) for name in rules}
of_first = float(sh.rates.change(sh.rates.rule("oja", eta=eta), w[None], x, [w @ x])[0, 0])
alone = w[1] * x[1]
sh.course.check(
    "13.1",
    dw1,
    expected=one["oja"],
    mistakes={
        "The decay is left out: this is Hebb's rule, and too large.": one["hebb"],
        "The decay is y w: this is the instar rule. Oja's has y squared.": one["instar"],
        "The decay has the wrong sign: forgetting takes away.": 2 * one["hebb"] - one["oja"],
        "The learning rate is left out.": one["oja"] / eta,
        "This is the new weight; its change is asked for.": one["oja"] + w[1],
        "This is the change of w[0]; inputs are counted from 0, and w[1] is asked for.": of_first,
        "y is one number, the sum of w*x over both inputs.": eta * (alone * x[1] - alone**2 * w[1]),
        "The learning rate belongs to both terms.": one["hebb"] - (one["hebb"] - one["oja"]) / eta,
        "The square is at the wrong place: y is squared in the decay, and w[1] is not.": one["hebb"] - eta * (w @ x) * w[1] ** 2,
        "The decay has y*w[1] squared as a whole; only y is squared.": one["hebb"] - eta * (w @ x * w[1]) ** 2,
    },
)

# %% [markdown]
# ## Check 13.2: a layer
#
# Now several cells. W has a row for each cell. Write the change for three kinds of forgetting:
#
# - "own": cell i forgets with y_i² w_i (Oja, each cell alone),
# - "earlier": cell i forgets the sum of y_i y_k w_k over all k <= i (Sanger),
# - "all": the same over all k (Oja's subspace rule).
#
# For each kind, build K first, and use `np.outer`. (`np.tril` keeps the lower triangle of a matrix with its diagonal.)


# %% nbgrader={"grade": false, "grade_id": "layer-change", "locked": false, "schema_version": 3, "solution": true, "task": false}
def layer_change(W, x, y, eta, among):
    """The change of W, shape (cells, inputs); x and y are arrays, `among` is "own", "earlier" or
    "all".
    """
    ### BEGIN SOLUTION
    K = np.outer(y, y)
    if among == "own":
        K = np.diag(np.diag(K))
    if among == "earlier":
        K = np.tril(K)
    return eta * (np.outer(y, x) - K @ W)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def any_layer(draw):
    numbers, among = draw.rng("layer"), draw.choice("among", ["own", "earlier", "all"])
    W, x, rate = numbers.normal(size=(4, 6)), numbers.normal(size=6), draw.between("eta", 0.05, 0.5)
    y = W @ x
    named = {"own": "oja", "earlier": "sanger", "all": "oja_subspace"}

    def step(kind, W=W, y=y):
        return sh.rates.change(sh.rates.rule(named[kind], eta=rate), W, x, y)

    hebb = sh.rates.change(sh.rates.rule("hebb", eta=rate), W, x, y)
    vector = rate * (np.outer(y, x) - y**2 @ W) if among == "own" else step(among)
    backwards = step("earlier", W[::-1], y[::-1])[::-1] if among == "earlier" else step(among)
    mistakes = {
        "The decay is left out: this is Hebb's rule, whose weights grow without end.": hebb,
        "The decay has the wrong sign: forgetting takes away.": 2 * hebb - step(among),
        'Each cell forgets only its own weights; with "earlier" and "all" it forgets those of others, too.': step("own"),
        "The order is reversed: cell i forgets what cells k <= i have, and not k >= i.": backwards,
        "Cell i itself is left out: k <= i includes k = i.": step(among) - step("own") + hebb if among == "earlier" else step(among),
        "The learning rate is left out.": step(among) / rate,
        "This is the new W; its change is asked for.": W + step(among),
        'With "earlier" cell i forgets the weights of k <= i only, and not of all.': step("all" if among == "earlier" else among),
        'With "own" each cell forgets its own weights only: K has nothing beside its diagonal.': step("all" if among == "own" else among),
        "All three kinds give the same here: does the function look at `among`?": step("all"),
        'With "own" K must be a matrix: np.diag of a matrix gives a row of numbers, and np.diag of this row a matrix.': vector,
    }
    return sh.course.Problem((W, x, y, rate, among), step(among), mistakes)


sh.course.check("13.2", layer_change, on=any_layer, cases=12, within=1e-6, absolute=1e-9)

# %% [markdown]
# ## Check 13.3: where do the weights end?
#
# At the end the *mean* change is zero. With C the mean of x xᵀ (a matrix), m the mean of x and y = w·x, the mean changes are
#
# $$\text{Oja: } C w - (w^T C w)\,w \qquad \text{instar: } C w - (m^T w)\,w$$
#
# In both, C w must be a number times w, so w is an eigenvector of C, the leading one. What must its length be? Write the function.
# (`np.linalg.eigh` gives eigenvalues in *rising* order, and eigenvectors as *columns*.) Give the w with a positive sum.


# %% nbgrader={"grade": false, "grade_id": "settled-weights", "locked": false, "schema_version": 3, "solution": true, "task": false}
def settled_weights(C, m, rule):
    """The weights at which `rule` ("oja" or "instar") settles, shape (inputs,), with a positive
    sum.
    """
    ### BEGIN SOLUTION
    values, vectors = np.linalg.eigh(C)
    e = vectors[:, -1] * np.sign(vectors[:, -1].sum())
    return e if rule == "oja" else e * values[-1] / (m @ e)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def mean_changes(draw):
    numbers, rule = draw.rng("inputs"), draw.choice("rule", ["oja", "instar"])
    inputs = numbers.uniform(0, 1, (200, 6)) @ numbers.uniform(0, 1, (6, 6)) * draw.between("rate", 0.5, 2.0)
    C, m = inputs.T @ inputs / 200, inputs.mean(axis=0)

    def accept(w):
        w = np.asarray(w, dtype=float)
        if w.shape != (6,) or not np.isfinite(w).all():
            return f"Six finite numbers are expected, one for each input (got the shape {w.shape})."
        if not w.any():
            return "At w = 0 nothing changes, but the weights lead away from there: it is unstable."
        along = (w @ C @ w) / (w @ w)
        if np.linalg.norm(C @ w - along * w) > 1e-6 * np.linalg.norm(C @ w):
            if abs(w @ m) > (1 - 1e-9) * np.linalg.norm(w) * np.linalg.norm(m):
                return "w has the direction of m, the mean of the inputs. It must have that of an eigenvector of C."
            if np.max(np.abs(np.linalg.eigh(C)[1] @ w)) > (1 - 1e-9) * np.linalg.norm(w):
                return "w is a row of what eigh gives. Eigenvectors are its columns."
            return "w is no eigenvector of C."
        if along < 0.999 * np.linalg.eigvalsh(C)[-1]:
            return "w is an eigenvector, but not the leading one: the weights lead away from it. eigh gives rising eigenvalues."
        if w.sum() < 0:
            return "The sum of w is negative: turn its sign."
        forgotten = w @ C @ w if rule == "oja" else m @ w
        if abs(forgotten / along - 1) < 1e-6:
            return ""
        much = "long" if forgotten > along else "short"
        if rule == "oja" and abs(np.linalg.norm(w) / along - 1) < 1e-6:
            return "Oja: w is not normalised. Its length is the eigenvalue, where the direction alone counts."
        if rule == "instar" and abs(np.linalg.norm(w) - 1) < 1e-6:
            return f"Instar: this w has length 1, which is Oja's, and is too {much}. At which length do C w and (m @ w) w balance?"
        return f"{rule}: the direction is right, and w is too {much}: growth and forgetting do not balance."

    return sh.course.Problem((C, m, rule), accept=accept)


sh.course.check("13.3", settled_weights, on=mean_changes, cases=8)
ratio = {
    name: np.linalg.norm(ends[name]) / np.linalg.norm(settled_weights(moments, samples.mean(axis=0), name)) for name in ("oja", "instar")
}
print("Length in the figure over the length that you computed:", {name: round(float(value), 3) for name, value in ratio.items()})

# %% [markdown]
# The figure's weights follow the latest samples, so that the two lengths need not agree exactly: for instar a few per cent are usual.
#
# ## Predict: cells that do not know of each other
#
# Two cells get the same inputs, with *two* strong directions in them. Each follows Oja's rule, from other weights at the start.

# %% nbgrader={"grade": false, "grade_id": "predict-two", "locked": false, "schema_version": 3, "solution": true, "task": false}
# What is the absolute cosine of the angle between the two weight vectors in the end? Write mine
# = a number from 0 (at right angles) to 1 (the same).
### BEGIN SOLUTION
mine = 1
### END SOLUTION
sh.course.predict("two", mine)

# %%
inputs, directions = sh.rates.spiked(8000, 20, (5.0, 2.0), rng=me.rng("directions"))
among = {"oja": "own", "oja_subspace": "all", "sanger": "earlier"}
learned = {name: sh.rates.Layer(sh.rates.rule(name, eta=0.002), 2, seed=1).fit(inputs).weights_ for name in among}
fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharey=True, layout="constrained")
for ax, (name, weights) in zip(axes, learned.items(), strict=True):
    seen = weights @ directions.T  # each cell's weights along the two strong directions
    for cell, along in enumerate(seen):
        ax.annotate("", along, (0, 0), arrowprops={"color": f"C{cell}", "width": 2 if cell else 5, "headwidth": 9})
        ax.plot([], [], color=f"C{cell}", label=f"cell {cell}")
    ax.add_patch(plt.Circle((0, 0), 1, fill=False, color="0.7"))
    ax.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal", xlabel="along direction 1", title=f'{name}: K is "{among[name]}"')
axes[0].set_ylabel("along direction 2")
axes[0].legend(fontsize="small")
_ = fig.suptitle("What K knows decides what two cells learn: the same, a plane, or one direction each")
cosine = {name: abs(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))) for name, (a, b) in learned.items()}
sh.course.reveal("two", cosine["oja"])

# %% [markdown]
# **"More cells learn more" is wrong** where they do not know of each other: both found the same direction (up to the sign). With "all" they share the plane of both directions, at
# right angles to each other but turned anyhow. With "earlier" the first cell takes the strongest direction, and the second the strongest of what is left.
# Notebook 14 is about this.
#
# The price is *locality*. With "own" a synapse needs its own weight, x and y. With "earlier" and "all" it needs the weights of other cells.
#
# ## Check 13.4: which rule is it?
#
# A laboratory gives you one step of a layer of cells. Write a function that names the rule. It is exact data, so one step is enough.


# %% nbgrader={"grade": false, "grade_id": "which-rule", "locked": false, "schema_version": 3, "solution": true, "task": false}
def which_rule(W, x, y, dW):
    """ "hebb", "instar", "oja", "sanger" or "oja_subspace"; dW is the change at eta = 1."""
    ### BEGIN SOLUTION
    forgotten = np.outer(y, x) - dW
    K = np.outer(y, y)
    kinds = {"hebb": 0 * K, "instar": np.diag(y), "oja": np.diag(y**2), "sanger": np.tril(K), "oja_subspace": K}
    return min(kinds, key=lambda name: np.abs(kinds[name] @ W - forgotten).max())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-4", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def one_step(draw):
    numbers, name = draw.rng("step"), draw.choice("rule", ["hebb", "instar", "oja", "sanger", "oja_subspace"])
    W, x = numbers.normal(size=(3, 8)), numbers.normal(size=8)
    y = W @ x
    without_layer = {"sanger": "oja", "oja_subspace": "oja"}.get(name, name)
    exchanged = {"sanger": "oja_subspace", "oja_subspace": "sanger"}.get(name, name)
    mistakes = {
        "Rules of a layer are taken for Oja's: does a cell forget the weights of others?": without_layer,
        "Sanger's rule and the subspace rule are exchanged: which one has an order of the cells?": exchanged,
        "Instar and Oja are exchanged: one forgets with y, the other with y squared.": {"instar": "oja", "oja": "instar"}.get(name, name),
    }
    return sh.course.Problem((W, x, y, sh.rates.change(sh.rates.rule(name, eta=1.0), W, x, y)), name, mistakes)


sh.course.check("13.4", which_rule, on=one_step, cases=15)

# %% [markdown]
# ## See: and the spikes?
#
# These rules have twins among the spiking rules, so that STDP-like changes do the same. In the twin of Oja's rule a postsynaptic spike adds the trace of
# presynaptic spikes to the weight, and takes some of the weight away. Lines are Poisson spikes, dashes are rates, with the same mean drift. (Weights of
# spiking synapses end at a bound of 10, so that Hebb's stop there, all 20 of them. In spikes Oja's length is a little above 1, because the
# trace of the output lags behind the rate.)

# %%
side_by_side = sh.rates.three_rules(seeds=1, duration=sh.course.affordable(30.0, 5.0))
fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for colour, name in enumerate(rules):
    for form, style in (("spikes", "-"), ("rates", "--")):
        one_seed = side_by_side.sel(rule=name, form=form).isel(seed=0)
        axes[0].plot(one_seed.time, one_seed.norm, style, color=f"C{colour}")
        axes[1].plot(one_seed.time, one_seed.cosine, style, color=f"C{colour}", label=f"{name}, {form}")
axes[0].axhline(1, color="0.7", zorder=0)
axes[0].set(
    yscale="log", ylim=(0.1, 1e3), xlabel="time (s)", ylabel="length of w", title="In spikes as in rates: only rules that forget settle"
)
axes[1].set(xlabel="time (s)", ylabel="cosine with the leading eigenvector", title="And all point in the same direction")
_ = axes[1].legend(loc="lower right")

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# Hebb's, the instar and Oja's rule find the same direction. What does the term K(y) W add, and why is none of these rules complete without one?
#
# ### BEGIN SOLUTION
# The Hebbian term alone makes every weight grow the more, the larger the output is, and the output grows with the weights, so that there is no end;
# forgetting grows still faster with the output, and balances growth at one length. In a layer K also says which cells' weights are taken away, and so whether
# cells learn the same direction or different ones.
#
# Rubric: 1 point: positive feedback of the Hebbian term, without an end. 1 point: forgetting balances it and sets the length (or: K
# between cells makes them differ). No point for "it normalises the weights" without saying how.
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
assert settled == ["instar", "oja"], "only the rules that forget settle"
assert abs(lengths["oja"][-1] - 1) < 0.05, "Oja's weights have length 1"
assert all(w @ leading / np.linalg.norm(w) > 0.98 for w in ends.values()), "all three point to the leading eigenvector"
assert cosine["oja"] > 0.95, "cells that do not know of each other learn the same"
assert cosine["sanger"] < 0.2 and abs(learned["sanger"][0] @ directions[0]) > 0.95, "Sanger's cells take one direction each, in order"
assert sh.rates.subspace_error(learned["oja_subspace"], directions) < 0.1, "the subspace rule finds the plane"
spiking = side_by_side.norm.sel(form="spikes").isel(seed=0, time=-1)
assert abs(float(spiking.sel(rule="oja")) - 1) < 0.1, "the length is 1 in spikes, too"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, and the two sentences.
#
# **What goes wrong**
#
# - In 13.1 the decay is forgotten, or has y for y². The check says which.
# - In 13.2 `y * x` is written for the outer product (a shape error), and k < i for k <= i: then cells do not forget their own weights and run away.
# - In 13.3 rows of `eigh` are taken for columns, or the first for the last. Students also normalise the instar weights: only Oja's have length 1.
# - "Hebb settles when the input is bounded" is a frequent prediction. Ask for the growth over one sample when y is twice as large.
#
# **To discuss** Which quantities must a synapse know for each K? What could tell it the weights of another cell (notebook 14: lateral inhibition)?
