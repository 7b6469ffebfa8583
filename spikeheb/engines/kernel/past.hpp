// What a rule reads late: the last values of some variables, each in a ring of its own.
#pragma once

#include "contract.hpp"
#include "range.hpp"

template <class M> class Past {
public:
  using Late = typename M::template Late<double>;
  using State = typename M::template State<double>;

  Past(const Job &job, int64_t lane) : by(job.late_by + lane * job.late_each), history(job.history + lane * job.history_each) {}

  void read(Late &late, int64_t now) const {
    for (int k = 0; k < M::late_count; ++k)
      if (by[k] > 0) late.values[k] = *ring(k, now, by[k]);
  }

  void keep(Late &late, const State &state, int64_t now) const {
    for (int k = 0; k < M::late_count; ++k) {
      const double value = M::late_source(k, state);
      *ring(k, now, 0) = value;
      if (by[k] == 0) late.values[k] = value;
    }
  }

  // Steps after which nothing of now is remembered.
  int64_t longest() const {
    int64_t steps = 0;
    for (int k = 0; k < M::late_count; ++k)
      if (by[k] + 1 > steps) steps = by[k] + 1;
    return steps;
  }

  // From now on, where the variables themselves stay within `ahead`; what `late` is before counts too.
  void ranges(typename M::template Late<Range> &late, const typename M::template State<Range> &ahead, int64_t now, uint64_t on) const {
    for (int k = 0; k < M::late_count; ++k) {
      const Range next = M::late_source(k, ahead), &before = late.values[k];
      Range whole(std::min(next.low, before.low), std::max(next.high, before.high), on);
      const double *const begin = first(k), *const oldest = ring(k, now, 0), *const end = begin + by[k] + 1;
      for (const double *value = begin; value < end; ++value) {
        if (value == oldest) continue;  // of which nothing is read any more
        whole.low = std::min(whole.low, *value);
        whole.high = std::max(whole.high, *value);
      }
      late.values[k] = Range(whole.low, whole.high, on);
    }
  }

private:
  const int64_t *by;
  double *history;

  // Ring k holds the last by[k] + 1 values.
  double *first(int k) const {
    double *start = history;
    for (int j = 0; j < k; ++j) start += by[j] + 1;
    return start;
  }
  double *ring(int k, int64_t now, int64_t ago) const { return first(k) + (now + by[k] + 1 - ago) % (by[k] + 1); }
};
