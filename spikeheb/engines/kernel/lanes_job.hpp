// What the caller of lanes hands over: trains, arrays, and where everything that a run changes is kept.
#pragma once

#include "runtime.hpp"

enum Event { PRE, POST, REWARD };
enum Status : int64_t { DONE = 0, NOT_FINITE = 1, SPIKES_FULL = 2 };
enum Purpose : uint64_t { NOISE_OF_SYNAPSE = 1, NOISE_OF_CELL = 2, NOISE_OF_POST = 3, DRAWS_OF_HANDLER = 4 };

inline void sooner(int64_t &best, int64_t step) { if (step < best) best = step; }

// Arrays of the caller. Those called `first` hold, for each lane and one beyond, where its part of an array starts.
struct Job {
  int64_t lanes, inputs, steps;
  double dt;
  uint64_t seed;
  const double *constants; int64_t constants_each;       // of the rule: one row, or one for each lane
  const double *cell;                                    // of the cell
  const int64_t *delays; int64_t delays_each;            // steps, by action: one row, or one for each lane
  const int64_t *durations;                              // steps: refractory time, then the parts of the spike's shape
  const int64_t *late_by; int64_t late_each;             // steps, by delayed variable
  const int64_t *first_input;
  const int64_t *pre_first, *pre_steps, *pre_inputs;
  const int64_t *post_first, *post_steps;
  const int64_t *current_first, *current_steps; const double *current_values;
  const int64_t *clamp_first, *clamp_steps; const double *clamp_values;  // not a number: released
  const int64_t *reward_first, *reward_steps; const double *reward_values;
  const int64_t *samples; int64_t sample_count;
  const int64_t *sweeps; int64_t sweep_count, sweep_steps;
  void *synapses;                                        // Model::Synapse by input
  double *states;                                        // Model::State by lane
  int64_t *places;                                       // Place by lane
  double *history; int64_t history_each;                 // rings of delayed values by lane
  double *weight, *efficacy;                             // inputs x samples
  double *v;                                             // lanes x sweeps x sweep_steps
  int64_t *spikes; int64_t capacity;                     // lanes x capacity
  const double *start;                                   // a Model::State to look for rest from
  int64_t *failures;                                     // by lane: step, input
  int64_t careful;                                       // look at every number after every event and step
  int64_t exact;                                         // step through everything
};

// What a lane carries along besides variables: how far it is, and how much of each array is behind it.
template <int actions> struct Place {
  int64_t now, current, clamp, imposed, sample, sweep, spikes, held_through, part, part_at, look;
  int64_t done[actions > 0 ? actions : 1];
};
