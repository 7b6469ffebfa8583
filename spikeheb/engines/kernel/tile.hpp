// A tile of fan-in: some of the cells with all their inputs, step by step; their weights stay in the cache.
//
// Model, which is generated from a rule and a cell, says what happens; this file says when. A tile is a few blocks of W
// cells each. The weights of a block stand as [input][cell of the block], so that a presynaptic spike meets the cells of a
// block side by side, and a postsynaptic one reads one block from end to end.
//
// A variable that decays with a constant slope s is stored as Z = (z - rest)*exp(-s*t), with t counted from the beginning of
// an epoch of fixed length: nothing has to be done to it while time goes by, and all that events need are two tables.
#pragma once

#include "cells.hpp"
#include "inputs.hpp"
#include "normalise.hpp"

#include <algorithm>
#include <new>
#include <utility>

// `real` (double or float) and W are named by the generated file.
template <class M> class Tile {
public:
  static constexpr int A = M::actions;
  static constexpr bool stepped_synapses = M::stepped_synapses;

  int64_t inputs = 0, blocks = 0, first_cell = 0, cells = 0, total = 0;
  uint64_t seed = 0;
  real *synapse[M::synapse_count + 1], *pre[M::pre_count + 1], *lane[M::lane_count + 1];
  int64_t *synapse_since[M::synapse_since_count + 1], *pre_since[M::pre_since_count + 1], *lane_since[M::lane_since_count + 1];
  Flag fired[CELLS_OF_TILE];
  Window own, own_inhibition, imposed;                  // `own` where inputs are private
  Buffer<FiredSpike> trains;

  bool open(const Population<real> &job, const typename M::Shared &shared, int64_t index, int64_t now) {
    this->job = &job;
    this->shared = &shared;
    this->index = index;
    const int64_t first_block = job.tile_first[index], all = job.blocks * W, block = job.inputs * W;
    inputs = job.inputs;
    blocks = job.tile_first[index + 1] - first_block;
    first_cell = first_block * W;
    cells = job.cells - first_cell < blocks * W ? job.cells - first_cell : blocks * W;
    seed = job.seed;
    for (int n = 0; n < M::synapse_count; ++n) synapse[n] = job.synapse + (n * job.blocks + first_block) * block;
    for (int n = 0; n < M::synapse_since_count; ++n) synapse_since[n] = job.synapse_since + (n * job.blocks + first_block) * block;
    for (int n = 0; n < M::pre_count; ++n) pre[n] = job.pre + (index * M::pre_count + n) * inputs;
    for (int n = 0; n < M::pre_since_count; ++n) pre_since[n] = job.pre_since + (index * M::pre_since_count + n) * inputs;
    for (int n = 0; n < M::lane_count; ++n) lane[n] = job.lane + n * all + first_cell;
    for (int n = 0; n < M::lane_since_count; ++n) lane_since[n] = job.lane_since + n * all + first_cell;
    ring = job.fired + index * job.past;
    for (int64_t c = 0; c < cells; ++c) sooner(part_next, job.part_at[first_cell + c]);
    std::fill_n(held_at, CELLS_OF_TILE, double(NAN));
    return open_trains(now);
  }
  void release() {
    own.release(); own_inhibition.release(); imposed.release(); trains.release();
  }

  // From `from` to `to`, whose input spikes the windows hold.
  Status run(int64_t from, int64_t to, const Window &in, const Window &inhibition, bool careful) {
    this->in = &in;
    this->inhibition = &inhibition;
    if (job->imposed && !imposed.extend(to)) return NO_MEMORY;
    while (from < to) {
      if (from >= next_change) set_drives(from);
      const int64_t record = next_record(from);
      int64_t end = to;
      sooner(end, record + 1), sooner(end, next_change);
      if (!steps(from, end, careful)) return no_memory ? NO_MEMORY : NOT_FINITE;
      if (record < end && !write_record(record)) return NOT_FINITE;
      from = end;
    }
    return careful || finite(to - 1) ? DONE : NOT_FINITE;
  }

  int64_t *histograms = nullptr;                        // of the worker

private:
  const Population<real> *job = nullptr;
  const typename M::Shared *shared = nullptr;
  const Window *in = nullptr, *inhibition = nullptr;
  int64_t index = 0, signal = 0, part_next = FAR;
  int64_t current = 0, clamp = 0, next_change = 0, sweep = 0;
  double held_at[CELLS_OF_TILE];                        // the potential at which a cell is clamped, or not a number
  bool clamped = false;
  static constexpr uint64_t EVERY_CELL = ~uint64_t(0);
  uint64_t *ring = nullptr;                             // cells that fired, by step
  uint64_t touched = 0;                                 // cells of whose synapses some had an event in this step
  bool no_memory = false, flawed = false;

  bool open_trains(int64_t now) {
    if (job->imposed && !(imposed.generator.open(*job->imposed, 0, first_cell, first_cell + cells) && imposed.skip(now, job->chunk))) return false;
    if (!job->is_private) return true;
    own.open(longest_pre());
    own_inhibition.open(job->inhibition_delay);
    if (!(own.generator.open(*job->trains, first_cell, 0, job->trains->count) && own.skip(now, job->chunk))) return false;
    return !job->inhibition ||
           (own_inhibition.generator.open(*job->inhibition, first_cell, 0, job->inhibition->count) && own_inhibition.skip(now, job->chunk));
  }

public:
  int64_t longest_pre() const {
    int64_t longest = 0;
    for (int a = 0; a < A; ++a)
      if (M::event[a] == PRE && job->delays[a] > longest) longest = job->delays[a];
    return longest;
  }

private:
  bool steps(int64_t from, int64_t to, bool careful) {
    const int64_t epoch = job->epoch;
    while (from < to) {
      if (from % epoch == 0 && from > 0) M::rebase(*this, *shared);
      const int64_t next = (from / epoch + 1) * epoch, end = next < to ? next : to;
      for (; from < end; ++from) {
        step(from, from % epoch);
        if (flawed || (careful && !finite(from))) return false;
      }
      if (no_memory) return false;
    }
    return true;
  }

  void step(int64_t now, int64_t at) {
    bool any = false;
    if constexpr (M::has_cell) {
      any = M::step_cells(*this, *shared, now);
      if (clamped) hold();
    }
    const Rings<M> late{job->history, job->late_by, job->blocks * W, first_cell, blocks * W};
    late.read(lane, now);
    if constexpr (M::has_post)
      if (M::step_post(*this, *shared, now)) suspect(now);
    late.keep(lane, now);
    if constexpr (stepped_synapses)
      if (M::step_synapses(*this, *shared, now, at)) suspect(now);
    uint64_t spikes = 0;
    if (job->imposed) {
      const int32_t *cell, *end;
      for (imposed.row(now, cell, end); cell < end; ++cell) spikes |= uint64_t(1) << *cell;
    }
    if constexpr (M::has_cell) {
      if (any) spikes |= those_that_fired();
      if (M::has_inhibition && job->inhibition) {
        const int32_t *input, *end;
        inhibition->row(now - job->inhibition_delay, input, end);
        if (input < end) M::inhibit(*this, *shared, real(end - input));
      }
    }
    if (spikes) note(now, spikes);
    ring[job->past == 1 ? 0 : now % job->past] = spikes;
    touched = 0;
    deliver(now, at, spikes, std::make_integer_sequence<int, A>());
    if (job->normalise) normalise(now);
    if constexpr (M::has_cell || M::has_post)
      if (spikes || now == part_next) shapes(now, spikes);
  }

  // Currents and clamps that have changed up to this step; a run that goes on meets those of the part behind it once more.
  void set_drives(int64_t now) {
    for (; current < job->current_count && job->current_steps[current] <= now; ++current)
      each(job->current_cells[current], [&](int64_t c) { lane[M::current][c] = real(job->current_values[current]); });
    for (; clamp < job->clamp_count && job->clamp_steps[clamp] <= now; ++clamp)
      each(job->clamp_cells[clamp], [&](int64_t c) { held_at[c] = job->clamp_values[clamp]; });
    clamped = std::any_of(held_at, held_at + cells, [](double v) { return !std::isnan(v); });
    next_change = FAR;
    if (current < job->current_count) sooner(next_change, job->current_steps[current]);
    if (clamp < job->clamp_count) sooner(next_change, job->clamp_steps[clamp]);
  }
  // One cell of the tile, if it is there, or all of them.
  template <class F> void each(int64_t cell, F &&does) {
    const int64_t first = cell < 0 ? 0 : cell - first_cell, last = cell < 0 ? cells : first + 1;
    if (first >= 0 && last <= cells)
      for (int64_t c = first; c < last; ++c) does(c);
  }
  // In a clamped step the potential is the clamp's, and there is no threshold.
  void hold() {
    for (int64_t c = 0; c < cells; ++c)
      if (!std::isnan(held_at[c])) lane[0][c] = real(held_at[c]), fired[c] = 0;
  }
  int64_t next_sweep(int64_t now) {
    while (sweep < job->sweep_count && job->sweeps[sweep] + job->sweep_steps <= now) ++sweep;
    return sweep == job->sweep_count ? FAR : now < job->sweeps[sweep] ? job->sweeps[sweep] : now;
  }
  void record_v(int64_t now) {
    if (next_sweep(now) != now) return;
    for (int64_t c = 0; c < cells; ++c)
      job->v[((first_cell + c) * job->sweep_count + sweep) * job->sweep_steps + now - job->sweeps[sweep]] = double(lane[0][c]);
  }

  // Lanes beyond the last cell are only put back.
  uint64_t those_that_fired() {
    uint64_t spikes = 0;
    for (int64_t c = 0; c < cells; ++c) spikes |= uint64_t(fired[c] != 0) << c;
    for (int64_t c = cells; c < blocks * W; ++c)
      if (fired[c]) M::reset(*this, *shared, c);
    return spikes;
  }

  void note(int64_t now, uint64_t spikes) {
    for (; spikes; spikes &= spikes - 1) {
      const int64_t cell = first_cell + __builtin_ctzll(spikes);
      ++job->counts[cell];
      if (job->keep_trains && !trains.add(FiredSpike{now, cell})) no_memory = true;
    }
  }

  template <int... a> void deliver(int64_t now, int64_t at, uint64_t spikes, std::integer_sequence<int, a...>) {
    (deliver_one<a>(now, at, spikes), ...);
  }
  template <int a> void deliver_one(int64_t now, int64_t at, uint64_t spikes) {
    if constexpr (M::event[a] == PRE) {
      const int32_t *input, *end;
      in->row(now - job->delays[a], input, end);
      if (input < end) touched = EVERY_CELL;
      for (; input < end; ++input) {
        fetch(input[Window::AHEAD - 1]);
        if (M::template on<a>(*this, *shared, *input, now, at, real(0))) suspect(now);
      }
    } else if constexpr (M::event[a] == POST) {
      if (job->delays[a]) spikes = now < job->delays[a] ? 0 : ring[(now - job->delays[a]) % job->past];
      touched |= spikes;
      for (; spikes; spikes &= spikes - 1)
        if (M::template on<a>(*this, *shared, __builtin_ctzll(spikes), now, at, real(0))) suspect(now);
    } else {
      for (int64_t k = first_signal(now); k < job->signal_count && job->signal_steps[k] == now; ++k) {
        if (job->signal_kinds[k] != M::signal[a]) continue;
        each(job->signal_cells[k], [&](int64_t c) {
          touched |= uint64_t(1) << c;
          if (M::template on<a>(*this, *shared, c, now, at, real(job->signal_values[k]))) suspect(now);
        });
      }
    }
  }
  // The weights of an input whose spike comes soon.
  void fetch(int64_t input) const {
    for (int64_t b = 0; b < blocks; ++b) __builtin_prefetch(synapse[M::weight] + (b * inputs + input) * W, 1);
  }
  int64_t first_signal(int64_t now) {
    while (signal < job->signal_count && job->signal_steps[signal] < now) ++signal;
    return signal;
  }

  // [post].on_spike, then the parts of the spike's shape one after the other, then the reset and the refractory time.
  void shapes(int64_t now, uint64_t spikes) {
    if constexpr (M::shape_parts > 0) {
      int64_t *const part_at = job->part_at + first_cell;
      if (now == part_next)
        for (int64_t c = 0; c < cells; ++c)
          if (part_at[c] == now && !(spikes >> c & 1)) go_on(now, c);
    }
    for (; spikes; spikes &= spikes - 1) {
      const int64_t c = __builtin_ctzll(spikes);
      if (M::on_spike(*this, *shared, c)) suspect(now);
      job->part[first_cell + c] = 0;
      go_on(now, c);
    }
    part_next = FAR;
    if constexpr (M::shape_parts > 0)
      for (int64_t c = 0; c < cells; ++c) sooner(part_next, job->part_at[first_cell + c]);
  }
  void go_on(int64_t now, int64_t c) {
    ::go_on<M>(*this, *shared, job->durations, now, c, job->part[first_cell + c], job->part_at[first_cell + c]);
  }

  // --- normalisation ----------------------------------------------------------------------------------------------------

  void normalise(int64_t now) {
    uint64_t which = now == 0 ? EVERY_CELL : touched;
    if (job->normalise_every) which = (now + 1) % job->normalise_every ? 0 : EVERY_CELL;
    for (int64_t c = 0; which && c < cells; ++c)
      if (which >> c & 1)
        bring_to_sum<W>(synapse[M::weight] + c / W * inputs * W + c % W, inputs, job->normalise, job->target, job->low, job->high);
  }

  // --- records ---------------------------------------------------------------------------------------------------------

  static int64_t place(const int64_t *steps, int64_t count, int64_t step) {
    int64_t low = 0;
    while (low < count) {
      const int64_t middle = (low + count) / 2;
      if (steps[middle] < step) low = middle + 1;
      else count = middle;
    }
    return low;
  }
  static int64_t upcoming(const int64_t *steps, int64_t count, int64_t step) {
    const int64_t k = place(steps, count, step);
    return k < count ? steps[k] : FAR;
  }
  int64_t next_record(int64_t now) {
    int64_t next = M::has_cell ? next_sweep(now) : FAR;
    sooner(next, upcoming(job->snapshot_steps, job->snapshot_count, now));
    sooner(next, upcoming(job->samples, job->sample_count, now));
    sooner(next, upcoming(job->watch_steps, job->watch_count, now));
    sooner(next, upcoming(job->histogram_steps, job->histogram_count, now));
    return next;
  }
  real weight(int64_t cell, int64_t input) const { return synapse[M::weight][(cell / W * inputs + input) * W + cell % W]; }

  bool write_record(int64_t now) {
    if constexpr (M::has_cell) record_v(now);
    const int64_t s = place(job->snapshot_steps, job->snapshot_count, now);
    if (s < job->snapshot_count && job->snapshot_steps[s] == now)
      for (int64_t c = 0; c < cells; ++c) {
        real *const to = job->snapshots + (s * job->cells + first_cell + c) * inputs;
        for (int64_t i = 0; i < inputs; ++i) to[i] = weight(c, i);
      }
    const int64_t v = place(job->watch_steps, job->watch_count, now);
    if (v < job->watch_count && job->watch_steps[v] == now)
      for (int64_t k = job->watch_first[index]; k < job->watch_first[index + 1]; ++k)
        job->watch[job->watched[3 * k + 2] * job->watch_count + v] = weight(job->watched[3 * k] - first_cell, job->watched[3 * k + 1]);
    const int64_t h = place(job->histogram_steps, job->histogram_count, now);
    if (h < job->histogram_count && job->histogram_steps[h] == now) count_weights(histograms + h * job->bins);
    const int64_t n = place(job->samples, job->sample_count, now);
    return n == job->sample_count || job->samples[n] != now || record_sample(now, n);
  }

  // Returns whether all efficacies are finite.
  bool record_sample(int64_t now, int64_t n) {
    for (int64_t c = 0; c < cells; ++c)
      for (int64_t i = 0; i < inputs; ++i) {
        const int64_t k = ((first_cell + c) * inputs + i) * job->sample_count + n;
        job->weight[k] = double(weight(c, i));
        job->efficacy[k] = double(M::efficacy(*this, *shared, c, i));
        if (!std::isfinite(job->efficacy[k])) return fail(now, c, i);
      }
    return true;
  }

  void count_weights(int64_t *counted) const {
    const int64_t bins = job->bins;
    const double *const edges = job->edges, low = edges[0], high = edges[bins], per = double(bins) / (high - low);
    for (int64_t c = 0; c < cells; ++c)
      for (int64_t i = 0; i < inputs; ++i) {
        const double w = double(weight(c, i));
        if (!(w >= low && w <= high)) continue;
        int64_t bin = int64_t((w - low) * per);
        bin = bin < bins ? bin : bins - 1;
        if (w < edges[bin] || w >= edges[bin + 1]) bin = bin_of(w);
        ++counted[bin];
      }
  }
  int64_t bin_of(double w) const {
    const int64_t bins = job->bins;
    int64_t low = 0, high = bins;  // edges[low] <= w, and w < edges[high] or high is the last edge
    while (high - low > 1) {
      const int64_t middle = (low + high) / 2;
      (w < job->edges[middle] ? high : low) = middle;
    }
    return low;
  }

  // --- numbers that are not finite --------------------------------------------------------------------------------------

  // Something that need not last was not finite, perhaps only in a lane beyond the last cell.
  void suspect(int64_t now) { flawed = flawed || !finite(now); }

  bool finite(int64_t now) {
    for (int n = 0; n < M::synapse_count; ++n)
      if (!all_finite(synapse[n], blocks * inputs * W))
        for (int64_t c = 0; c < cells; ++c)
          for (int64_t i = 0; i < inputs; ++i)
            if (!std::isfinite(synapse[n][(c / W * inputs + i) * W + c % W])) return fail(now, c, i);
    for (int n = 0; n < M::pre_count; ++n)
      for (int64_t i = 0; i < inputs; ++i)
        if (!std::isfinite(pre[n][i])) return fail(now, 0, i);
    for (int n = 0; n < M::lane_count; ++n)
      for (int64_t c = 0; c < cells; ++c)
        if (!std::isfinite(lane[n][c])) return fail(now, c, -1);
    return true;
  }
  static bool all_finite(const real *numbers, int64_t count) {
    real sum[W] = {};
    for (int64_t k = 0; k < count; k += W)
      for (int l = 0; l < W; ++l) sum[l] += numbers[k + l] - numbers[k + l];
    for (int l = 0; l < W; ++l)
      if (sum[l] != real(0)) return false;
    return true;
  }
  bool fail(int64_t now, int64_t cell, int64_t input) {
    int64_t *const place = job->failures + 3 * index;
    place[0] = now;
    place[1] = first_cell + cell;
    place[2] = input;
    return false;
  }
};
