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
#     seconds: 20
# ---

# %% [markdown]
# # 12. Which rule is it?
#
# **You learn** to choose experiments that tell rules apart, to say in probabilities what data mean, and to spend a budget of cells.
#
# **You need** notebooks 2, 3, 4 and 10, and Bayes' rule: posterior ∝ prior × likelihood.
#
# **Time** 100 minutes.
#
# A synapse is hidden from you. It follows one of six rules, with parameters of its own. You may buy experiments with a budget of 48 cells; cells
# differ, some show nothing, some are lost. In the end you write down a probability for each rule. First you learn to plan, then you play.
# (Without a C++ compiler the hidden rule is one of four, at level 0: calcium rules would take numpy many minutes.) Drawing a synapse takes some
# seconds, on a slow machine half a minute.

# %%
import textwrap

import matplotlib.pyplot as plt
import numpy as np

import spikeheb as sh

me = sh.course.seed("Ada Lovelace")  # your own name here: your hidden synapse differs from your neighbour's
hidden = sh.mystery(me.integer("synapse", 1, 9999), level=sh.course.affordable(1, 0))
print(textwrap.fill(hidden.text, 100))

# %% [markdown]
# (In a terminal: `spikeheb mystery new --seed 7`, then `do`, `answer` and `grade`. A seed is for practice: anybody can compute the synapse from
# it.)
#
# ## Predict: what is left after a good fit?
#
# Sixty pairs at -10 ms and 1 Hz gave a mean ratio of 0.62. At least one of the six rules predicts exactly this with its published parameters.

# %% nbgrader={"grade": false, "grade_id": "predict-fit", "locked": false, "schema_version": 3, "solution": true, "task": false}
# How many of the six rules predict a ratio within 0.15 of 0.62? Write mine = a number.
### BEGIN SOLUTION
mine = 1
### END SOLUTION
sh.course.predict("fit", mine)

# %%
EXPERIMENTS = {
    "+10 ms": {"delta_t": "10 ms"},
    "-10 ms": {"delta_t": "-10 ms"},
    "-30 ms": {"delta_t": "-30 ms"},
    "+10 ms, 40 Hz": {"delta_t": "10 ms", "frequency": "40 Hz"},
    "-10 ms, 240 pairs": {"delta_t": "-10 ms", "pairs": 240},
    "post-pre-post": {"delta_t": "-10 ms", "post_pattern": "0 ms, 20 ms"},
    "pre-pre-post, 5 Hz": {"delta_t": "10 ms", "pre_pattern": "-20 ms, 0 ms", "frequency": "5 Hz", "pairs": 75},
    "burst before pre": {"delta_t": "-30 ms", "post_pattern": "0 ms, 10 ms, 20 ms"},
}


def predicted(rule, **settings):
    """The mean ratio that a rule predicts with its published parameters; without other settings,
    60 pairs at 1 Hz.
    """
    many = {"synapses": 100} if rule.startswith("graupner_brunel") else {}  # each of its synapses has two states only
    data = sh.run("pairing", rule, test_pulses=False, **{"frequency": "1 Hz", "pairs": 60} | settings, **many)
    return max(float(data.efficacy_ratio[0]), 0.1)  # a smaller EPSP is lost in the noise


def predicted_by_all():
    """For each of the six rules its ratios in all experiments."""
    return {rule: [predicted(rule, **settings) for settings in EXPERIMENTS.values()] for rule in hidden.level.answers}


of_rules = sh.course.long_run("12_which_rule_is_it", "table", predicted_by_all)
RULES = list(of_rules)
table = np.array(list(of_rules.values())).T  # a row for each experiment, a column for each rule
fig, ax = plt.subplots(figsize=(8.5, 4.4), layout="constrained")
picture = ax.imshow(np.log(table), cmap="PuOr_r", vmin=-1.2, vmax=1.2, aspect="auto")
for (row, column), value in np.ndenumerate(table):
    ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if abs(np.log(value)) > 0.8 else "black", fontsize=9)
ax.set_xticks(range(len(RULES)), [rule.replace(":", "\n") for rule in RULES], fontsize=8)
ax.set_yticks(range(len(EXPERIMENTS)), list(EXPERIMENTS))
_ = ax.set_title("Ratios that the rules predict: a row with one colour cannot decide")
left = int(np.sum(np.abs(table[1] - 0.62) <= 0.15))
sh.course.reveal("fit", left)

# %% [markdown]
# **The best fit is not the true rule**: it is the best of those that you compared, at the protocol that you did. At -10 ms three rules fit. Their
# parameters differ from synapse to synapse too, so that even "exactly 0.62" means nothing. What decides is an experiment in which the rules that
# are left predict *different* things: read the table by rows.
#
# ## Check 12.1: how far apart are two rules?
#
# The logarithm of a cell's ratio has a standard deviation (SD) of about 0.3 where a rule predicts 0.6 or 1.6: drift and sweeps give about 0.2, and
# the gain of a cell multiplies its change. So the SD is 0.2 at a ratio of 0.8, 0.5 at 0.4, and above 1 at 0.1. To keep it simple, we plan with 0.3.
# The mean of n cells is better known, by the square root of n. How many standard errors lie between two predictions?

# %%
cases = []  # experiments and two rules that predict different things in them
for row, ratios in enumerate(table):
    for i, j in np.argwhere(np.abs(np.log(ratios[:, None] / ratios)) > 0.15):
        if abs(np.log(ratios[i] / ratios[j]) / (ratios[i] - ratios[j]) - 1) > 0.03:  # differences of logarithms, and not of ratios
            cases.append((row, int(i), int(j)))
row, first, second = me.choice("experiment", cases)
chosen, m_1, m_2 = list(EXPERIMENTS)[row], table[row, first], table[row, second]
n = me.integer("n", 4, 12)
print(f"{chosen}: {RULES[first]} predicts {m_1:.3f}, {RULES[second]} predicts {m_2:.3f}; {n} cells, SD of the logarithm 0.3")

# %% nbgrader={"grade": false, "grade_id": "answer-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write separation = ... (positive; the predictions themselves have no error)
### BEGIN SOLUTION
separation = abs(np.log(m_1 / m_2)) * np.sqrt(n) / 0.3
### END SOLUTION
apart = abs(np.log(m_1 / m_2))
sh.course.check(
    "12.1",
    separation,
    expected=abs(float(np.log(m_1) - np.log(m_2))) / (0.3 / n**0.5),
    mistakes={
        "This is the separation by a single cell: the mean of n cells is known better, by the square root of n.": apart / 0.3,
        "The error falls with the square root of n, not with n.": apart * n / 0.3,
        "The error of the mean is the SD divided by the square root of n. You made it larger than the SD.": apart / 0.3 / np.sqrt(n),
        "Take the difference of the logarithms of the ratios: the 0.3 is that of the logarithm.": abs(m_1 - m_2) * np.sqrt(n) / 0.3,
        "This is for a single cell, and for ratios: take their logarithms, and the error of the mean.": abs(m_1 - m_2) / 0.3,
        "np.log10 is the logarithm to the base 10; the natural one is np.log.": apart * np.sqrt(n) / 0.3 / np.log(10),
        "One mean is measured, and the predictions have no error: no square root of 2 is needed.": apart * np.sqrt(n / 2) / 0.3,
        "You multiplied by the square root of 2, which is not needed: only one mean is measured.": apart * np.sqrt(2 * n) / 0.3,
        "You divided by the square root of 0.3: the 0.3 is an SD, and not a variance.": apart * np.sqrt(n / 0.3),
    },
)

# %% [markdown]
# ## Check 12.2: choose the next experiment
#
# Write a function that is given a table of predictions (a row for each experiment, a column for each rule) and the present probabilities of the
# rules. It gives the number of the row in which the *two most probable* rules are farthest apart, by the logarithm of the ratio.


# %% nbgrader={"grade": false, "grade_id": "next-experiment", "locked": false, "schema_version": 3, "solution": true, "task": false}
def next_experiment(table, probabilities):
    """The row (counted from 0) that separates the two most probable rules best."""
    ### BEGIN SOLUTION
    first, second = np.argsort(probabilities)[-2:]
    return int(np.argmax(np.abs(np.log(table[:, first] / table[:, second]))))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-2", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
def planned(draw):
    """A table in which the right row is known, and those with the largest spread, with the largest
    plain difference, and for the least probable rules.
    """
    numbers = draw.rng("table")
    rows, columns = 6, 5
    best, widest, plain, least = numbers.permutation(rows)[:4]
    top = numbers.permutation(columns)
    logs = np.tile(numbers.uniform(-0.1, 0.1, (rows, 1)), (1, columns)) + numbers.uniform(-0.04, 0.04, (rows, columns))
    lower = draw.choice("lower", [0, 1])  # so that an order of the two rules does not replace the absolute value
    logs[best, top[lower]] = logs[best, top[1 - lower]] - 0.9  # 0.4 to 1: a large factor, a small difference
    logs[plain, top[0]], logs[plain, top[1]] = np.log(2.9), np.log(2.0)
    logs[widest, top[2]], logs[widest, top[3]] = 1.4, -1.4
    logs[least, top[3]], logs[least, top[4]] = 0.8, -0.8
    probabilities = np.empty(columns)
    probabilities[top] = np.array([0.42, 0.36, 0.12, 0.06, 0.04])
    signed = logs[:, top[0]] - logs[:, top[1]]
    mistakes = {
        "In this row any two rules are farthest apart, but not the two that are most probable now.": int(widest),
        "Compare logarithms: from 0.4 to 1.0 is farther than from 2.0 to 2.9.": int(plain),
        "It is the row after the right one: rows are counted from 0.": int(best) + 1,
        "These are the two least probable rules: np.argsort gives rising order.": int(least),
        "The absolute value is missing: a rule may predict more than the other, or less.": int(np.argmax(-signed)),
        "The absolute value is missing: a rule may predict less than the other, or more.": int(np.argmax(signed)),
        "In this row the two rules are nearest to each other.": int(np.argmin(np.abs(signed))),
    }
    return sh.course.Problem((np.exp(logs), probabilities), int(best), mistakes)


sh.course.check("12.2", next_experiment, on=planned, within=0.0, cases=8)

# %% [markdown]
# ## Check 12.3: what the data say
#
# Write Bayes' rule for cells. If a rule predicts the ratio m, the logarithm of a cell's ratio is normal, with the mean log(m) and the
# standard deviation `sd`. Every cell counts. The probabilities that you return add up to 1.


# %% nbgrader={"grade": false, "grade_id": "bayes", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bayes(prior, predictions, sd, ratios):
    """The posterior of the rules: arrays of the prior and of the predicted ratio of each rule, and
    the measured ratios of the cells.
    """
    ### BEGIN SOLUTION
    distance = (np.log(ratios)[:, None] - np.log(predictions)[None]) / sd
    logarithm = np.log(prior) - 0.5 * np.sum(distance**2, axis=0)
    weights = np.exp(logarithm - logarithm.max())
    return weights / weights.sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-3", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def cells_of_two_rules(draw):
    """Cells that were made so that the odds of two rules are known."""
    numbers, size, sd = draw.rng("cells"), draw.integer("n", 3, 8), draw.between("sd", 0.2, 0.4)
    prior = draw.between("prior", 0.15, 0.35)
    odds = draw.between("odds", 1.5, 12.0)  # what the data say, for the first rule
    low, high = np.log(draw.between("m_1", 0.6, 0.9)), np.log(draw.between("m_2", 1.2, 1.6))
    mean = (low + high) / 2 - sd**2 / (size * (high - low)) * np.log(odds)
    noise = sd * numbers.standard_normal(size)
    ratios = np.exp(mean + noise - noise.mean())

    def share(o):
        return np.array([o, 1.0]) / (o + 1)

    def said(cells, first, second):
        """The odds that each cell gives, if the rules predict the numbers `first` and `second`."""
        return np.exp(((cells - second) ** 2 - (cells - first) ** 2) / (2 * sd**2))

    before = prior / (1 - prior)
    logs, (m_1, m_2) = np.log(ratios), np.exp([low, high])
    likelihoods = np.exp(-0.5 * ((logs[:, None] - [low, high]) / sd) ** 2)  # a row for each cell, a column for each rule
    products = np.array([prior, 1 - prior]) * likelihoods.prod(axis=0)
    mistakes = {
        "The prior is left out: a rule that was improbable before needs better data.": share(odds),
        "Only the mean counts, as if it were one cell: multiply the likelihoods of all cells.": share(before * odds ** (1 / size)),
        "The likelihood is squared: the exponent is -(distance/sd)**2/2.": share(before * odds**2),
        "This is the prior; the data do not act yet.": share(before),
        "The probabilities do not add up to 1: divide them by their sum.": products,
        "They do not add up to 1: divide them by their sum.": products / (sd * np.sqrt(2 * np.pi)) ** size,
        "They do not add up to 1: divide them by their sum, and not by the largest.": products / products.max(),
        "These are logarithms of probabilities: take np.exp, and divide by the sum.": np.log(products),
        "Only the last cell counts here: multiply the likelihoods of all cells.": share(before * said(logs[-1], low, high)),
        "Only the first cell counts here: multiply the likelihoods of all cells.": share(before * said(logs[0], low, high)),
        "The likelihoods of the cells are added: multiply them.": share(before * np.divide(*likelihoods.sum(axis=0))),
        "The minus sign in the exponent is missing: a cell far from a prediction speaks against it.": share(before / odds),
        "sd is not squared: the exponent is -(distance/sd)**2/2.": share(before * odds**sd),
        "The distance is not divided by sd.": share(before * odds ** (sd**2)),
        "The ratios are compared as they are: take the logarithms of the ratios.": share(before * said(ratios, low, high).prod()),
        "The predictions are compared as they are: take their logarithms.": share(before * said(logs, m_1, m_2).prod()),
        "Ratios and predictions are compared as they are: take the logarithms of both.": share(before * said(ratios, m_1, m_2).prod()),
    }
    return sh.course.Problem((np.array([prior, 1 - prior]), np.exp([low, high]), sd, ratios), share(before * odds), mistakes)


sh.course.check("12.3", bayes, on=cells_of_two_rules, within=1e-6)

# %% [markdown]
# ## Predict: how many cells?
#
# The truth is `suppression:literature`; its rival is `pair:additive`. Laboratory A pairs at -10 ms, with up to 48 cells. Laboratory B uses a burst
# before the presynaptic spike (the last row of the table), with a few cells. Before the first cell both rules have a probability of one half.

# %% nbgrader={"grade": false, "grade_id": "predict-same", "locked": false, "schema_version": 3, "solution": true, "task": false}
# How many cells does A need until the truth has a probability of 0.95 on average? Write mine =
# a number, or "never".
### BEGIN SOLUTION
mine = 30
### END SOLUTION
sh.course.predict("same", mine)

# %%
truth, rival = RULES.index("suppression:literature"), RULES.index("pair:additive")
cells = np.arange(1, 49)
curves = {}
fig, ax = plt.subplots()
for name, row in (("A: -10 ms", 1), ("B: burst before pre", len(EXPERIMENTS) - 1)):
    true, other = np.log(table[row, [truth, rival]])
    logs = true + 0.3 * me.rng(name).standard_normal((400, cells.size))  # 400 laboratories, cell after cell
    bits = np.cumsum((logs - other) ** 2 - (logs - true) ** 2, axis=1) / (2 * 0.3**2)
    curves[name] = (1 / (1 + np.exp(-bits))).mean(axis=0)
    ax.plot(cells, curves[name], ".-", label=name)
ax.set(
    xscale="log",
    xlabel="cells",
    xticks=[1, 2, 4, 8, 16, 32, 48],
    xticklabels=["1", "2", "4", "8", "16", "32", "48"],
    ylabel="probability of the truth (mean)",
    ylim=(0.4, 1.02),
    title="More of the same does not decide; another experiment does",
)
ax.minorticks_off()
_ = ax.legend(loc="center right")
same, other_one = curves["A: -10 ms"], curves["B: burst before pre"]
enough = int(cells[np.argmax(other_one >= 0.95)])
print(f"A has {same[-1]:.2f} after 48 cells; B has 0.95 after {enough}.")
sh.course.reveal("same", "never (within 48 cells)" if same.max() < 0.95 else f"{cells[np.argmax(same >= 0.95)]} cells")

# %% [markdown]
# **More of the same data does not decide.** Where two rules predict the same, more cells only show the same with smaller error bars. An
# experiment in which they differ decides with a few cells.
#
# ## Check 12.4: spend the cells
#
# Now all rules count, and each pair of rules must be told apart. With n cells in each row, the separation of two rules is the square root of the
# sum over rows of n (log m_1 - log m_2)²/sd². A design is as good as its *worst* pair. Write a function that shares out the cells among the rows. It is
# accepted if its worst pair has 80 % of the separation that the best possible design gives it. (An idea: give one cell after the other, each to
# the row that helps the pair that is worst at that time.)


# %% nbgrader={"grade": false, "grade_id": "spend", "locked": false, "schema_version": 3, "solution": true, "task": false}
def spend(table, cells):
    """How many cells each row gets, in a list; `table` has a row for each experiment and a column
    for each rule.
    """
    ### BEGIN SOLUTION
    logs = np.log(table)
    first, second = np.triu_indices(table.shape[1], 1)
    gain = (logs[:, first] - logs[:, second]) ** 2  # of a cell in each row, for each pair of rules
    counts = [0] * len(table)
    separation = np.zeros(first.size)
    for _ in range(cells):
        row = int(np.argmax(gain[:, np.argmin(separation)]))
        counts[row] += 1
        separation += gain[row]
    return counts
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-4", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
def a_budget(draw):
    """Four rules of the table, with parameters a little different."""
    from scipy.optimize import linprog

    numbers, size = draw.rng("table"), draw.integer("cells", 24, 48)
    rules = numbers.permutation(len(RULES))[:4]
    own = table[:, rules] * np.exp(numbers.normal(0, 0.05, (len(table), 4)))
    pairs = [(i, j) for i in range(4) for j in range(i)]
    gain = np.array([np.log(own[:, i] / own[:, j]) ** 2 for i, j in pairs])
    share = np.c_[-gain, np.ones(len(pairs))]  # maximise t with gain @ n >= t for each pair, and sum(n) = size
    best = linprog(np.r_[np.zeros(len(own)), -1], share, np.zeros(len(pairs)), [[1.0] * len(own) + [0.0]], [size]).x[-1]

    def accept(counts):
        try:
            counts = np.asarray(counts, dtype=float)
        except (TypeError, ValueError):
            counts = np.array([np.nan])
        if counts.shape != (len(own),) or np.any(counts < 0) or np.any(counts != np.round(counts)):
            return f"The function should return {len(own)} whole numbers, one for each row of the table."
        if counts.sum() > size:
            return f"It spends {counts.sum():.0f} cells; {size} are there."
        worst = int(np.argmin(gain @ counts))
        reached = np.sqrt((gain @ counts)[worst] / best)
        if reached >= 0.8:
            return ""
        names = " and ".join(str(RULES[rules[k]]) for k in pairs[worst])
        used = "one row" if np.sum(counts > 0) == 1 else f"{int(np.sum(counts > 0))} rows"
        return f"With {counts.sum():.0f} cells in {used}, {names} are worst separated: {reached:.0%} of what the best design reaches."

    return sh.course.Problem((own, size), accept=accept)


sh.course.check("12.4", spend, on=a_budget, cases=8)

# %% [markdown]
# ## Play: your hidden synapse
#
# Now it counts. Do an experiment, look, think, and only then do the next one. You have 48 cells, but you need not spend them all. Before your last
# experiment, register the interval in which you expect its mean ratio with a probability of 80 % (`predict=`).

# %% nbgrader={"grade": false, "grade_id": "experiment-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Your first experiment, such as data_1 = hidden.do("pairing", cells=6, delta_t="10 ms",
# frequency="1 Hz", pairs=60)
### BEGIN SOLUTION
data_1 = hidden.do("pairing", cells=8, delta_t="10 ms", frequency="1 Hz", pairs=60)
### END SOLUTION
_ = sh.plot(data_1)

# %% nbgrader={"grade": false, "grade_id": "experiment-2", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Your second experiment, data_2 = ... What would separate the rules that are left?
# (next_experiment tells you.)
### BEGIN SOLUTION
data_2 = hidden.do("pairing", cells=8, delta_t="-30 ms", post_pattern="0 ms, 10 ms, 20 ms", frequency="1 Hz", pairs=60)
### END SOLUTION
_ = sh.plot(data_2)

# %% nbgrader={"grade": false, "grade_id": "experiment-3", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Your last experiment, data_3 = ... with predict=(low, high). Write further ones before it, in
# cells of your own.
### BEGIN SOLUTION
data_3 = hidden.do("pairing", cells=8, delta_t="-10 ms", frequency="1 Hz", pairs=240, predict=(0.2, 0.8))
### END SOLUTION
_ = sh.plot(data_3)

# %%
hidden  # noqa: B018  # shows what was bought, and what is left

# %% [markdown]
# ## Answer
#
# Write your probabilities: honest doubt is paid, a lucky guess is not. What you do not name shares the rest.
#
# Your function `bayes` may do the work, with a row of `table` for each experiment. Two warnings. A lost cell is NaN, and one NaN makes every
# probability NaN: write `r = data_1.ratio.values.ravel()` and then `r = r[np.isfinite(r)]`. And `bayes` may be too sure of itself: the hidden
# rule has parameters of its own and is no column of the table, and strong changes have an SD above 0.3. So be less sure than
# `bayes`.
#
# You may give parameters of the most probable rule as well, `hidden.answer({...}, {"tau_plus": "18 ms"})`.

# %% nbgrader={"grade": false, "grade_id": "answer-5", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Write hidden.answer({"rule": probability, ...})
### BEGIN SOLUTION
rules = hidden.level.answers
columns = [RULES.index(rule) for rule in rules]
shares_now = np.full(len(rules), 1 / len(rules))
rows = ("+10 ms", "burst before pre", "-10 ms, 240 pairs")
for row, result in zip(rows, (data_1, data_2, data_3), strict=True):
    measured = result.ratio.values.ravel()
    shares_now = bayes(shares_now, table[list(EXPERIMENTS).index(row), columns], 0.4, measured[np.isfinite(measured)])
shares_now = np.round(0.94 * shares_now + 0.01, 3)  # the rules' parameters vary too, so nothing is certain
hidden.answer(dict(zip(rules[:-1], shares_now[:-1].tolist(), strict=True)))
### END SOLUTION

# %% [markdown]
# ## See: what your data said
#
# The ideal observer speaks only now. The thick line is the truth; a cross is what you handed in.

# %%
if not hidden.answered:
    print("Play first: experiments, and then hidden.answer(...).")
    raise NotImplementedError()  # nothing to see before
sh.plot(hidden.posterior())

# %%
if not hidden.answered:
    print("Play first: experiments, and then hidden.answer(...).")
    raise NotImplementedError()  # nothing to see before
hidden.report()

# %% [markdown]
# Read three things in the report. Which experiment brought the bits? (One bit halves the doubt.) What would have told the rest apart? And were
# your probabilities more certain than the data? Being sure and wrong costs most.

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# ## Explain in two sentences
#
# "We fitted five rules to the STDP window of our synapse; the pair rule fits best (n = 60 cells), so our synapse follows the pair rule." What do
# you answer, and which experiment do you advise?
#
# ### BEGIN SOLUTION
# The best fit is the best of the five at this one protocol, and rules that differ elsewhere have the same window, so more cells of the
# window cannot tell them apart. They should do an experiment in which the rules that are left predict different things, such as post-pre-post
# or bursts, many pairs, or another frequency, and give probabilities instead of a winner.
#
# Rubric: 1 point: best fit is not truth (best of those compared, same window), or more of the same data does not decide. 1 point: an
# experiment in which the remaining rules differ, with an example. No point for "more cells" or "smaller errors".
# ### END SOLUTION

# %% [markdown]
# ## The claim
#
# This cell runs without an error if what this notebook claims holds on your machine.

# %%
assert left >= 2, "a good fit leaves several rules"
assert abs(np.log(table[1, truth] / table[1, rival])) < 0.05, "two rules are alike at -10 ms"
assert abs(np.log(table[-1, truth] / table[-1, rival])) > 0.5, "and not with a burst before the presynaptic spike"
assert same[-1] < 0.6, "48 cells of the experiment in which two rules are alike do not decide"
assert enough <= 12, "a few cells of another experiment do"
print("All claims hold.")

# %% [markdown] tags=["teacher"]
# ## For the teacher
#
# **To hand in** the notebook with all checks passed, the report, and the two sentences. For marks, let the students play on your machine, where
# nobody can compute the synapse from a seed: `spikeheb mystery key`, then `spikeheb mystery serve`, and `spikeheb mystery grade FOLDER`.
#
# **What goes wrong**
#
# - All cells are spent on the window, because that is what papers show. Ask before each experiment: which two rules does it separate?
# - In 12.2 the row with the largest spread is chosen, or differences instead of logarithms; the check says which.
# - In 12.3 the prior is forgotten, or the mean is used as if it were one cell. The check recognises both.
# - In 12.4 all rows get the same number, or all cells go to the row with the largest spread. The check names the pair that suffers.
# - The answer is 1.0 for one rule. The report shows what that costs if the data leave a doubt.
# - A cell that shows nothing (one in ten) is thrown away by some students after the fact. Ask which rule would tell them to do so.
#
# **To discuss** Is there an experiment that no rule of the list survives? What would you do then?
