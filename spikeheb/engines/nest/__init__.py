"""Networks in NEST, for what one machine cannot hold.

``sh.network(file, engine="nest")`` and ``spikeheb net FILE --engine nest`` carry a network out with NEST (https://nest-simulator.org),
which is installed apart: ``pip install "spikeheb[nest]"``. Connectivity, weights, delays and input spikes are the same as in the kernel,
number by number, because spikeheb draws them and hands them over as arrays.

**What is the same.** A rule runs in NEST by one of two ways, and the result says for each projection which (``synapses``).

- By one of NEST's own synapses, where one computes the rule: pairs of all four schemes with hard, soft or power bounds from 0 on, the
  power law of the weight itself (Morrison et al. 2007), triplets of all spikes, Vogels' rule, short-term plasticity with u resting at 0
  or constant, and pairs of all spikes that leave an eligibility until there is dopamine, with hard bounds from 0 on, where rewards of
  one amount above 0 reach all cells of a population. Under given spikes, weights are the kernel's within 1e-9.
- By a synapse that is compiled from the rule against the headers that NEST brings, wherever the first way would need the file to be
  written otherwise: any rule whose handlers hear spikes and whose variables are solved between them, with any bounds, start values,
  order of ties and order of transmission. Under given spikes, weights are the kernel's within 1e-12. This needs g++ and 10 seconds for
  each rule, once. (NESTML could write such synapses too; it moves postsynaptic traces into cells that it has to write anew, so that
  NEST's own cells could not be used, and knows one order of ties.) Phases change such synapses alone; NEST then exchanges spikes in
  every step.

Cells run where NEST has their equations: leaky integrate-and-fire cells with two conductances, or with currents. NEST integrates with
other methods, so some spikes come a step earlier or later, and recurrent networks agree in distribution only.

**What has to be written in the file** for NEST's own synapses, which are smaller and faster; the kernel understands it the same way:

- ``coincidence = "discard"``: a tie counts in neither order in NEST. For presynaptic-centred and restricted pairs the traces that a tie
  leaves behind differ nevertheless, and where the bounds depend on the weight a tie's two changes come in the other order.
- ``backpropagation_delay``: twice the projection's delay for what NEST calls the delay. NEST has one delay for both ways between synapse
  and cell. Where spikes take longer to the synapse than that, a relay of NEST stands between. Where postsynaptic spikes take no time
  back, what is left of the way behind the relay is one time step, and NEST exchanges spikes in every step, which is slower.

In either way delays are one time step at least.

**What differs, and is noted in the result**: NEST's own synapses transmit a weight after the spike's own change, and most rules here
before it. In a recurrent network of triplets this made the mean weight 2 % lower. A rule whose handler has ``transmit = 1`` after ``ltd``
is the same in both. NEST clips Vogels' rise and loss one after the other. Weights are read when a multiple of the shortest delay has
passed, so up to one shortest delay before the step that was asked for. With rewards they are read in that very step, for which NEST
exchanges spikes in every step; a tie of spikes counts in neither order there, and as presynaptic first in the rule even where it says
``discard``, since what a pair changes is the eligibility. NEST's dopamine synapse counts a postsynaptic spike twice where NEST brings
weights up to date between spikes, so it is kept from doing that within a run.

**What is refused, by name**: rules with a clock, noise, ``[post]``, the membrane potential or delayed handlers, other rules with rewards,
rewards that cells bring about, of several amounts or to single cells, rewiring, normalisation, constants that differ between cells,
single precision, other cells, and imposed spikes on cells that could fire by themselves.

**Several processes.** The wheel of NEST has threads and no MPI. For MPI, NEST is built from source (``pip install --no-binary
nest-simulator --config-settings=cmake.define.with-mpi=ON nest-simulator``, which takes half an hour) into the environment that has
spikeheb and mpi4py, and ``mpirun -n 4 python run.py`` runs a script that calls ``sh.network(..., engine="nest")``. Rules are then compiled
with MPI's compiler, ``mpicxx``. Each process draws the whole graph and then keeps the synapses onto its own cells: the weights in its
result are those of these synapses, the spikes those of all cells; let each process save under a name of its own. Tested on one machine
with Open MPI and 1 to 4 processes: given spikes and a recurrent network, with NEST's own synapses (with dopamine too) and with compiled
ones, have the spikes and weights of one process. A second network in the same processes is refused, since NEST 3.10 hands its spikes to
wrong synapses. A plastic synapse takes 48 to 112 bytes in NEST and 20 (12 in single precision) in the kernel, so one machine with the
kernel holds as much as two to eight with NEST: it pays from about 10^9 synapses on. Not tested: more than one host.
"""
