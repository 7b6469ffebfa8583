// What a lane does while its cell is on its way to rest and nothing is scheduled: the rest of `Lane`.
#pragma once

#include "coast.hpp"

// Jump towards the next scheduled step, if nothing can happen until then and the way can be computed.
template <class M> bool Lane<M>::rest(int64_t now) {
  const int64_t end = next < job.steps ? next : job.steps;
  const bool recording = place.sweep < job.sweep_count && now >= job.sweeps[place.sweep];
  if (end - now < Quiet<M>::WORTHWHILE + past.longest() || recording || now <= place.held_through || clamped() || job.exact) return false;
  if constexpr (M::reads_potential) return coast(now, end - past.longest());
  int64_t wait;
  const bool allowed = quiet.allows(state, shared, wait);
  place.look = now + wait;
  if (!allowed) return false;
  Around around;
  if constexpr (stepped_synapses) {
    quiet.ranges(state, around.state, Glide<M>::OUTSIDE);
    if (!leaves_alone(around, now, end)) return false;
  }
  quiet.advance(state, end - now - past.longest());
  for (int64_t n = end - past.longest(); n < end; ++n) update_cell(n);
  if constexpr (stepped_synapses) step_synapses(now, end, around);
  place.now = end;
  return true;
}

// Whether the cell, with its way in `around`, leaves the synapses alone.
template <class M> bool Lane<M>::leaves_alone(Around &around, int64_t now, int64_t end) const {
  past.ranges(around.late, around.state, now, Glide<M>::OUTSIDE);
  for (int64_t i = first; i < last; ++i)
    if (!Glide<M>::left_alone(synapses[i], end - now, around, shared)) return false;
  return true;
}

// As far as the cell and all synapses can be carried; what is left is stepped. Returns whether that is anywhere.
template <class M> bool Lane<M>::coast(int64_t from, int64_t end) {
  constexpr int64_t GRID = Collocation::GRID;
  int64_t unit = 1;
  while (end - place.now >= GRID) {
    unit = std::min(unit, (end - place.now) / GRID);
    const double worst = coast_once(unit), change = 0.8 * std::pow(worst, -1.0 / (Collocation::S + 1));
    if (!(worst <= 1.0) && unit == 1) break;
    const double factor = worst <= 1.0 ? std::fmin(std::fmax(change, 1.0), 8.0) : std::fmin(std::fmax(change, 0.125), 0.5);
    unit = std::max(int64_t(1), int64_t(double(unit) * factor));
  }
  place.look = place.now + GRID / 2;
  return place.now > from;
}

// Everything over some steps, or nothing. Returns the largest error over what is allowed.
template <class M> double Lane<M>::coast_once(int64_t unit) {
  const Collocation by(unit);
  CoastOfCell<M> cell(by, shared);
  double worst = cell.carry(state, quiet);
  if (!(worst <= 1.0)) return worst;
  int64_t end = place.now + by.steps(Collocation::S);
  if constexpr (M::can_coast) {
    const bool single = last - first == 1;
    for (int round = single ? 1 : 0; round < 2; ++round)
      for (int64_t i = first; i < last && worst <= 1.0; ++i) {
        typename M::Synapse s = synapses[i];
        worst = std::fmax(worst, Coast<M>::carry(s, cell.around, by, shared));
        if (round == 1 && worst <= 1.0) synapses[i] = s;
      }
    if (!(worst <= 1.0)) return worst;
  }
  Around around;
  if constexpr (stepped_synapses && !M::can_coast) {
    Collocation::enclose(cell.around, around.state, Glide<M>::OUTSIDE);
    if (!leaves_alone(around, place.now, end + past.longest())) return INFINITY;
  }
  state = cell.x[Collocation::S];
  if constexpr (!M::can_coast) {
    for (const int64_t stop = end + past.longest(); end < stop; ++end) update_cell(end);  // since these are remembered
    if constexpr (stepped_synapses) step_synapses(place.now, end, around);
  }
  place.now = end;
  return worst;
}
