// Postsynaptic spikes that wait for the next presynaptic one, where there are no columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Spikes of a range of cells whose effect on their synapses waits until the source of each fires again. An event is known by its number:
// the step times the number of handlers, and the handler. They rise.
struct Waiting {
  std::vector<std::vector<int64_t>> events;  // by cell
  std::vector<int64_t> newest;               // by cell
  std::vector<int64_t> seen;                 // by row: up to where its synapses have seen all
  bool any = false;

  void open(int64_t cells, int64_t rows) {
    events.resize(size_t(cells)), newest.assign(size_t(cells), -1), seen.assign(size_t(rows), -1);
  }
  void add(int64_t cell, int64_t event) { events[size_t(cell)].push_back(event), newest[size_t(cell)] = event, any = true; }
  template <class Act> void after(int64_t since, int64_t cell, Act act) const {
    if (newest[size_t(cell)] <= since) return;
    const std::vector<int64_t> &of_cell = events[size_t(cell)];
    auto next = of_cell.end();
    while (next != of_cell.begin() && next[-1] > since) --next;
    for (; next != of_cell.end(); ++next) act(*next);
  }
  void clear() {
    for (auto &of_cell : events) of_cell.clear();
    any = false;
  }
};
