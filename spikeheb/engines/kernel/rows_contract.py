"""What Python and the networks of the kernel share, as `contract` has it for the other loops."""

from __future__ import annotations

from functools import cache

from spikeheb.engines.kernel.contract import Struct, members

POPULATION = Struct(
    "Group",
    "Cells of a network, or its sources of spikes (whose spikes are all imposed).",
    members(
        ("cells", "int64_t", "number of cells or sources"),
        ("dt", "double", "seconds"),
        ("seed", "uint64_t", "of the streams of random numbers of its cells"),
        ("constants", "const double *", "of the rule that stands in for one"),
        ("cell", "const double *", "constants of the cell"),
        ("durations", "const int64_t *", "steps: refractory time, then the parts of the spike's shape"),
        ("epoch", "int64_t", "steps, a power of two"),
        ("factors", "const real *", "of no use here"),
        ("lane", "real *", "[row][cell]"),
        ("flags", "uint8_t *", "by cell, and eight zeros: whether it is beyond the threshold"),
        ("part", "int64_t *", "by cell: the next part of the spike's shape"),
        ("part_at", "int64_t *", "by cell: its step"),
        ("imposed_count", "int64_t", "number of imposed spikes"),
        ("imposed_steps", "const int64_t *", "their steps, rising"),
        ("imposed_cells", "const int64_t *", "whose they are, rising within a step"),
        ("current_count", "int64_t", "number of changes of the current"),
        ("current_steps", "const int64_t *", "steps, rising"),
        ("current_cells", "const int64_t *", "cells, below 0 for all"),
        ("current_values", "const double *", "amperes"),
        ("imposed", "int64_t", "imposed spikes that are behind"),
        ("current", "int64_t", "changes of the current that are behind"),
        ("past", "int64_t", "steps that are remembered"),
        ("fired_count", "int64_t *", "[step modulo past]: how many fired"),
        ("fired", "int32_t *", "[step modulo past][place]: who fired, rising"),
        ("counts", "int64_t *", "spikes by cell"),
        ("keep", "int64_t", "whether spikes are kept"),
        ("kept", "int64_t", "how many are"),
        ("capacity", "int64_t", "how many there is room for"),
        ("kept_steps", "int64_t *", "their steps"),
        ("kept_cells", "int32_t *", "whose they are"),
        ("noise_every", "int64_t", "steps from one random current to the next; 0 for none"),
        ("noise_low", "double", "amperes"),
        ("noise_high", "double", "amperes"),
        ("noise_streams", "const uint64_t *", "by cell; none where there is no random current"),
        ("steady", "real *", "by cell: the current without it"),
    ),
    "class real",
)
TRIGGER = Struct(
    "Trigger",
    "A reward that cells bring about: a spike of one cell soon after one of another, and after a drawn delay the reward.",
    members(
        ("first", "void *", "the Group of the cell that fires first"),
        ("then", "void *", "the Group of the other"),
        ("first_cell", "int64_t", "its number"),
        ("then_cell", "int64_t", "its number"),
        ("within", "int64_t", "steps between their spikes, at most"),
        ("shortest", "int64_t", "delay, steps"),
        ("longest", "int64_t", "delay, steps"),
        ("value", "double", "amount of the reward"),
        ("stream", "uint64_t", "of the delays"),
        ("seen", "int64_t *", "the step of the last spike of the first cell, and the number of events so far"),
        ("due", "int32_t *", "[step modulo (longest + 1)]: how many rewards"),
    ),
)
PROJECTION = Struct(
    "Synapses",
    "Synapses from one population to another: rows, one for each source and delay, and columns, one for each cell.",
    members(
        ("cells", "int64_t", "number of cells"),
        ("rows", "int64_t", "sources times delays"),
        ("synapses", "int64_t", "number of synapses"),
        ("dt", "double", "seconds"),
        ("seed", "uint64_t", "of its streams of random numbers"),
        ("constants", "const double *", "of the rule"),
        ("cell", "const double *", "constants of the cell"),
        ("delays", "const int64_t *", "steps, by action"),
        ("late_by", "const int64_t *", "steps, by delayed variable"),
        ("epoch", "int64_t", "steps, a power of two"),
        ("factors", "const real *", "by decay: epoch + 1 of exp(s*t), then epoch + 1 of exp(-s*t)"),
        ("pre", "void *", "the Group that sends the spikes"),
        ("post", "void *", "the Group that they reach"),
        ("row_delay_count", "int64_t", "number of different delays"),
        ("row_delays", "const int64_t *", "steps, rising"),
        ("row_first", "const int64_t *", "first synapse by row, and one beyond"),
        ("target", "const int32_t *", "cell by synapse"),
        ("number", "const int32_t *", "by synapse: its number, cell after cell; none where nothing is random"),
        ("column_first", "const int64_t *", "first place by cell, and one beyond"),
        ("edge", "const int32_t *", "by place: the synapse; none where nothing goes through columns"),
        ("row_of", "const int32_t *", "by place: the row of the synapse; none where there is no `edge`"),
        ("synapse", "real *", "[variable][synapse]"),
        ("pre_values", "real *", "[variable][row]"),
        ("lane", "real *", "[row][cell]: what belongs to the cells and to no other projection"),
        ("lane_shared", "const int64_t *", "by row: the row of the Group, or -1"),
        ("synapse_since", "int64_t *", "as `synapse`, for variables with a step of their own"),
        ("pre_since", "int64_t *", "as `pre_values`"),
        ("lane_since", "int64_t *", "as `lane`"),
        ("history", "real *", "[delayed][step][cell], one after the other"),
        ("still", "int64_t", "whether weights stand still"),
        ("signal_count", "int64_t", "number of signals"),
        ("signal_kinds", "const int64_t *", "which the rule's handlers hear"),
        ("signal_steps", "const int64_t *", "steps, rising"),
        ("signal_cells", "const int64_t *", "cells, below 0 for all"),
        ("signal_values", "const double *", "amounts"),
        ("signal", "int64_t", "signals that are behind"),
        ("trigger_count", "int64_t", "number of triggers that it hears"),
        ("triggers", "const int64_t *", "addresses of them"),
        ("normalise", "int64_t", "a Normalisation"),
        ("normalise_every", "int64_t", "steps; 0 for after every event"),
        ("target_sum", "double", "the sum of a cell's weights"),
        ("low", "double", "their lower limit"),
        ("high", "double", "their upper limit"),
        ("snapshot_count", "int64_t", "number of snapshots"),
        ("snapshot_steps", "const int64_t *", "steps at whose end all weights are recorded"),
        ("snapshots", "real *", "snapshots x synapses"),
        ("snapshot", "int64_t", "snapshots that are behind"),
    ),
    "class real",
)
NETWORK = Struct(
    "Network",
    "What happens in a step of a network: functions that are called one after the other, each with what it is about.",
    members(
        ("now", "int64_t", "the next step"),
        ("count", "int64_t", "number of calls in a step"),
        ("functions", "const int64_t *", "addresses of int64_t (*)(void *, int64_t), which return a Status"),
        ("objects", "const int64_t *", "addresses of what is handed to them"),
    ),
)


@cache
def header() -> str:
    """The text of ``rows_contract.hpp``, which only networks include."""
    lines = ["// What Python and networks share; printed from `rows_contract.py`.", "#pragma once", "", '#include "contract.hpp"', ""]
    return "\n".join([*lines, *(struct.cpp() for struct in (POPULATION, TRIGGER, PROJECTION, NETWORK))])
