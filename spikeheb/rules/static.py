"""Synapses without plasticity, as a rule: a projection without a rule is carried out as one with this."""

from __future__ import annotations

from spikeheb.rules.file import parse_rule

STATIC = parse_rule(
    """
schema = 1
name = "unchanging"
title = "A weight that stands still"
doc = "Every presynaptic spike is transmitted, and nothing changes the weight."
[synapse]
model = "w : 1"
weight = "w"
initial = { w = 1 }
[[on]]
event = "pre"
do = ["transmit = 1"]
[bounds]
kind = "none"
""",
    "a projection without a rule",
)
