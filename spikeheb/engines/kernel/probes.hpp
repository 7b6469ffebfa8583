// What is recorded of populations and projections at the end of a step.
#pragma once

#include "rows_contract.hpp"

#include <algorithm>
#include <cstring>

// Whether this step is the next of those at whose end something is recorded.
inline bool is_due(const int64_t *steps, int64_t count, int64_t behind, int64_t now) { return behind < count && steps[behind] == now; }

// Counts of spikes, and rows of chosen cells.
inline void record_cells(Group<real> &group, int64_t now) {
  if (group.bins > 0 && now / group.bin_steps < group.bins)
    for (int64_t range = 0; range < group.ranges; ++range)
      group.binned[now / group.bin_steps] += group.fired_count[now % group.past * group.ranges + range];
  if (!is_due(group.sample_steps, group.sample_count, group.sample, now)) return;
  real *to = group.samples + group.sample++ * group.sample_row_count * group.sample_cell_count;
  for (int64_t n = 0; n < group.sample_row_count; ++n)
    for (int64_t k = 0; k < group.sample_cell_count; ++k) *to++ = group.lane[group.sample_rows[n] * group.cells + group.sample_cells[k]];
}

// All weights, those of chosen synapses, and how many lie in each bin; as in numpy, the last bin holds its right edge.
inline void record_weights(Synapses<real> &job, const real *weights, int64_t now) {
  if (is_due(job.snapshot_steps, job.snapshot_count, job.snapshot, now))
    std::memcpy(job.snapshots + job.snapshot++ * job.synapses, weights, size_t(job.synapses) * sizeof(real));
  if (is_due(job.watch_steps, job.watch_count, job.watch, now)) {
    real *const to = job.watched_weights + job.watch++ * job.watched_count;
    for (int64_t k = 0; k < job.watched_count; ++k) to[k] = weights[job.watched[k]];
  }
  if (is_due(job.histogram_steps, job.histogram_count, job.histogram, now)) {
    int64_t *const to = job.histograms + job.histogram++ * job.bins;
    const double *const last = job.edges + job.bins;
    for (int64_t e = 0; e < job.synapses; ++e) {
      const double w = double(weights[e]);
      if (!(w >= *job.edges && w <= *last)) continue;
      ++to[w == *last ? job.bins - 1 : std::upper_bound(job.edges, last, w) - job.edges - 1];
    }
  }
}
