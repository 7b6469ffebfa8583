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
# # 17. Association, targets and reward: what can Hebb learn from what follows?
#
# **You learn** how inhibition links memories of things that followed each other, how a rule with targets learns a pair at one sight, and what a Hebbian term does where only success and failure are known.
#
# **You need** notebook 16, matrices, the derivative of 1/(1 + exp(-u)), and a function in Python.
#
# **Time** 60 minutes.
#
# In notebooks 15 and 16 each pattern was learned for itself. Here something follows: the next pattern, a target that a teacher gives, or a word, "right" or "wrong".

# %%
import numpy as np

import spikeheb as sh

me = sh.course.seed("Ada Lovelace")  # your own name here: your numbers differ from your neighbour's

# %% [markdown]
# ## Predict: inhibition and neighbours in time
#
# A network has learned a cycle of 41 patterns: each pattern excites itself, the one before and the one after. The state X (rates of 0 to 1) has the overlap m_mu with
# pattern mu, and the input of the cells is
#
# h = sum over mu of xi_mu (c m_mu + m_(mu-1) + m_(mu+1)), with c = 2 - g.
#
# Without inhibition c is 2. Inhibition of strength g has learned each pattern by Hebb's rule, in magnitude, and weakens the pattern's hold on itself.
# From each second pattern the network comes
# to rest in an *attractor*. Two attractors are compared by their correlation.

# %% nbgrader={"grade": false, "grade_id": "predict-linked", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The correlation of attractors of patterns 6 places apart in the sequence: with weak inhibition
# (c = 1.5) and with strong (c = -1.5)? Write mine = [weak, strong].
### BEGIN SOLUTION
mine = [0.1, 0.5]
### END SOLUTION
sh.course.predict("linked", mine)

# %%
linked = sh.rates.association(seeds=2, c=(1.5, -0.5, -1.5), cells=12_000, steps=150, seed=me.integer("association", 0, 10_000))
_ = sh.plot(linked)
apart = linked.correlation.mean("seed").sel(distance=6)
sh.course.reveal("linked", [float(apart.sel(c=c)) for c in (1.5, -1.5)])

# %% [markdown]
# **"Inhibition keeps memories apart" is wrong** here. Inhibition that has learned each pattern takes away what a pattern gives to itself. What its neighbours give it is left, so
# that the activity spreads along the sequence: what was near in *time* becomes alike in *activity*, beyond the distance of 5 (dotted)
# at which correlations end in the classical model without such inhibition. (After Haga and Fukai, 2019.)
#
# ## Check 17.1: the input of the cells
#
# Write h for any patterns and any g. The patterns are rows of `xi` (values of -1/2 and 1/2), `X` has a value for each of N cells, and the overlap is
# m_mu = (4/N) sum over i of xi_mu,i X_i. The sequence is a
# *cycle*: the last pattern is the one before the first.


# %% nbgrader={"grade": false, "grade_id": "drive", "locked": false, "schema_version": 3, "solution": true, "task": false}
def drive(xi, X, g):
    """The input of each cell, shape (cells,), from patterns of shape (patterns, cells) and a state
    of shape (cells,).
    """
    ### BEGIN SOLUTION
    m = 4 / xi.shape[1] * xi @ X
    return xi.T @ ((2 - g) * m + np.roll(m, 1) + np.roll(m, -1))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-1", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def in_a_cycle(draw):
    number, size = draw.integer("patterns", 5, 9), draw.integer("cells", 40, 60)
    xi = sh.rates.random_patterns(number, size, rng=draw.rng("patterns")) / 2
    X, g = draw.rng("state").uniform(size=size), draw.between("g", 0.5, 3.5, step=0.25)
    itself, after = np.eye(number), np.eye(number, k=1)
    after[-1, 0] = 1  # the first pattern follows the last
    line = np.eye(number, k=1) + np.eye(number, k=-1)

    def through(links):
        return 4 / size * xi.T @ links @ xi @ X

    right = through((2 - g) * itself + after + after.T)
    mistakes = {
        "The sign of the inhibition is turned: g is added, and should be subtracted.": through((2 + g) * itself + after + after.T),
        "The inhibition is left out: these patterns hold themselves with 2.": through(2 * itself + after + after.T),
        "The excitation of a pattern by itself (2) is left out.": through(-g * itself + after + after.T),
        "The inhibition is subtracted from the neighbours, too: it has learned each pattern for itself.": through(
            (2 - g) * itself + (1 - g) * (after + after.T)
        ),
        "The cycle is not closed: the first and the last pattern are neighbours, too.": through((2 - g) * itself + line),
        "Only the pattern before counts; the one after is missing.": through((2 - g) * itself + after.T),
        "Only the pattern after counts; the one before is missing.": through((2 - g) * itself + after),
        "The neighbours are left out: each pattern drives itself alone.": through((2 - g) * itself),
        "It is too small: the overlap is 4/N times the sum, since the values are 1/2 and not 1.": right / 4,
        "It is too large: the overlap is not divided by the number of cells.": right * size,
        "The overlap is neither divided by the number of cells nor multiplied by 4: this is the sum alone.": right * size / 4,
        "The overlap is divided by the number of patterns: the mean is over cells.": right * size / number,
        "The overlap is a mean over patterns, without the factor 4; the mean is over cells.": right * size / 4 / number,
    }
    return sh.course.Problem((xi, X, g), right, mistakes)


sh.course.check("17.1", drive, on=in_a_cycle, within=1e-9, absolute=1e-9)

# %% [markdown]
# ## Predict: pairs that are seen once
#
# Now each input x has a target of 100 random bits, and 1500 such pairs are shown once, one after the other. The outputs are y = 1/(1 + exp(-u)),
# where u is the summed input. Three rules multiply the centred input x - mu, where mu is its mean, by
#
# - Hebb with targets: target - 1/2,
# - delta rule: (target - y) y (1 - y), gradient descent on the squared error,
# - Hebbian-descent: target - y, the same without y (1 - y), the slope of the output.
#
# (Each output also has a bias that learns by the same factor, and each rule a learning rate that suits it: 1, 2 and 5.)

# %% nbgrader={"grade": false, "grade_id": "predict-once", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The mean error (0.5 is chance) of the pair that was seen last, with these three rules? Write
# mine = [Hebb, delta, descent].
### BEGIN SOLUTION
mine = [0.5, 0.3, 0.05]
### END SOLUTION
sh.course.predict("once", mine)

# %%
pairs = sh.rates.online_pairs(seeds=1, seed=me.integer("pairs", 0, 10_000))
_ = sh.plot(pairs)
last = pairs.error.isel(seed=0).sel(centred="centred", age=1)
sh.course.reveal("once", [float(last.sel(rule=rule)) for rule in ("targets_hebb", "delta_rule", "hebbian_descent")])

# %% [markdown]
# **"Hebb's rule with a target is learning from errors" is wrong.** It never looks at what the cell has answered, so it cannot know
# whether something is left to learn. All pairs count alike, and 1500 are too many.
#
# **"Without the slope it is no descent any more" is wrong, too.** Hebbian-descent descends on the cross-entropy in place of the squared error. The
# difference matters where an output is *saturated and wrong*: there the slope is nearly 0
# and the delta rule mends nearly nothing, just where most is to be mended. A larger learning rate does not help: it saturates more outputs.
#
# **Nor does a rule that learns at one sight keep what it learned.** The line of Hebbian-descent rises with age until chance: it is a memory that forgets (notebook 16). Where the input
# is not centred (dashes) the last pair is learned as well, but a few pairs later most of it is gone: the mean, which all inputs share, carries each new pair into the old ones.
#
# ## Check 17.2: one pair, two rules
#
# Write the change of the weights by one pair: of the delta rule where `slope` is True, and of Hebbian-descent where it is False. The output is y = 1/(1 + exp(-u)), with u = W (x - mu).


# %% nbgrader={"grade": false, "grade_id": "change-by", "locked": false, "schema_version": 3, "solution": true, "task": false}
def change_by(W, x, mu, target, eta, slope):
    """The change of W, shape (outputs, inputs), by one pair of x, shape (inputs,), and target,
    shape (outputs,).
    """
    ### BEGIN SOLUTION
    y = 1 / (1 + np.exp(-W @ (x - mu)))
    post = target - y
    if slope:
        post = post * y * (1 - y)
    return eta * np.outer(post, x - mu)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def one_pair(draw):
    rng, slope, eta = draw.rng("pair"), draw.choice("slope", [True, False]), draw.between("eta", 0.5, 5.0, step=0.25)
    outputs, inputs = draw.integer("outputs", 3, 5), draw.integer("inputs", 6, 9)
    W, mu = rng.normal(size=(outputs, inputs)), rng.uniform(0.2, 0.8, size=inputs)
    x, target = rng.integers(0, 2, inputs).astype(float), rng.integers(0, 2, outputs).astype(float)

    def change(with_slope=slope, seen=mu, read=mu):
        """What the library says: the inputs less `seen` drive the outputs, and
        those less `read` enter the product.
        """
        y = 1 / (1 + np.exp(-W @ (x - seen)))
        rule = sh.rates.rule("delta_rule" if with_slope else "hebbian_descent", eta=eta)
        return sh.rates.change(rule, W, x, y, target=target, mu=read)

    right = change()
    y = 1 / (1 + np.exp(-W @ (x - mu)))
    share = y * (1 - y) if slope else np.ones(outputs)
    mistakes = {
        "The output is not subtracted from the target: this is Hebb's product, which does not end when all is learned.": eta
        * np.outer(target * share, x - mu),
        "The output is not subtracted from the target, and the slope y (1 - y) is never there.": eta * np.outer(target, x - mu),
        "This is the rule of Hebb with targets (target - 1/2): the output does not enter.": eta * np.outer(target - 0.5, x - mu),
        "The sign is turned: with output - target the error grows. The change goes towards the target.": -right,
        "The slope y (1 - y) is forgotten: these are changes of Hebbian-descent, also where the delta rule is asked for.": change(False),
        "The slope y (1 - y) is there where it should not be: these are changes of the delta rule, also where Hebbian-descent is asked for.": (
            change(True)
        ),
        "The two rules are exchanged: the delta rule is the one with the slope.": change(not slope),
        "The input is not centred in the product: x stands there for x - mu.": change(read=0.0),
        "The input is not centred where the output is computed: u = W (x - mu).": change(seen=0.0),
        "The input is not centred, neither in the output nor in the product.": change(seen=0.0, read=0.0),
        "mu is taken for the mean over the inputs of this sample; it is the mean over samples of each input.": change(
            seen=x.mean(), read=x.mean()
        ),
        "The learning rate is left out.": right / eta,
        "These are the new weights; the change is asked for.": W + right,
        "It is the transpose: outputs are rows, inputs are columns.": right.T,
    }
    return sh.course.Problem((W, x, mu, target, eta, slope), right, mistakes)


sh.course.check("17.2", change_by, on=one_pair, cases=8, within=1e-9, absolute=1e-12)

# %% [markdown]
# ## Check 17.3: error by age
#
# The rows of `outputs` and `targets` are pairs in the order in which they were seen, the columns are bits. Write the mean absolute error of each
# pair, the *newest first*: this is what the figure above shows.


# %% nbgrader={"grade": false, "grade_id": "error-by-age", "locked": false, "schema_version": 3, "solution": true, "task": false}
def error_by_age(outputs, targets):
    """The mean absolute error of each pair, shape (pairs,), the newest first; outputs and targets
    have the shape (pairs, bits).
    """
    ### BEGIN SOLUTION
    return np.abs(outputs - targets).mean(axis=1)[::-1]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
def seen_once(draw):
    rng, number, bits = draw.rng("pairs"), draw.integer("pairs", 6, 9), draw.integer("bits", 10, 14)
    targets, outputs = rng.integers(0, 2, (number, bits)).astype(float), rng.uniform(size=(number, bits))
    off = np.where(targets == 1, 1 - outputs, outputs)
    right = off[::-1] @ np.full(bits, 1 / bits)
    mistakes = {
        "The oldest pair is first; the newest was seen last.": right[::-1],
        "The mean is taken over the wrong axis: this is the error of each bit, and not of each pair.": off.mean(axis=0),
        "The mean is taken over the wrong axis, and reversed: these are errors of bits, and not of pairs.": off.mean(axis=0)[::-1],
        "Errors of opposite sign cancel: take the absolute value of each before the mean.": (outputs - targets).mean(axis=1)[::-1],
        "Errors of opposite sign cancel: the absolute value of each is missing before the mean.": (targets - outputs).mean(axis=1)[::-1],
        "The absolute value is taken after the mean, where errors of opposite sign have cancelled.": abs((outputs - targets).mean(axis=1))[
            ::-1
        ],
        "This is the mean squared error; the absolute one is asked for.": (off**2).mean(axis=1)[::-1],
        "This is the share of wrong bits: the outputs were rounded.": (off > 0.5).mean(axis=1)[::-1],
        "This is the sum over bits; the mean is asked for.": right * bits,
    }
    return sh.course.Problem((outputs, targets), right, mistakes)


sh.course.check("17.3", error_by_age, on=seen_once, within=1e-9, absolute=1e-9)

# %% [markdown]
# ## Predict: only right or wrong
#
# At last nobody says what the answer should have been. Four pairs are learned by trial and error: in each layer the cells with the largest input win.
# After a *wrong* answer the active synapses are weakened
# by random amounts between 0 and rho. After *every* trial, right or wrong, a Hebbian term eps (2y - 1) x is added: of the synapses of active inputs,
# those onto winners gain eps, and all others lose eps.

# %% nbgrader={"grade": false, "grade_id": "predict-trials", "locked": false, "schema_version": 3, "solution": true, "task": false}
# In how many of 10 runs are all pairs learned within 2000 trials, for eps/rho = 0, 0.1, 0.2 and
# 0.26? Write mine = [none, weak, middle, strong].
### BEGIN SOLUTION
mine = [6, 10, 10, 0]
### END SOLUTION
sh.course.predict("trials", mine)

# %%
trials = sh.rates.reward_paths(seeds=10, ratios=(0.0, 0.1, 0.2, 0.26), most=2000, seed=me.integer("trials", 0, 10_000))
_ = sh.plot(trials)
learned = (1 - trials.failed).sum("seed")
sh.course.reveal("trials", learned.values)

# %% [markdown]
# **"A Hebbian term strengthens whatever was done, also mistakes, and so can only do harm" is wrong.** It deepens the paths that are used; a likely
# reason why it helps is that what one pair has learned is then not torn down while the next
# one searches. **"The more of it, the better" is wrong, too**: there is a wall, and behind it nothing is learned at all. Just before it learning is slow again
# (try `ratios=(0.2, 0.24)`). Grey points are single runs; those at 2000 were ended without success.
#
# ## Check 17.4: where is the wall?
#
# A wrong answer is given up once the synapses of its winners have fallen behind those of other cells. The depression lowers the former; the Hebbian term moves both.

# %%
rho = me.between("rho", 0.05, 0.5, step=0.05)
print(f"After a wrong answer active synapses lose a random amount between 0 and rho = {rho:.2f}.")

# %% nbgrader={"grade": false, "grade_id": "answer-4", "locked": false, "schema_version": 3, "solution": true, "task": false}
# From which eps on does a winner's synapse, on average, no longer fall behind that of a cell
# that did not win, after a wrong answer? Write eps = ...
### BEGIN SOLUTION
eps = rho / 2 / 2
### END SOLUTION
lost = me.rng("depression").uniform(0, rho, size=1_000_000).mean()
sh.course.check(
    "17.4",
    eps,
    expected=float(lost / 2),
    within=0.005,
    mistakes={
        "The winner gains eps, and the others lose eps: the gap grows by both.": lost,
        "This is the largest depression; the mean is what counts, and the gap grows by 2 eps.": rho,
        "This is the wall in units of rho; eps itself is asked for.": 0.25,
    },
)

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# Why does the delta rule learn a pair worse at one sight than Hebbian-descent, and why does too strong a Hebbian term end learning by trial and error?
#
# ### BEGIN SOLUTION
# Where an output is saturated and wrong the slope y (1 - y) is nearly 0, so that the delta rule changes nearly nothing just where the error is largest. Beyond eps = rho/4 the
# gap that the Hebbian term opens at each trial between winners and the others is larger than what the mean depression after a wrong answer closes, so that a wrong answer is
# given again and again.
#
# Rubric: 1 point: the slope is small where the output is saturated, also where it is wrong. 1 point: the Hebbian term strengthens a wrong path by more than a wrong
# answer weakens it. No point for "the learning rate is too large" alone.
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
rise = linked.correlation.sel(c=-1.5) - linked.correlation.sel(c=1.5)
assert float(rise.mean("seed").sel(distance=[4, 6]).min()) > 0.15, "inhibition links attractors beyond their neighbours"
newest = pairs.newest.isel(seed=0)
hebb, delta, descent = (float(newest.sel(rule=rule, centred="centred")) for rule in ("targets_hebb", "delta_rule", "hebbian_descent"))
assert descent < 0.3 < delta < hebb, "Hebbian-descent learns new pairs at one sight, better than the delta rule and Hebb"
assert float(last.sel(rule="hebbian_descent")) < 0.15, "the last pair is known after one sight"
assert descent < float(newest.sel(rule="hebbian_descent", centred="raw")) - 0.06, "it needs centred inputs"
assert float(pairs.error.isel(seed=0, age=-1).sel(rule="hebbian_descent", centred="centred")) > 0.4, "and it forgets"
mean_steps = np.exp(np.log(trials.steps).mean("seed"))
assert float(mean_steps.sel(ratio=0.0) / mean_steps.sel(ratio=0.2)) > 1.3, "a Hebbian term shortens the search"
assert float(learned.sel(ratio=0.2)) >= 8 and float(learned.sel(ratio=0.26)) <= 1, "behind the wall nothing is learned"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, and the two sentences.
#
# **What goes wrong**
#
# - In 17.1 inhibition is added, or the cycle is left open: `m[1:]` and `m[:-1]` instead of `np.roll`.
# - In 17.2 the output is not subtracted, the sign is turned, or x stands for x - mu in one of its two places. The check says which.
# - In 17.3 the mean is over pairs (axis 0) and gives a value for each bit.
# - In 17.4 the gap is taken to grow by eps. It does for the form y x, without the loss of the others, whose wall is rho/2.
#
# **To discuss** Where would a brain have the target from? And is a punishment after which active synapses are weakened the same thing as a reward with its sign turned?
#
# The 10 runs are few: at eps = 0 about 40 % do not end within 6000 trials, and trials of single runs differ by a factor of 10.
