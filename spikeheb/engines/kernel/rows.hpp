// Networks: populations of cells and the synapses between them, step by step.
//
// Model, which is generated from a rule and a cell, says what happens; this file says when. The synapses of a source that share a
// delay are a row, through which a presynaptic spike goes from end to end; a column has the place of each synapse of a cell, for
// postsynaptic spikes. What the spikes of a source alone move is kept once for a row, since it is as late as the row's synapses.
// All state belongs to the caller.
//
// Threads share the cells: each has a range of every population, and the part of each row and all columns that belong to it. What
// is kept for a row each thread keeps for itself, and computes as all others do, so that the bytes are those of one thread.
#pragma once

#include "cells.hpp"
#include "network.hpp"
#include "normalise.hpp"
#include "probes.hpp"
#include "rows_contract.hpp"
#include "waiting.hpp"

#include <algorithm>
#include <utility>
#include <vector>

// `real` (double or float), `Number` (of a cell or a row), EQUAL and W = 1 are named by the generated file.

// Who of a range fired in a step that is remembered.
struct Fired {
  const int32_t *begin, *end;
  Fired(const Group<real> &group, int64_t step, int64_t range) {
    const int64_t place = step < 0 ? 0 : step % group.past;
    begin = group.fired + place * group.cells + group.range_first[range];
    end = begin + (step < 0 ? 0 : group.fired_count[place * group.ranges + range]);
  }
};

// What a generated model sees of cells and synapses.
template <class M> struct Seen {
  int64_t inputs = 0, blocks = 0, first_cell = 0, synapses = 0, ranges = 1;
  uint64_t seed = 0;
  bool still = false;
  real *synapse[M::synapse_count + 1], *pre[M::pre_count + 1], *lane[M::lane_count + 1];
  int64_t *synapse_since[M::synapse_since_count + 1], *pre_since[M::pre_since_count + 1], *lane_since[M::lane_since_count + 1];
  const int64_t *row_first = nullptr, *column_first = nullptr;
  const Number *target = nullptr, *row_of = nullptr;
  const int32_t *number = nullptr, *edge = nullptr;
  uint8_t *fired = nullptr;

  void see(Group<real> &group) {
    blocks = group.cells;
    seed = group.seed;
    fired = group.flags;
    for (int n = 0; n < M::lane_count; ++n) lane[n] = group.lane + n * group.cells;
  }
  void see(Synapses<real> &job, int64_t range) {
    const Group<real> &post = *static_cast<Group<real> *>(job.post);
    inputs = job.rows, blocks = job.cells, synapses = job.synapses, seed = job.seed, still = job.still, ranges = job.ranges;
    for (int n = 0; n < M::synapse_count; ++n) synapse[n] = job.synapse + n * job.synapses;
    for (int n = 0; n < M::synapse_since_count; ++n) synapse_since[n] = job.synapse_since + n * job.synapses;
    for (int n = 0; n < M::pre_count; ++n) pre[n] = job.pre_values + (range * M::pre_count + n) * job.rows;
    for (int n = 0; n < M::pre_since_count; ++n) pre_since[n] = job.pre_since + (range * M::pre_since_count + n) * job.rows;
    for (int n = 0; n < M::lane_count; ++n)
      lane[n] = job.lane_shared[n] >= 0 ? post.lane + job.lane_shared[n] * post.cells : job.lane + n * job.cells;
    for (int n = 0; n < M::lane_since_count; ++n) lane_since[n] = job.lane_since + n * job.cells;
    row_first = job.row_first + range, column_first = job.column_first;
    target = job.target, number = job.number, edge = job.edge, row_of = job.row_of;
  }
  // The same, for loops over all cells: only some of them.
  Seen of_cells(int64_t first, int64_t end) const {
    Seen these = *this;
    these.first_cell = first, these.blocks = end - first;
    for (int n = 0; n < M::lane_count; ++n) these.lane[n] += first;
    for (int n = 0; n < M::lane_since_count; ++n) these.lane_since[n] += first;
    if (fired) these.fired += first;
    return these;
  }
  // The same, for loops over all synapses in the order of memory: only some of them.
  Seen of_synapses(int64_t first, int64_t end) const {
    Seen these = *this;
    these.synapses = end - first;
    for (int n = 0; n < M::synapse_count; ++n) these.synapse[n] += first;
    return these;
  }
};

// --- a population -------------------------------------------------------------------------------------------------------

// Nobody of a range has fired yet.
inline void begin_step(Group<real> &group, int64_t now, int64_t range) { group.fired_count[now % group.past * group.ranges + range] = 0; }
inline void note(Group<real> &group, int64_t now, int64_t range, int32_t cell) {
  const int64_t place = now % group.past;
  group.fired[place * group.cells + group.range_first[range] + group.fired_count[place * group.ranges + range]++] = cell;
  ++group.counts[cell];
}

// Whether some steps have room, whoever fires in them.
inline int64_t room_of_group(void *self, int64_t steps) {
  const Group<real> &group = *static_cast<Group<real> *>(self);
  return group.keep && group.kept + group.cells * steps > group.capacity ? SPIKES_FULL : DONE;
}

// Spikes that are kept.
inline void keep_spikes(Group<real> &group, int64_t now) {
  if (!group.keep) return;
  for (int64_t range = 0; range < group.ranges; ++range) {
    const Fired fired(group, now, range);
    for (const int32_t *c = fired.begin; c < fired.end; ++c)
      if (group.keep_cell[*c]) group.kept_steps[group.kept] = now, group.kept_cells[group.kept++] = *c;
  }
}

// Spikes that are imposed, where nothing else makes any.
inline int64_t step_sources(void *self, int64_t now) {
  Group<real> &group = *static_cast<Group<real> *>(self);
  begin_step(group, now, 0);
  for (; group.imposed < group.imposed_count && group.imposed_steps[group.imposed] == now; ++group.imposed)
    note(group, now, 0, int32_t(group.imposed_cells[group.imposed]));
  return DONE;
}

// A range of them.
template <class M> struct Cells {
  Group<real> &group;
  const int64_t range, first, last;
  int64_t imposed, current;
  typename M::Shared shared;
  Seen<M> seen, mine;
  int64_t part_next = FAR;

  Cells(Group<real> &group, int64_t range)
      : group(group), range(range), first(group.range_first[range]), last(group.range_first[range + 1]), imposed(group.imposed),
        current(group.current) {
    M::read(shared, group);
    seen.see(group);
    mine = seen.of_cells(first, last);
    for (int64_t c = first; c < last; ++c)
      if (group.part_at[c] < part_next) part_next = group.part_at[c];
  }
  bool owns(int64_t cell) const { return cell >= first && cell < last; }

  // The current that is given, and a random one that stays for a while; drawn by cell and the step at which it begins.
  void flow(int64_t begin) {
    for (int64_t c = first; c < last; ++c) {
      const double p = uniform(group.noise_streams[c], uint64_t(begin));
      seen.lane[M::current][c] = real(double(group.steady[c]) + (group.noise_low + (group.noise_high - group.noise_low) * p));
    }
  }

  // State update, then threshold.
  void step(int64_t now) {
    real *const given = group.noise_every ? group.steady : seen.lane[M::current];
    const int64_t before = current;
    for (; current < group.current_count && group.current_steps[current] == now; ++current) {
      const int64_t cell = group.current_cells[current];
      const real value = real(group.current_values[current]);
      if (cell < 0) std::fill(given + first, given + last, value);
      else if (owns(cell)) given[cell] = value;
    }
    if (const int64_t every = group.noise_every; every && (now % every == 0 || current != before)) flow(now - now % every);
    bool any = M::step_cells(mine, shared, now);
    for (; imposed < group.imposed_count && group.imposed_steps[imposed] == now; ++imposed)
      if (const int64_t cell = group.imposed_cells[imposed]; owns(cell)) seen.fired[cell] = 1, any = true;
    begin_step(group, now, range);
    if (any) note_fired(now);
  }
  // Few cells fire in a step: flags are looked at eight at a time. Ranges begin at multiples of it, and there is room at the end.
  void note_fired(int64_t now) {
    for (int64_t eighth = first; eighth < last; eighth += 8) {
      uint64_t eight;
      std::memcpy(&eight, seen.fired + eighth, 8);
      if (eight == 0) continue;
      for (int64_t c = eighth; c < eighth + 8; ++c)
        if (seen.fired[c]) note(group, now, range, int32_t(c));
    }
  }

  // The parts of the spike's shape one after the other, then the reset and the refractory time.
  void end(int64_t now) {
    const Fired fired(group, now, range);
    if constexpr (M::shape_parts > 0) {
      for (const int32_t *c = fired.begin; c < fired.end; ++c) group.part[*c] = 0, group.part_at[*c] = now;
      if (fired.begin == fired.end && now != part_next) return;
      part_next = FAR;
      for (int64_t c = first; c < last; ++c) {
        if (group.part_at[c] == now) go_on(now, c);
        if (group.part_at[c] < part_next) part_next = group.part_at[c];
      }
    } else {
      for (const int32_t *c = fired.begin; c < fired.end; ++c) go_on(now, *c);
    }
  }
  void go_on(int64_t now, int64_t c) { ::go_on<M>(seen, shared, group.durations, now, c, group.part[c], group.part_at[c]); }
};

// --- rewards that cells bring about -------------------------------------------------------------------------------------

// Called when it is known who fires in this step, and before anything hears of it.
inline int64_t watch(void *self, int64_t now) {
  Trigger &trigger = *static_cast<Trigger *>(self);
  const auto fires = [now](const void *of, int64_t cell) {
    const Group<real> &group = *static_cast<const Group<real> *>(of);
    int64_t range = 0;
    while (cell >= group.range_first[range + 1]) ++range;
    const Fired fired(group, now, range);
    return std::binary_search(fired.begin, fired.end, int32_t(cell));
  };
  const int64_t places = trigger.longest + 1;
  trigger.due[(now + trigger.longest) % places] = 0;  // what was due in the last step is behind
  if (fires(trigger.first, trigger.first_cell)) trigger.seen[0] = now;
  const int64_t gap = now - trigger.seen[0];
  if (gap < 1 || gap > trigger.within || !fires(trigger.then, trigger.then_cell)) return DONE;
  const double choices = double(trigger.longest - trigger.shortest + 1);
  const int64_t more = int64_t(uniform(trigger.stream, uint64_t(trigger.seen[1]++)) * choices);
  ++trigger.due[(now + trigger.shortest + more) % places];
  return DONE;
}

// --- a projection -------------------------------------------------------------------------------------------------------

// The synapses onto a range of cells.
template <class M> struct Connections {
  static constexpr int A = M::actions;
  Synapses<real> &job;
  const Group<real> &pre, &post;
  const int64_t range, first, last;
  int64_t signal;
  typename M::Shared shared;
  Seen<M> seen, mine, share;
  bool flawed = false;
  std::vector<char> touched;     // cells of whose synapses some had an event in this step; where that is of any interest
  std::vector<real> of_column;
  Waiting waiting;

  Connections(Synapses<real> &job, int64_t range)
      : job(job), pre(*static_cast<Group<real> *>(job.pre)), post(*static_cast<Group<real> *>(job.post)), range(range),
        first(post.range_first[range]), last(post.range_first[range + 1]), signal(job.signal) {
    M::read(shared, job);
    seen.see(job, range);
    mine = seen.of_cells(first, last);
    share = mine.of_synapses(job.synapses * range / job.ranges, job.synapses * (range + 1) / job.ranges);
    if (WAITS) waiting.open(last - first, job.rows);
    touched.assign(job.normalise && !job.normalise_every ? size_t(job.cells) : 0, 0);
  }

  // Where an epoch begins, decays are stored anew: any thread may have any synapses, so that all are to wait for the last.
  void rebase(int64_t now) {
    if (now % job.epoch == 0) M::rebase(share, shared);
  }

  // [post], then what needs the clock.
  void step(int64_t now) {
    const Rings<M> late{job.history, job.late_by, job.cells, first, last - first};
    late.read(mine.lane, now);
    if constexpr (M::has_post) flawed |= M::step_post(mine, shared, now);
    late.keep(mine.lane, now);
    if constexpr (M::stepped_synapses) flawed |= M::step_synapses(seen, shared, now, now % job.epoch);
  }

  void deliver(int64_t now) {
    deliver_each(now, std::make_integer_sequence<int, A>());
    if (job.normalise && !job.still) normalise(now);
  }
  void touch(int64_t cell) {
    if (!touched.empty()) touched[size_t(cell)] = 1;
  }
  template <int... a> void deliver_each(int64_t now, std::integer_sequence<int, a...>) { (deliver_one<a>(now), ...); }
  template <int a> void deliver_one(int64_t now) {
    const int64_t at = now % job.epoch;
    if constexpr (M::event[a] == PRE) {
      for (int64_t d = 0; d < job.row_delay_count; ++d)
        for (int64_t of = 0; of < pre.ranges; ++of) receive<a>(Fired(pre, now - job.delays[a] - job.row_delays[d], of), d, now, at);
    } else if constexpr (M::event[a] == POST) {
      const Fired fired(post, now - job.delays[a], range);
      for (const int32_t *c = fired.begin; c < fired.end; ++c) {
        touch(*c), flawed |= M::template on<a>(seen, shared, *c, now, at, real(0));
        if (WAITS) waiting.add(*c - first, now * A + a);
      }
    } else {
      for (int64_t k = first_signal(now); k < job.signal_count && job.signal_steps[k] == now; ++k) {
        if (job.signal_kinds[k] != M::signal[a]) continue;
        const int64_t cell = job.signal_cells[k];
        if (cell < 0) hear<a>(first, last, now, at, real(job.signal_values[k]));
        else if (cell >= first && cell < last) hear<a>(cell, cell + 1, now, at, real(job.signal_values[k]));
      }
      if constexpr (M::signal[a] == 0) hear_triggers<a>(now, at);  // of the signals that a rule hears, rewards are the first
    }
  }
  template <int a> void receive(const Fired &fired, int64_t d, int64_t now, int64_t at) {
    for (const int32_t *i = fired.begin; i < fired.end; ++i) {
      if (i + 1 < fired.end) fetch(i[1] * job.row_delay_count + d);
      const int64_t row = *i * job.row_delay_count + d;
      if constexpr (WAITS) bring_up(row, now * A + a);
      flawed |= M::template on<a>(seen, shared, row, now, at, real(0));
      if (!touched.empty())
        for (int64_t e = seen.row_first[row * job.ranges]; e < seen.row_first[row * job.ranges + 1]; ++e) touch(job.target[e]);
    }
  }
  template <int a> void hear(int64_t begin, int64_t end, int64_t now, int64_t at, real value) {
    for (int64_t c = begin; c < end; ++c) touch(c), flawed |= M::template on<a>(seen, shared, c, now, at, value);
  }
  template <int a> void hear_triggers(int64_t now, int64_t at) {
    for (int64_t k = 0; k < job.trigger_count; ++k) {
      const Trigger &trigger = *reinterpret_cast<const Trigger *>(job.triggers[k]);
      for (int32_t n = trigger.due[now % (trigger.longest + 1)]; n > 0; --n) hear<a>(first, last, now, at, real(trigger.value));
    }
  }
  int64_t first_signal(int64_t now) {
    while (signal < job.signal_count && job.signal_steps[signal] < now) ++signal;
    return signal;
  }
  // The postsynaptic spikes that a row's synapses have not seen, each as of its step, up to an event.
  void bring_up(int64_t row, int64_t event) {
    const int64_t since = waiting.seen[size_t(row)];
    for (int64_t e = seen.row_first[row * job.ranges], end = seen.row_first[row * job.ranges + 1]; e < end; ++e)
      waiting.after(since, job.target[e] - first, [&](int64_t what) {
        later(e, row, what / A, what % A, std::make_integer_sequence<int, A>());
      });
    waiting.seen[size_t(row)] = event;
  }
  template <int... a> void later(int64_t e, int64_t row, int64_t step, int64_t which, std::integer_sequence<int, a...>) {
    ((which == a ? void(flawed |= M::template later<a>(seen, shared, e, row, step, step % job.epoch)) : void()), ...);
  }
  // Nothing is left that waits, at the beginning of a step.
  void settle(int64_t now) {
    if constexpr (WAITS) {
      if (!waiting.any) return;
      for (int64_t row = 0; row < job.rows; ++row) bring_up(row, now * A - 1);
      waiting.clear();
    }
  }
  bool is_recorded(int64_t now) const {
    return is_due(job.snapshot_steps, job.snapshot_count, job.snapshot, now) || is_due(job.watch_steps, job.watch_count, job.watch, now) ||
           is_due(job.histogram_steps, job.histogram_count, job.histogram, now);
  }
  // The beginning of a row that comes next.
  void fetch(int64_t row) const {
    const int64_t begin = seen.row_first[row * job.ranges];
    __builtin_prefetch(job.target + begin);
    if constexpr (!EQUAL) __builtin_prefetch(seen.synapse[M::weight] + begin, 1);
  }
  void normalise(int64_t now) {
    if (job.normalise_every && (now + 1) % job.normalise_every) return;
    real *const w = seen.synapse[M::weight];
    for (int64_t c = first; c < last; ++c) {
      if (now > 0 && !touched.empty() && !touched[size_t(c)]) continue;
      const int64_t begin = job.column_first[c], count = job.column_first[c + 1] - begin;
      of_column.resize(size_t(count));
      for (int64_t n = 0; n < count; ++n) of_column[size_t(n)] = w[job.edge[begin + n]];
      bring_to_sum<1>(of_column.data(), count, job.normalise, job.target_sum, job.low, job.high);
      for (int64_t n = 0; n < count; ++n) w[job.edge[begin + n]] = of_column[size_t(n)];
    }
    std::fill(touched.begin(), touched.end(), 0);
  }

  // [post].on_spike, before the reset. What waits does so to the end of the epoch, whose decays it needs, or to where it is recorded.
  void end(int64_t now) {
    if (WAITS && ((now + 1) % job.epoch == 0 || is_recorded(now))) settle(now + 1);
    const Fired fired(post, now, range);
    for (const int32_t *c = fired.begin; c < fired.end; ++c) flawed |= M::on_spike(seen, shared, *c);
  }
};

// --- what Python calls ---------------------------------------------------------------------------------------------------

#define ROWS_ENTRIES(Model)                                                                                                          \
  extern "C" int64_t network_advance(Network *network, int64_t thread, int64_t until) { return advance(*network, thread, until); }   \
  extern "C" int64_t group_room(void *self, int64_t steps) { return room_of_group(self, steps); }                                    \
  extern "C" int64_t group_record(void *self, int64_t now) {                                                                         \
    auto &group = *static_cast<Group<real> *>(self);                                                                                 \
    return keep_spikes(group, now), record_cells(group, now), DONE;                                                                  \
  }                                                                                                                                  \
  extern "C" int64_t trigger_watch(void *self, int64_t now) { return watch(self, now); }                                             \
  extern "C" int64_t sources_step(void *self, int64_t now) { return step_sources(self, now); }                                       \
  extern "C" void *cells_open(Group<real> *group, int64_t range) { return new Cells<Model>(*group, range); }                         \
  extern "C" void cells_close(void *self) { delete static_cast<Cells<Model> *>(self); }                                              \
  extern "C" int64_t cells_step(void *self, int64_t now) { return static_cast<Cells<Model> *>(self)->step(now), DONE; }              \
  extern "C" int64_t cells_end(void *self, int64_t now) { return static_cast<Cells<Model> *>(self)->end(now), DONE; }                \
  extern "C" void *synapses_open(Synapses<real> *job, int64_t range) { return new Connections<Model>(*job, range); }                 \
  extern "C" void synapses_close(void *self) { delete static_cast<Connections<Model> *>(self); }                                     \
  extern "C" int64_t synapses_rebase(void *self, int64_t now) { return static_cast<Connections<Model> *>(self)->rebase(now), DONE; } \
  extern "C" int64_t synapses_step(void *self, int64_t now) { return static_cast<Connections<Model> *>(self)->step(now), DONE; }     \
  extern "C" int64_t synapses_deliver(void *self, int64_t now) { return static_cast<Connections<Model> *>(self)->deliver(now), DONE; } \
  extern "C" int64_t synapses_end(void *self, int64_t now) {                                                                         \
    auto &connections = *static_cast<Connections<Model> *>(self);                                                                    \
    connections.end(now);                                                                                                            \
    return connections.flawed ? NOT_FINITE : DONE;                                                                                   \
  }                                                                                                                                  \
  extern "C" int64_t synapses_settle(void *self, int64_t now) {                                                                      \
    auto &connections = *static_cast<Connections<Model> *>(self);                                                                    \
    connections.settle(now);                                                                                                         \
    return connections.flawed ? NOT_FINITE : DONE;                                                                                   \
  }                                                                                                                                  \
  extern "C" int64_t synapses_record(Synapses<real> *job, int64_t now) {                                                             \
    return record_weights(*job, job->synapse + Model::weight * job->synapses, now), DONE;                                            \
  }
