// A lane that is a single synapse which only events move: all that changes stays in registers from one event to the next.
#pragma once

#include "contract.hpp"
#include "runtime.hpp"

#include <utility>

template <class M> class Lane;

template <class M> class Single {
public:
  explicit Single(Lane<M> &lane) : lane(lane), s(lane.synapses[lane.first]) {}

  void run(int64_t until) {
    run(until, std::make_integer_sequence<int, M::actions>());
    lane.synapses[lane.first] = s;
    lane.place.now = until;
    if (flawed || !std::isfinite(s.weight())) lane.fail(until - 1, lane.first);
  }

private:
  struct Events { const int64_t *steps; const double *amounts; int64_t delay, count, done, at; };

  Lane<M> &lane;
  typename M::Synapse s;
  bool flawed = false;  // whether a number that would not last was not finite; what lasts is looked at in the end

  template <int... a> void run(int64_t until, std::integer_sequence<int, a...>) {
    Events events[] = {events_of<a>()..., Events{}};
    for (int64_t sample = sample_at();;) {
      int64_t now = until;
      (sooner(now, events[a].at), ...);
      if (sample < now) {  // after all events of its step
        lane.synapses[lane.first] = s;
        lane.record_sample(sample);
        sample = sample_at();
      } else if (now < until) {
        (deliver<a>(events[a], now), ...);
      } else break;
    }
    ((lane.place.done[a] = events[a].done), ...);
  }

  template <int a> Events events_of() const {
    const Job &job = lane.job;
    Events e{};
    const bool signal = M::event[a] == SIGNAL;
    const int64_t *const first = lane.signals(a);
    const int64_t begin = signal ? first[0] : 0;
    e.steps = M::event[a] == PRE ? job.pre_steps + lane.pre_begin : signal ? job.signal_steps + begin : lane.imposed;
    e.amounts = job.signal_values + begin;
    e.delay = signal ? 0 : lane.delays[a];
    e.count = !M::matters[a] ? 0 : M::event[a] == PRE ? lane.pre_count : signal ? first[1] - begin : lane.imposed_count;
    e.done = lane.place.done[a];
    e.at = e.done < e.count ? e.steps[e.done] + e.delay : FAR;
    return e;
  }

  template <int a> void deliver(Events &e, int64_t now) {
    if (e.at != now) return;
    flawed |= lane.template on<a>(s, lane.first, now, M::event[a] == SIGNAL ? e.amounts[e.done] : 0.0);
    ++e.done;
    e.at = e.done < e.count ? e.steps[e.done] + e.delay : FAR;
  }

  int64_t sample_at() const { return lane.place.sample < lane.job.sample_count ? lane.job.samples[lane.place.sample] : FAR; }
};
