// What a lane does while its cell is on its way to rest and nothing is scheduled: the rest of `Lane`.
#pragma once

#include "coast.hpp"

// Jump towards the next scheduled step, if the cell is near rest and nothing can happen until then.
template <class M> bool Lane<M>::rest(int64_t now) {
  const int64_t end = next < job.steps ? next : job.steps;
  const bool recording = place.sweep < job.sweep_count && now >= job.sweeps[place.sweep];
  if (end - now < Quiet<M>::WORTHWHILE + past.longest() || recording || now <= place.held_through || clamped() || job.exact) return false;
  int64_t wait;
  const bool allowed = quiet.allows(state, shared, wait);
  place.look = now + wait;
  if constexpr (M::can_coast) return allowed && coast(now, end);
  else return allowed && rest_beside(now, end);
}

// All the way, if the cell leaves its synapses alone.
template <class M> bool Lane<M>::rest_beside(int64_t now, int64_t end) {
  Around around;
  if constexpr (stepped_synapses) {
    quiet.ranges(state, around.state, Glide<M>::OUTSIDE);
    past.ranges(around.late, around.state, now, Glide<M>::OUTSIDE);
    for (int64_t i = first; i < last; ++i)
      if (!Glide<M>::left_alone(synapses[i], end - now, around, shared)) return false;
  }
  advance_cell(now, end);
  if constexpr (stepped_synapses) step_synapses(now, end, around);
  place.now = end;
  return true;
}

// The cell and [post] alone; the last steps are carried out, since they are remembered.
template <class M> void Lane<M>::advance_cell(int64_t from, int64_t to) {
  const int64_t stepped = std::min(past.longest(), to - from);
  quiet.advance(state, to - from - stepped);
  for (int64_t n = to - stepped; n < to; ++n) update_cell(n);
}

// As far as all synapses can be carried by the cell; what is left is stepped. Returns whether that is anywhere.
template <class M> bool Lane<M>::coast(int64_t from, int64_t end) {
  using Along = Coast<M>;
  int64_t now = from, unit = 1;
  while (end - now >= Along::GRID) {
    unit = std::min(unit, (end - now) / Along::GRID);
    const double worst = coast_once(state, now - from, unit), change = 0.8 * std::pow(worst, -1.0 / (Along::S + 1));
    const bool carried = worst <= 1.0;
    if (carried) now += unit * Along::GRID;
    else if (unit == 1) break;
    const double factor = carried ? std::fmin(std::fmax(change, 1.0), 8.0) : std::fmin(std::fmax(change, 0.125), 0.5);
    unit = std::max(int64_t(1), int64_t(double(unit) * factor));
  }
  if (now == from) return false;
  advance_cell(from, now);
  place.now = now;
  place.look = now + Quiet<M>::SHORTEST_WAIT;
  return true;
}

// All synapses over some steps that begin when `gone` are over, or none. Returns the largest error over what is allowed.
template <class M> double Lane<M>::coast_once(const typename M::template State<double> &before, int64_t gone, int64_t unit) {
  using Along = Coast<M>;
  typename M::template State<double> around[Along::S + 1];
  around[0] = before;
  quiet.advance(around[0], gone + 1);
  for (int j = 1; j <= Along::S; ++j) {
    around[j] = around[j - 1];
    quiet.advance(around[j], unit * (Along::NODES[j] - Along::NODES[j - 1]));
  }
  Along along(shared, around, unit);
  const bool single = last - first == 1;
  double worst = 0.0;
  for (int round = single ? 1 : 0; round < 2; ++round)
    for (int64_t i = first; i < last && worst <= 1.0; ++i) {
      typename M::Synapse s = synapses[i];
      worst = std::fmax(worst, along.carry(s));
      if (round == 1 && worst <= 1.0) synapses[i] = s;
    }
  return worst;
}
