// The way of a cell from an event to where its quiet stretch is computed: it depends on nothing but the cell's state after
// the event. Test pulses repeat themselves for as long as the weight stays, so that the last way is kept, and taken again
// where the state is the same to the last bit.
#pragma once

#include "runtime.hpp"

template <class State> class Course {
public:
  struct Way {
    State start, end;
    int64_t recorded = 0, steps = 0;  // steps in which v was recorded, and all
    double *v = nullptr;
    ~Way() { delete[] v; }
  };

  // The way that is known from that state on, or none.
  const Way *find(const State &state, int64_t recorded) const {
    const bool same = known->steps > 0 && known->recorded == recorded && std::memcmp(&known->start, &state, sizeof state) == 0;
    return same ? known : nullptr;
  }
  void begin(const State &state, int64_t recorded) {
    under_way = true;
    fresh->start = state;
    fresh->recorded = recorded;
    fresh->steps = 0;
    if (!fresh->v) fresh->v = new double[LONGEST];
  }
  void step(double v) {
    if (!under_way) return;
    if (fresh->steps == LONGEST) under_way = false;
    else fresh->v[fresh->steps++] = v;
  }
  void drop() { under_way = false; }
  void finish(const State &state) {
    if (!under_way) return;
    under_way = false;
    fresh->end = state;
    Way *const before = known;
    known = fresh;
    fresh = before;
  }

private:
  static constexpr int64_t LONGEST = 8192;
  bool under_way = false;
  Way first, second;
  Way *known = &first, *fresh = &second;
};
