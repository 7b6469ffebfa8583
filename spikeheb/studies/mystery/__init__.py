"""The hidden synapse: experiments on a synapse whose rule is not told, within a budget of cells."""
