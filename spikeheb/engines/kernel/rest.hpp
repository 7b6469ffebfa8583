// What a lane does while its cell is on its way to rest and nothing is scheduled: the rest of `Lane`.
#pragma once

#include "coast.hpp"

// Jump towards the next scheduled step, if nothing can happen until then and the way can be computed.
template <class M> bool Lane<M>::rest(int64_t now) {
  const int64_t end = next < job.steps ? next : job.steps;
  const bool recording = place.sweep < job.sweep_count && now >= job.sweeps[place.sweep];
  if (end - now < Quiet<M>::WORTHWHILE + past.longest() || recording || now <= place.held_through || clamped() || job.exact) return false;
  if constexpr (M::reads_potential) return coast(now, end);
  int64_t wait;
  const bool allowed = quiet.allows(state, shared, wait);
  place.look = now + wait;
  if (!allowed) return false;
  Around around;
  for (int k = 0; k < M::late_count; ++k) around.late.values[k] = M::late_source(k, state);
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
  int64_t unit = 1, wait = GRID / 2;
  const Quiet<M> *const known = quiet.knows(state, shared) ? &quiet : nullptr;
  auto linear = known ? quiet.way(state) : typename Quiet<M>::Way{};
  Around around;
  for (int k = 0; k < M::late_count; ++k) around.late.values[k] = Range(late.values[k], late.values[k], Glide<M>::OUTSIDE);
  Remembered remembered{from, state};
  while (end - place.now >= GRID) {
    unit = std::min(unit, (end - place.now) / GRID);
    const double worst = coast_once(unit, known, linear, around, remembered), change = 1.1 * std::pow(worst, -1.0 / (Collocation::S + 1));
    if (!(worst <= 1.0) && unit == 1) {
      wait *= 1 + (worst < 0x1p30 ? std::ilogb(worst) / 4 : 0);
      break;
    }
    const double factor = worst <= 1.0 ? std::fmin(std::fmax(change, 1.0), 8.0) : std::fmin(std::fmax(change, 0.125), 0.5);
    unit = std::max(int64_t(1), int64_t(double(unit) * factor));
  }
  const bool moved = place.now > from;
  if constexpr (M::late_count > 0)
    if (moved) {
      state = remembered.state;
      for (int64_t n = remembered.step; n < place.now; ++n) update_cell(n);
    }
  place.look = place.now + wait;
  return moved;
}

// Everything over some steps, or nothing. Returns the largest error over what is allowed. `around` is what synapses see that are
// left alone; `remembered`, the last node from which the steps up to the end are as many as are remembered.
template <class M>
double Lane<M>::coast_once(int64_t unit, const Quiet<M> *known, typename Quiet<M>::Way &linear, Around &around, Remembered &remembered) {
  const Collocation by(unit);
  CoastOfCell<M> cell(by, shared);
  auto ahead = linear;
  double worst = cell.carry(state, ahead, known);
  if (!(worst <= 1.0)) return worst;
  const int64_t end = place.now + by.steps(Collocation::S);
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
  if constexpr (stepped_synapses && !M::can_coast) {
    Around here;
    Collocation::enclose(cell.around.start, cell.around.rest, here.state, Glide<M>::OUTSIDE);
    here.late = around.late;  // of the steps before, of which nothing is remembered otherwise
    if (!leaves_alone(here, place.now, end)) return INFINITY;
    around = here;
    step_synapses(place.now, end, around);
  }
  if constexpr (M::late_count > 0)
    for (int node = 0; node < Collocation::S; ++node)
      if (const int64_t step = place.now + by.steps(node); step + past.longest() <= end) {
        remembered.step = step;
        if (node) Collocation::take(cell.x.rest, node - 1, remembered.state);
        else remembered.state = state;
      }
  Collocation::take(cell.x.rest, Collocation::S - 1, state);
  linear = ahead;
  place.now = end;
  return worst;
}
