// Networks: populations of cells and the synapses between them, step by step.
//
// Model, which is generated from a rule and a cell, says what happens; this file says when. The synapses of a source that share a
// delay are a row, through which a presynaptic spike goes from end to end; a column has the place of each synapse of a cell, for
// postsynaptic spikes. What the spikes of a source alone move is kept once for a row, since it is as late as the row's synapses.
// All state belongs to the caller.
#pragma once

#include "cells.hpp"
#include "normalise.hpp"
#include "probes.hpp"
#include "rows_contract.hpp"

#include <algorithm>
#include <utility>
#include <vector>

// `real` (double or float) and W = 1 are named by the generated file.

// Who fired in a step that is remembered.
struct Fired {
  const int32_t *begin, *end;
  Fired(const Group<real> &group, int64_t step) {
    const int64_t place = step < 0 ? 0 : step % group.past;
    begin = group.fired + place * group.cells;
    end = begin + (step < 0 ? 0 : group.fired_count[place]);
  }
};

// What a generated model sees of cells and synapses.
template <class M> struct Seen {
  int64_t inputs = 0, blocks = 0, first_cell = 0, synapses = 0;
  uint64_t seed = 0;
  bool still = false;
  real *synapse[M::synapse_count + 1], *pre[M::pre_count + 1], *lane[M::lane_count + 1];
  int64_t *synapse_since[M::synapse_since_count + 1], *pre_since[M::pre_since_count + 1], *lane_since[M::lane_since_count + 1];
  const int64_t *row_first = nullptr, *column_first = nullptr;
  const int32_t *target = nullptr, *number = nullptr, *edge = nullptr, *row_of = nullptr;
  uint8_t *fired = nullptr;

  void see(Group<real> &group) {
    blocks = group.cells;
    seed = group.seed;
    fired = group.flags;
    for (int n = 0; n < M::lane_count; ++n) lane[n] = group.lane + n * group.cells;
  }
  void see(Synapses<real> &job) {
    const Group<real> &post = *static_cast<Group<real> *>(job.post);
    inputs = job.rows, blocks = job.cells, synapses = job.synapses, seed = job.seed, still = job.still;
    for (int n = 0; n < M::synapse_count; ++n) synapse[n] = job.synapse + n * job.synapses;
    for (int n = 0; n < M::synapse_since_count; ++n) synapse_since[n] = job.synapse_since + n * job.synapses;
    for (int n = 0; n < M::pre_count; ++n) pre[n] = job.pre_values + n * job.rows;
    for (int n = 0; n < M::pre_since_count; ++n) pre_since[n] = job.pre_since + n * job.rows;
    for (int n = 0; n < M::lane_count; ++n)
      lane[n] = job.lane_shared[n] >= 0 ? post.lane + job.lane_shared[n] * post.cells : job.lane + n * job.cells;
    for (int n = 0; n < M::lane_since_count; ++n) lane_since[n] = job.lane_since + n * job.cells;
    row_first = job.row_first, column_first = job.column_first;
    target = job.target, number = job.number, edge = job.edge, row_of = job.row_of;
  }
};

// --- a population -------------------------------------------------------------------------------------------------------

inline void note(Group<real> &group, int64_t now, int32_t cell) {
  const int64_t place = now % group.past;
  group.fired[place * group.cells + group.fired_count[place]++] = cell;
  ++group.counts[cell];
  if (group.keep && group.keep_cell[cell]) {
    group.kept_steps[group.kept] = now;
    group.kept_cells[group.kept++] = cell;
  }
}

// Whether a step has room, whoever fires in it.
inline int64_t room_of_group(void *self, int64_t) {
  const Group<real> &group = *static_cast<Group<real> *>(self);
  return group.keep && group.kept + group.cells > group.capacity ? SPIKES_FULL : DONE;
}

// Spikes that are imposed, where nothing else makes any.
inline int64_t step_sources(void *self, int64_t now) {
  Group<real> &group = *static_cast<Group<real> *>(self);
  group.fired_count[now % group.past] = 0;
  for (; group.imposed < group.imposed_count && group.imposed_steps[group.imposed] == now; ++group.imposed)
    note(group, now, int32_t(group.imposed_cells[group.imposed]));
  return DONE;
}

template <class M> struct Cells {
  Group<real> &group;
  typename M::Shared shared;
  Seen<M> seen;
  int64_t part_next = FAR;

  explicit Cells(Group<real> &group) : group(group) {
    M::read(shared, group);
    seen.see(group);
    for (int64_t c = 0; c < group.cells; ++c)
      if (group.part_at[c] < part_next) part_next = group.part_at[c];
  }

  // The current that is given, and a random one that stays for a while; drawn by cell and the step at which it begins.
  void flow(int64_t begin) {
    for (int64_t c = 0; c < group.cells; ++c) {
      const double p = uniform(group.noise_streams[c], uint64_t(begin));
      seen.lane[M::current][c] = real(double(group.steady[c]) + (group.noise_low + (group.noise_high - group.noise_low) * p));
    }
  }

  // State update, then threshold.
  void step(int64_t now) {
    real *const given = group.noise_every ? group.steady : seen.lane[M::current];
    const int64_t before = group.current;
    for (; group.current < group.current_count && group.current_steps[group.current] == now; ++group.current) {
      const int64_t cell = group.current_cells[group.current];
      const real value = real(group.current_values[group.current]);
      if (cell >= 0) given[cell] = value;
      else std::fill_n(given, group.cells, value);
    }
    if (const int64_t every = group.noise_every; every && (now % every == 0 || group.current != before)) flow(now - now % every);
    bool any = M::step_cells(seen, shared, now);
    for (int64_t k = group.imposed; k < group.imposed_count && group.imposed_steps[k] == now; ++k, any = true)
      seen.fired[group.imposed_cells[k]] = 1, ++group.imposed;
    group.fired_count[now % group.past] = 0;
    if (any) note_fired(now);
  }
  // Few cells fire in a step: flags are looked at eight at a time. There is room for eight beyond the last.
  void note_fired(int64_t now) {
    for (int64_t first = 0; first < group.cells; first += 8) {
      uint64_t eight;
      std::memcpy(&eight, seen.fired + first, 8);
      if (eight == 0) continue;
      for (int64_t c = first; c < first + 8; ++c)
        if (seen.fired[c]) note(group, now, int32_t(c));
    }
  }

  // The parts of the spike's shape one after the other, then the reset and the refractory time.
  void end(int64_t now) {
    const Fired fired(group, now);
    if constexpr (M::shape_parts > 0) {
      for (const int32_t *c = fired.begin; c < fired.end; ++c) group.part[*c] = 0, group.part_at[*c] = now;
      if (fired.begin == fired.end && now != part_next) return;
      part_next = FAR;
      for (int64_t c = 0; c < group.cells; ++c) {
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
  const auto fires = [now](const void *group, int64_t cell) {
    const Fired fired(*static_cast<const Group<real> *>(group), now);
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

template <class M> struct Connections {
  static constexpr int A = M::actions;
  Synapses<real> &job;
  const Group<real> &pre, &post;
  typename M::Shared shared;
  Seen<M> seen;
  bool flawed = false;
  std::vector<char> touched;     // cells of whose synapses some had an event in this step; where that is of any interest
  std::vector<real> of_column;

  explicit Connections(Synapses<real> &job)
      : job(job), pre(*static_cast<Group<real> *>(job.pre)), post(*static_cast<Group<real> *>(job.post)) {
    M::read(shared, job);
    seen.see(job);
    touched.assign(job.normalise && !job.normalise_every ? size_t(job.cells) : 0, 0);
  }

  // [post], then what needs the clock; where an epoch begins, decays are stored anew.
  void step(int64_t now) {
    if (now % job.epoch == 0 && now > 0) M::rebase(seen, shared);
    const Rings<M> late{job.history, job.late_by, job.cells, 0, job.cells};
    late.read(seen.lane, now);
    if constexpr (M::has_post) flawed |= M::step_post(seen, shared, now);
    late.keep(seen.lane, now);
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
      for (int64_t d = 0; d < job.row_delay_count; ++d) {
        const Fired fired(pre, now - job.delays[a] - job.row_delays[d]);
        for (const int32_t *i = fired.begin; i < fired.end; ++i) {
          if (i + 1 < fired.end) fetch(i[1] * job.row_delay_count + d);
          const int64_t row = *i * job.row_delay_count + d;
          flawed |= M::template on<a>(seen, shared, row, now, at, real(0));
          if (!touched.empty())
            for (int64_t e = job.row_first[row]; e < job.row_first[row + 1]; ++e) touch(job.target[e]);
        }
      }
    } else if constexpr (M::event[a] == POST) {
      const Fired fired(post, now - job.delays[a]);
      for (const int32_t *c = fired.begin; c < fired.end; ++c) touch(*c), flawed |= M::template on<a>(seen, shared, *c, now, at, real(0));
    } else {
      for (int64_t k = first_signal(now); k < job.signal_count && job.signal_steps[k] == now; ++k) {
        if (job.signal_kinds[k] != M::signal[a]) continue;
        const int64_t cell = job.signal_cells[k], begin = cell < 0 ? 0 : cell, end = cell < 0 ? job.cells : cell + 1;
        for (int64_t c = begin; c < end; ++c) touch(c), flawed |= M::template on<a>(seen, shared, c, now, at, real(job.signal_values[k]));
      }
      if constexpr (M::signal[a] == 0) hear_triggers<a>(now, at);  // of the signals that a rule hears, rewards are the first
    }
  }
  template <int a> void hear_triggers(int64_t now, int64_t at) {
    for (int64_t k = 0; k < job.trigger_count; ++k) {
      const Trigger &trigger = *reinterpret_cast<const Trigger *>(job.triggers[k]);
      for (int32_t n = trigger.due[now % (trigger.longest + 1)]; n > 0; --n)
        for (int64_t c = 0; c < job.cells; ++c) touch(c), flawed |= M::template on<a>(seen, shared, c, now, at, real(trigger.value));
    }
  }
  int64_t first_signal(int64_t now) {
    while (job.signal < job.signal_count && job.signal_steps[job.signal] < now) ++job.signal;
    return job.signal;
  }
  // The beginning of a row that comes next.
  void fetch(int64_t row) const {
    __builtin_prefetch(job.target + job.row_first[row]);
    __builtin_prefetch(seen.synapse[M::weight] + job.row_first[row], 1);
  }
  void normalise(int64_t now) {
    if (job.normalise_every && (now + 1) % job.normalise_every) return;
    real *const w = seen.synapse[M::weight];
    for (int64_t c = 0; c < job.cells; ++c) {
      if (now > 0 && !touched.empty() && !touched[size_t(c)]) continue;
      const int64_t first = job.column_first[c], count = job.column_first[c + 1] - first;
      of_column.resize(size_t(count));
      for (int64_t n = 0; n < count; ++n) of_column[size_t(n)] = w[job.edge[first + n]];
      bring_to_sum<1>(of_column.data(), count, job.normalise, job.target_sum, job.low, job.high);
      for (int64_t n = 0; n < count; ++n) w[job.edge[first + n]] = of_column[size_t(n)];
    }
    std::fill(touched.begin(), touched.end(), 0);
  }

  // [post].on_spike, before the reset; then what is recorded.
  void end(int64_t now) {
    const Fired fired(post, now);
    for (const int32_t *c = fired.begin; c < fired.end; ++c) flawed |= M::on_spike(seen, shared, *c);
    record_weights(job, seen.synapse[M::weight], now);
  }
};

// --- a step, and what Python calls --------------------------------------------------------------------------------------

inline int64_t advance(Network &network, int64_t until) {
  FlushToZero flush;
  using Function = int64_t (*)(void *, int64_t);
  for (; network.now < until; ++network.now)
    for (int64_t k = 0; k < network.count; ++k)
      if (const int64_t status = reinterpret_cast<Function>(network.functions[k])(reinterpret_cast<void *>(network.objects[k]), network.now))
        return status;
  return DONE;
}

#define ROWS_ENTRIES(Model)                                                                                                          \
  extern "C" int64_t network_advance(Network *network, int64_t until) { return advance(*network, until); }                           \
  extern "C" int64_t group_room(void *self, int64_t now) { return room_of_group(self, now); }                                        \
  extern "C" int64_t trigger_watch(void *self, int64_t now) { return watch(self, now); }                                             \
  extern "C" int64_t sources_step(void *self, int64_t now) { return step_sources(self, now); }                                       \
  extern "C" void *cells_open(Group<real> *group) { return new Cells<Model>(*group); }                                               \
  extern "C" void cells_close(void *self) { delete static_cast<Cells<Model> *>(self); }                                              \
  extern "C" int64_t cells_step(void *self, int64_t now) { return static_cast<Cells<Model> *>(self)->step(now), DONE; }              \
  extern "C" int64_t cells_end(void *self, int64_t now) {                                                                            \
    auto &cells = *static_cast<Cells<Model> *>(self);                                                                                \
    return cells.end(now), record_cells(cells.group, now), DONE;                                                                     \
  }                                                                                                                                  \
  extern "C" void *synapses_open(Synapses<real> *job) { return new Connections<Model>(*job); }                                       \
  extern "C" void synapses_close(void *self) { delete static_cast<Connections<Model> *>(self); }                                     \
  extern "C" int64_t synapses_step(void *self, int64_t now) { return static_cast<Connections<Model> *>(self)->step(now), DONE; }     \
  extern "C" int64_t synapses_deliver(void *self, int64_t now) { return static_cast<Connections<Model> *>(self)->deliver(now), DONE; } \
  extern "C" int64_t synapses_end(void *self, int64_t now) {                                                                         \
    auto &connections = *static_cast<Connections<Model> *>(self);                                                                    \
    connections.end(now);                                                                                                            \
    return connections.flawed ? NOT_FINITE : DONE;                                                                                   \
  }
