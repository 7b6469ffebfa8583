// Spike trains, drawn as a function of seed, train and counter: the counterpart of `draws/trains.py`, bit for bit.
//
// A Generator draws the spikes of a set of trains from one step to another, in whatever pieces; a Window holds them by
// step, in each step by train, with as many steps of the past as the longest delay needs.
#pragma once

#include "contract.hpp"
#include "runtime.hpp"

#include <cstdlib>

inline uint64_t bits_of(double x) { uint64_t b; std::memcpy(&b, &x, 8); return b; }
inline double double_of(uint64_t b) { double x; std::memcpy(&x, &b, 8); return x; }

inline uint64_t random_bits(uint64_t stream, uint64_t counter) { return mix(mix(stream + 0x9E3779B97F4A7C15u * (counter + 1)) ^ stream); }

// An exponential number of mean 1: minus the logarithm of a uniform number, by operations that round alike everywhere.
inline double exponential_of(uint64_t random) {
  const uint64_t b = bits_of((double(int64_t(random >> 12)) + 0.5) * 0x1p-52);
  const double m = double_of((b & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u);
  const bool high = m > 1.4142135623730951;
  const double f = (high ? 0.5 * m : m) - 1.0;
  const double e = double(int64_t(b >> 52)) + (high ? -1022.0 : -1023.0);
  const double s = f / (2.0 + f), z = s * s;
  const double p =
      z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11 + z * (1.0 / 13 + z * (1.0 / 15)))))));
  return -(e * 0.6931471805599453 + 2.0 * (s + s * p));
}
inline int64_t steps_of(double exponential, double scale) {
  const double x = exponential * scale;
  return int64_t(x < double(NEVER) ? x : double(NEVER));
}

template <class T> struct Buffer {
  T *data = nullptr;
  int64_t size = 0, room = 0;
  bool reserve(int64_t wanted) {
    if (wanted <= room) return true;
    const int64_t more = wanted + wanted / 2 + 64;
    T *grown = static_cast<T *>(std::realloc(data, size_t(more) * sizeof(T)));
    if (!grown) return false;
    data = grown;
    room = more;
    return true;
  }
  bool add(const T &value) {
    if (!reserve(size + 1)) return false;
    data[size++] = value;
    return true;
  }
  void release() { std::free(data); data = nullptr; size = room = 0; }
};

class Generator {
public:
  // Trains `first` to `last` of a copy; they come out numbered from 0.
  bool open(const Trains &trains, int64_t copy, int64_t first, int64_t last) {
    told = &trains;
    this->copy = copy;
    this->first = first;
    n = last - first;
    if (!next.reserve(n) || !counter.reserve(n) || !active.reserve(n) || !key.reserve(n)) return false;
    if (!event.reserve(trains.sources) || !event_counter.reserve(trains.sources)) return false;
    for (int64_t s = 0; s < trains.sources; ++s) open_source(s);
    return true;
  }
  void release() {
    next.release(); counter.release(); active.release(); key.release(); event.release(); event_counter.release();
    pending.release(); out_step.release(); out_train.release();
  }

  // Spikes of the steps up to `to` that were not drawn before, in no order.
  bool draw(int64_t to) {
    out_step.size = out_train.size = 0;
    for (int64_t s = 0; s < told->sources; ++s) {
      const int64_t a = low(s), b = high(s);
      if (a >= b) continue;
      const bool drawn = told->kind[s] == POISSON ? draw_poisson(a, b, to) : told->kind[s] == GROUP ? true : draw_listed(s, a, b, to);
      if (!drawn) return false;
    }
    if (!draw_pending(to)) return false;
    for (int64_t s = 0; s < told->sources; ++s)
      if (told->kind[s] == GROUP && low(s) < high(s) && !draw_group(s, to)) return false;
    return true;
  }

  // Whether two spikes of one train may come in one step.
  bool repeats() const {
    for (int64_t s = 0; s < told->sources; ++s)
      if (told->kind[s] == GROUP) return true;
    return false;
  }

  Buffer<int64_t> out_step;
  Buffer<int32_t> out_train;

private:
  struct Spike { int64_t step; int32_t train; };
  static constexpr int LOT = 256;

  const Trains *told = nullptr;
  int64_t copy = 0, first = 0, n = 0;
  Buffer<int64_t> next, counter, event, event_counter;
  Buffer<uint64_t> key;
  Buffer<int32_t> active;
  Buffer<Spike> pending;

  // The trains of a source that are ours, counted from our first.
  int64_t low(int64_t s) const { const int64_t a = told->first[s] - first; return a < 0 ? 0 : a; }
  int64_t high(int64_t s) const { const int64_t b = told->first[s + 1] - first; return b > n ? n : b; }

  void open_source(int64_t s) {
    const Trains &t = *told;
    if (t.kind[s] == GROUP) {
      event.data[s] = steps_of(exponential_of(random_bits(event_key(s), 0)), t.event_scale[s]);
      event_counter.data[s] = 0;
      return;
    }
    for (int64_t j = low(s); j < high(s); ++j) {
      const int64_t train = first + j;
      counter.data[j] = 0;
      key.data[j] = stream(t.seed, uint64_t(t.purpose), uint64_t(copy * t.count + train));
      if (t.kind[s] == POISSON) next.data[j] = steps_of(exponential_of(random_bits(key.data[j], 0)), t.value[train]);
      else next.data[j] = listed(s, j);
    }
  }
  uint64_t event_key(int64_t s) const {
    return stream(told->seed, uint64_t(told->purpose) + EVENTS_OF_GROUP, uint64_t(copy * told->sources + s));
  }

  // The step of a train's next spike where it is known without chance.
  int64_t listed(int64_t s, int64_t j) const {
    const int64_t train = first + j, k = counter.data[j];
    if (told->kind[s] == REGULAR) {
      const double at = told->start[train] + double(k) * told->value[train] + 0.5;
      return int64_t(at < double(NEVER) ? at : double(NEVER));
    }
    const int64_t row = copy * told->count + train, place = told->replay_first[row] + k;
    return place < told->replay_first[row + 1] ? told->replay[place] : NEVER;
  }

  bool draw_listed(int64_t s, int64_t a, int64_t b, int64_t to) {
    for (int64_t j = a; j < b; ++j)
      while (next.data[j] < to) {
        if (!out_step.add(next.data[j]) || !out_train.add(int32_t(j))) return false;
        ++counter.data[j];
        next.data[j] = listed(s, j);
      }
    return true;
  }

  // Round by round: the next spike of every train that has one before `to`, all intervals of a lot at once.
  bool draw_poisson(int64_t a, int64_t b, int64_t to) {
    int64_t count = 0;
    for (int64_t j = a; j < b; ++j) {
      active.data[count] = int32_t(j);
      count += next.data[j] < to;
    }
    const double *scale = told->value + first;
    while (count) {
      if (!out_step.reserve(out_step.size + count) || !out_train.reserve(out_train.size + count)) return false;
      int64_t kept = 0;
      for (int64_t from = 0; from < count; from += LOT) {
        const int lot = int(count - from < LOT ? count - from : LOT);
        int32_t *const which = active.data + from;
        uint64_t random[LOT];
        double scales[LOT];
        int64_t interval[LOT];
        for (int k = 0; k < lot; ++k) {
          const int32_t j = which[k];
          out_step.data[out_step.size + k] = next.data[j];
          out_train.data[out_train.size + k] = j;
          random[k] = random_bits(key.data[j], uint64_t(++counter.data[j]));
          scales[k] = scale[j];
        }
        out_step.size += lot;
        out_train.size += lot;
        for (int k = 0; k < lot; ++k) interval[k] = 1 + steps_of(exponential_of(random[k]), scales[k]);
        for (int k = 0; k < lot; ++k) {
          const int32_t j = which[k];
          const int64_t at = next.data[j] += interval[k];
          active.data[kept] = j;
          kept += at < to;
        }
      }
      count = kept;
    }
    return true;
  }

  bool emit(int64_t step, int64_t train, int64_t to) {
    if (train < 0 || train >= n) return true;
    if (step >= to) return pending.add(Spike{step, int32_t(train)});
    return out_step.add(step) && out_train.add(int32_t(train));
  }
  bool draw_pending(int64_t to) {
    const int64_t before = pending.size;
    pending.size = 0;
    for (int64_t k = 0; k < before; ++k) {
      const Spike spike = pending.data[k];
      if (!emit(spike.step, spike.train, to)) return false;
    }
    return true;
  }

  bool draw_group(int64_t s, int64_t to) {
    const Trains &t = *told;
    const int64_t size = t.first[s + 1] - t.first[s];
    const uint64_t events = event_key(s);
    for (int64_t &k = event_counter.data[s]; event.data[s] < to;) {
      const uint64_t members = stream(events, MEMBERS_OF_GROUP, uint64_t(k));
      int64_t m = -1;
      for (uint64_t draw = 0;; draw += 2) {
        m += 1 + steps_of(exponential_of(random_bits(members, draw)), t.skip_scale[s]);
        if (m >= size) break;
        const int64_t train = t.first[s] + m;
        const int64_t delay = t.jitter[s] > 0.0 ? steps_of(exponential_of(random_bits(members, draw + 1)), t.jitter[s]) : 0;
        if (!emit(event.data[s] + int64_t(t.start[train]) + delay, train - first, to)) return false;
      }
      ++k;
      event.data[s] += 1 + steps_of(exponential_of(random_bits(events, uint64_t(k))), t.event_scale[s]);
    }
    return true;
  }
};

// The spikes of the steps from `base` to `end`.
class Window {
public:
  int64_t base = 0, end = 0;
  Generator generator;

  void open(int64_t reach) { this->reach = reach; }
  void release() { generator.release(); begin.release(); trains.release(); }

  // Spikes of a step: those numbered from `from` to `to`. Up to AHEAD numbers beyond may be read, and mean nothing then.
  static constexpr int64_t AHEAD = 8;
  void row(int64_t step, const int32_t *&from, const int32_t *&to) const {
    if (step < base || step >= end) { from = to = nullptr; return; }
    const int32_t *const place = begin.data + (step - base);
    from = trains.data + place[0];
    to = trains.data + place[1];
  }

  // Go on to step `to`, so many steps at a time.
  bool skip(int64_t to, int64_t chunk) {
    while (end < to)
      if (!extend(end + chunk < to ? end + chunk : to)) return false;
    return true;
  }

  // Go on to step `to`, keeping the last `reach` steps.
  bool extend(int64_t to) {
    const int64_t kept = end - (end - reach > base ? end - reach : base), rows = kept + to - end;
    if (!generator.draw(to) || !begin.reserve(rows + 1)) return false;
    const int64_t tail = keep(kept), drawn = generator.out_step.size;
    base = end - kept;
    end = to;
    if (!trains.reserve(tail + drawn + AHEAD)) return false;
    sort(kept, int32_t(tail), drawn, rows);
    return true;
  }

private:
  int64_t reach = 0;
  Buffer<int32_t> begin, trains;                        // where the row of each step begins, and one beyond

  // Move the last `kept` rows to the front; the number of their spikes.
  int64_t keep(int64_t kept) {
    if (!kept) return 0;
    const int64_t dropped = end - base - kept;
    const int32_t first = begin.data[dropped], size = begin.data[dropped + kept] - first;
    std::memmove(trains.data, trains.data + first, size_t(size) * sizeof(int32_t));
    for (int64_t r = 0; r < kept; ++r) begin.data[r] = begin.data[dropped + r] - first;
    return size;
  }

  // Rows of the new spikes by counting; the few of a row then in order, two alike as one.
  void sort(int64_t kept, int32_t tail, int64_t drawn, int64_t rows) {
    const int64_t *const step = generator.out_step.data, first = base;
    const int32_t *const train = generator.out_train.data;
    int32_t *const row = begin.data, *const sorted = trains.data;
    for (int64_t r = kept; r <= rows; ++r) row[r] = 0;
    for (int64_t k = 0; k < drawn; ++k) ++row[step[k] - first];
    int32_t sum = tail;
    for (int64_t r = kept; r <= rows; ++r) row[r] = sum += row[r];
    for (int64_t k = drawn - 1; k >= 0; --k) sorted[--row[step[k] - first]] = train[k];
    for (int64_t k = 0; k < AHEAD; ++k) sorted[sum + k] = 0;
    for (int64_t r = kept; r < rows; ++r)
      if (row[r + 1] - row[r] > 1) order(sorted + row[r], sorted + row[r + 1]);
    if (generator.repeats()) drop_repeats(kept, rows);
  }
  static void order(int32_t *from, int32_t *to) {
    for (int32_t *next = from + 1; next < to; ++next) {
      const int32_t value = *next;
      int32_t *place = next;
      for (; place > from && place[-1] > value; --place) *place = place[-1];
      *place = value;
    }
  }
  void drop_repeats(int64_t kept, int64_t rows) {
    int32_t *const row = begin.data, *const sorted = trains.data;
    int32_t place = row[kept], from = place;
    for (int64_t r = kept; r < rows; ++r) {
      const int32_t to = row[r + 1];
      row[r] = place;
      for (int32_t k = from; k < to; ++k)
        if (k == from || sorted[k] != sorted[k - 1]) sorted[place++] = sorted[k];
      from = to;
    }
    row[rows] = place;
  }
};
