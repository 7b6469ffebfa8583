// The runner of lanes: one cell (or only its imposed spikes) with its inputs, from event to event or step by step.
//
// Model, which is generated from a rule and a cell, says what happens; this file says when. All state belongs to the
// caller, so that a run may be stopped anywhere and goes on with the same bytes.
#pragma once

#include "contract.hpp"
#include "exponential.hpp"
#include "glide.hpp"
#include "pack.hpp"
#include "past.hpp"
#include "quiet.hpp"
#include "single.hpp"

#include <type_traits>
#include <utility>
#include <vector>

template <class M> class Lane {
public:
  static constexpr int A = M::actions;
  static constexpr bool has_cell = M::has_cell;
  static constexpr bool stepped_synapses = M::stepped_count > 0;
  static constexpr bool alone = !has_cell && !M::has_post;  // nothing but synapses
  static constexpr bool abreast = alone && M::synapse_noisy;  // many synapses are stepped side by side
  static constexpr bool cell_only = has_cell && !M::has_post && !stepped_synapses && M::late_count == 0;  // is all that is stepped
  static constexpr int64_t STRETCH = 512;
  using Progress = Place<(A > 0 ? A : 1)>;
  using Around = typename Glide<M>::Around;

  Lane(const Job &job, int64_t lane)
      : job(job), lane(lane), quiet(job.start), past(job, lane), place(static_cast<Progress *>(job.places)[lane]),
        state(reinterpret_cast<typename M::template State<double> *>(job.states)[lane]),
        synapses(static_cast<typename M::Synapse *>(job.synapses)) {
    M::read(shared, job.constants + lane * job.constants_each, job.cell, job.dt);
    first = job.first_input[lane];
    last = job.first_input[lane + 1];
    delays = job.delays + lane * job.delays_each;
    pre_begin = job.pre_first[lane];
    pre_count = job.pre_first[lane + 1] - pre_begin;
    imposed = job.post_steps + job.post_first[lane];
    imposed_count = job.post_first[lane + 1] - job.post_first[lane];
    // Without a cell its spikes are just the imposed ones.
    spikes = has_cell ? job.spikes + lane * job.capacity : nullptr;
    for (int a = 0; a < A; ++a) at[a] = arrival(a);
    for (int k = 0; k < M::late_count; ++k) late.values[k] = M::late_source(k, state);
    schedule();
  }

  Status run(int64_t until) {
    if constexpr (alone && !stepped_synapses)
      if (last - first == 1 && !job.careful) {
        Single<M>(*this).run(until);
        return failed ? NOT_FINITE : DONE;
      }
    const bool careful = job.careful;
    for (;;) {
      if (alone ? !to_next(until) : place.now >= until) return failed ? NOT_FINITE : DONE;
      if (has_cell && place.spikes == job.capacity) return SPIKES_FULL;
      const int64_t now = place.now;
      const bool eventful = now == next;
      if constexpr (has_cell) {
        if (eventful) set_current(now), set_clamp(now);
        else {
          if constexpr (M::can_rest)
            if (now >= place.look && !M::jumps(state) && rest(now)) continue;
          if constexpr (cell_only)
            if (!careful && stride(until)) continue;
        }
      }
      bool spike = false;
      if constexpr (has_cell || M::has_post) {
        update(now);
        if (M::post_flawed(state) || (careful && state_flawed())) fail(now, -1);
        spike = fires(now);
      }
      if constexpr (has_cell)
        if (eventful) receive(now);
      if (eventful || spike) deliver(now, std::make_integer_sequence<int, A>());
      if constexpr (has_cell || M::has_post)
        if (spike || now == place.part_at) shape(now, spike);
      if constexpr (has_cell) record_v(now);
      if (eventful) record_sample(now);
      if (careful && state_flawed()) fail(now, -1);
      if (failed) return NOT_FINITE;
      if (eventful || spike) schedule();
      ++place.now;
    }
  }

private:
  friend class Single<M>;
  const Job &job;
  const int64_t lane;
  Quiet<M> quiet;
  const Past<M> past;
  Progress &place;
  typename M::template State<double> &state;
  typename M::Synapse *const synapses;
  typename M::Shared shared;
  typename M::template Late<double> late{};
  std::vector<typename M::Synapse> glided;
  int64_t first, last, pre_begin, pre_count, imposed_count;
  const int64_t *delays, *imposed;
  int64_t *spikes;
  int64_t at[A > 0 ? A : 1];  // the step of each action's next arrival
  int64_t next = 0;           // the next step in which something is scheduled
  bool failed = false;

  // --- when ------------------------------------------------------------------------------------------------------------

  int64_t arrival(int a) const {
    if (!M::matters[a]) return FAR;
    const int64_t done = place.done[a];
    switch (M::event[a]) {
      case PRE: return done < pre_count ? job.pre_steps[pre_begin + done] + delays[a] : FAR;
      case POST:
        if constexpr (has_cell) return done < place.spikes ? spikes[done] + delays[a] : FAR;
        else return done < imposed_count ? imposed[done] + delays[a] : FAR;
      default: {
        const int64_t *const first = signals(a);
        return first[0] + done < first[1] ? job.signal_steps[first[0] + done] : FAR;
      }
    }
  }

  // Where the signals that a handler hears begin, and where they end.
  const int64_t *signals(int a) const { return job.signal_first + M::signal[a] * job.lanes + lane; }

  void schedule() {
    next = FAR;
    for (int a = 0; a < A; ++a) sooner(next, at[a]);
    if (has_cell || M::has_post) {
      if (place.imposed < imposed_count) sooner(next, imposed[place.imposed]);
      sooner(next, place.part_at);
    }
    if (place.sample < job.sample_count) sooner(next, job.samples[place.sample]);
    if constexpr (has_cell) {
      const int64_t k = job.current_first[lane] + place.current;
      if (k < job.current_first[lane + 1]) sooner(next, job.current_steps[k]);
      const int64_t c = job.clamp_first[lane] + place.clamp;
      if (c < job.clamp_first[lane + 1]) sooner(next, job.clamp_steps[c]);
      const int64_t u = job.unplastic_first[lane] + place.unplastic;
      if (u < job.unplastic_first[lane + 1]) sooner(next, job.unplastic_steps[u]);
      if (place.sweep < job.sweep_count && job.sweeps[place.sweep] > place.now) sooner(next, job.sweeps[place.sweep]);
    }
  }

  // --- what ------------------------------------------------------------------------------------------------------------

  void set_current(int64_t now) {
    int64_t k = job.current_first[lane] + place.current;
    for (; k < job.current_first[lane + 1] && job.current_steps[k] == now; ++k, ++place.current) state.I_ext = job.current_values[k];
  }

  void set_clamp(int64_t now) {
    int64_t k = job.clamp_first[lane] + place.clamp;
    for (; k < job.clamp_first[lane + 1] && job.clamp_steps[k] == now; ++k) ++place.clamp;
  }
  double clamp() const { return place.clamp ? job.clamp_values[job.clamp_first[lane] + place.clamp - 1] : NAN; }
  bool clamped() const { return !std::isnan(clamp()); }

  void update(int64_t now) {
    update_cell(now);
    if constexpr (stepped_synapses) step_synapses(now, now + 1, Around{});
  }

  void update_cell(int64_t now) {
    if constexpr (has_cell) {
      const double before = state.cell.v_;
      M::step_cell(state, shared, OneNormal{noise<M::cell_noisy>(NOISE_OF_CELL, lane)}, now);
      if (now <= place.held_through) state.cell.v_ = before;
      if (clamped()) state.cell.v_ = clamp();
    }
    if constexpr (M::late_count > 0) past.read(late, now);
    if constexpr (M::has_post) M::step_post(state, late, shared, OneNormal{noise<M::post_noisy>(NOISE_OF_POST, lane)}, now);
    if constexpr (M::late_count > 0) past.keep(late, state, now);
  }

  // Steps in which nothing but the cell moves, with its state in registers: up to the next event, to where rest is looked for
  // again, or to before a spike, which `run` takes. Returns whether there was such a step.
  bool stride(int64_t until) {
    const int64_t from = place.now;
    if (from <= place.held_through || clamped()) return false;
    const bool recording = place.sweep < job.sweep_count && from >= job.sweeps[place.sweep];
    int64_t end = std::min(next, until);
    double *out = nullptr;
    if (recording) {
      const int64_t k = from - job.sweeps[place.sweep];
      out = job.v + (lane * job.sweep_count + place.sweep) * job.sweep_steps + k - from;
      sooner(end, from + job.sweep_steps - 1 - k);  // its last step opens the next sweep
    } else if (M::can_rest && place.look > from) sooner(end, place.look);
    else if (M::can_rest && !job.exact && end - from >= Quiet<M>::WORTHWHILE) return false;
    const OneNormal normals{noise<M::cell_noisy>(NOISE_OF_CELL, lane)};
    auto z = state;
    int64_t now = from;
    for (; now < end; ++now) {
      auto moved = z;
      M::step_cell(moved, shared, normals, now);
      if (M::threshold(moved, shared, drawn(now)) || !std::isfinite(moved.cell.v_)) break;
      z = moved;
      if (recording) out[now] = z.cell.v_;
    }
    state = z;
    place.now = now;
    return now > from;
  }

  // The number that the threshold draws in a step, where it draws one.
  double drawn(int64_t now) const {
    if constexpr (M::threshold_draws) return uniform(stream(job.seed, DRAWS_OF_THRESHOLD, uint64_t(lane)), uint64_t(now));
    else return 0.0;
  }

  // An imposed spike, or the threshold where the cell is not held.
  bool fires(int64_t now) {
    bool spike = place.imposed < imposed_count && imposed[place.imposed] == now;
    if (spike) ++place.imposed;
    if constexpr (has_cell) {
      spike |= now > place.held_through && !clamped() && M::threshold(state, shared, drawn(now));
      if (spike) {
        spikes[place.spikes++] = now;
        for (int a = 0; a < A; ++a)
          if (M::event[a] == POST) at[a] = arrival(a);
      }
    }
    return spike;
  }

  // Without a cell and [post] nothing happens to a lane between events but its synapses' own motion. Go to the next event, or
  // to `until` and as far beyond as the same stretch leads: where stretches end does not depend on `until`, so that runs in
  // other pieces have the same bytes. Returns whether the event is there.
  bool to_next(int64_t until) {
    if constexpr (!stepped_synapses) {
      if (next < until) place.now = next;
      else if (until > place.now) place.now = until;
      return next < until;
    }
    const int64_t end = next < job.steps ? next + 1 : job.steps;  // synapses are stepped before an event of the same step
    while (place.now < until && place.now < end && !failed) {
      const int64_t whole = (place.now / STRETCH + 1) * STRETCH, to = job.careful ? place.now + 1 : whole < end ? whole : end;
      if (last - first == 1) place.now = step_one(first, place.now, to, end, Around{}, place.now);
      else place.now = !job.exact && glide_all(end) ? end : step_synapses(place.now, to, Around{});
    }
    if (failed || place.now < end || next >= job.steps) return false;
    place.now = next;
    return true;
  }

  // All synapses at once from now to `end`, or none.
  bool glide_all(int64_t end) {
    glided.assign(synapses + first, synapses + last);
    for (auto s = glided.begin(); s < glided.end();) {
      if constexpr (abreast)
        if (glide_pack(&*s, glided.end() - s, place.now, end)) {
          s += PACKED;
          continue;
        }
      if (!glide(*s++, place.now, end, Around{})) return false;
    }
    std::copy(glided.begin(), glided.end(), synapses + first);
    return true;
  }

  bool glide(typename M::Synapse &s, int64_t from, int64_t to, const Around &around) const {
    if (!M::can_glide || job.exact || to - from < Glide<M>::WORTHWHILE || M::noise_acts(s, state, late, shared)) return false;
    return Glide<M>::advance(s, to - from, around, shared);
  }

  bool glide_pack(typename M::Synapse *s, int64_t count, int64_t from, int64_t to) const {
    if (job.exact || count < PACKED || to - from < Glide<M>::WORTHWHILE || M::noise_acts(*s, state, late, shared)) return false;
    return Glide<M>::advance_pack(s, to - from, Around{}, shared);
  }

  int64_t step_synapses(int64_t from, int64_t to, const Around &around) {
    if constexpr (abreast)
      if (!job.careful && !(job.mirrored && (first % 2 || last % 2))) {
        for (int64_t i = first; i < last; i += PACKED)
          if (job.mirrored) step_pack<MirroredNormals>(i, from, to, around);
          else step_pack<PackOfNormals>(i, from, to, around);
        return to;
      }
    for (int64_t i = first; i < last; ++i) step_one(i, from, to, to, around, from);
    return to;
  }

  // Step by step up to `to`, or from where that can be computed straight to `end`: it is tried where noise ends, and now and
  // then without noise; `pause` is when, `noisy` whether noise acted before. Returns the step that was reached.
  int64_t step_one(int64_t i, int64_t from, int64_t to, int64_t end, const Around &around, int64_t pause, bool noisy = false) {
    const uint64_t numbers[] = {noise_of_synapse(i)};
    const double turned = job.mirrored && i % 2 ? -1.0 : 1.0;
    std::conditional_t<abreast, ManyNormals<double>, OneNormal> normals(numbers);
    auto draw = [&](int64_t now) { return turned * normals(now); };
    typename M::Synapse s = synapses[i];
    for (int64_t now = from; now < to; pause = now) {
      if (now == pause) {
        if (glide(s, now, end, around)) {
          to = end;
          break;
        }
        pause = pause_after(now, to);
        noisy = false;
      }
      for (bool ends = false; now < pause && !ends; ++now) {
        const bool before = noisy;
        noisy = M::step_synapse(s, state, late, shared, draw, now);
        ends = before && !noisy;
      }
    }
    if (M::flawed(s) || (job.careful && M::any_flawed(s))) fail(to - 1, i);
    synapses[i] = s;
    return to;
  }
  static int64_t pause_after(int64_t now, int64_t to) { return now + std::min(to - now, Glide<M>::WORTHWHILE); }

  // Many synapses at once, each as `step_one` has it; those that part company go on by themselves.
  template <class Draw> void step_pack(int64_t i, int64_t from, int64_t to, const Around &around) {
    const int count = int(std::min<int64_t>(last - i, PACKED));
    typename Glide<M>::Variables pack;
    uint64_t streams[PACKED];
    for (int n = 0; n < PACKED; ++n) {
      Glide<M>::put(pack, n, synapses[i + n % count]);
      streams[n] = noise_of_synapse(i + n % count);
    }
    Draw draw(streams);
    for (int64_t now = from; now < to;) {
      for (int n = 0; n < count; ++n) Glide<M>::take(pack, n, synapses[i + n]);
      if (glide_pack(synapses + i, count, now, to)) break;
      bool glides[PACKED];
      int gliding = 0;
      for (int n = 0; n < count; ++n) gliding += glides[n] = glide(synapses[i + n], now, to, around);
      if (gliding) {
        for (int n = 0; n < count; ++n)
          if (!glides[n]) step_one(i + n, now, to, to, around, now);
        break;
      }
      const int64_t pause = pause_after(now, to);
      Mask noisy = false, ending = false;
      while (now < pause && !ending.any()) {
        const Mask before = noisy;
        noisy = M::step_synapse(pack, state, late, shared, draw, now++);
        ending = before && !noisy;
      }
      for (int n = 0; n < count; ++n) Glide<M>::take(pack, n, synapses[i + n]);
      if (ending.any() && !ending.all()) {
        for (int n = 0; n < count; ++n) step_one(i + n, now, to, to, around, ending[n] ? now : pause, noisy[n]);
        break;
      }
    }
    for (int n = 0; n < count; ++n)
      if (M::flawed(synapses[i + n])) fail(to - 1, i + n);
  }
  uint64_t noise_of_synapse(int64_t i) const { return noise<M::synapse_noisy>(NOISE_OF_SYNAPSE, job.mirrored ? i / 2 : i); }

  template <bool used> uint64_t noise(Purpose purpose, int64_t index) const {
    if constexpr (used) return stream(job.seed, purpose, uint64_t(index));
    else return 0;
  }

  // Spikes at synapses without plasticity.
  void receive(int64_t now) {
    double *const states = reinterpret_cast<double *>(&state);
    int64_t u = job.unplastic_first[lane] + place.unplastic;
    for (; u < job.unplastic_first[lane + 1] && job.unplastic_steps[u] == now; ++u, ++place.unplastic)
      for (int64_t k = 0; k < job.raised_count; ++k) states[job.raised[k]] += job.raised_by[k] * job.unplastic_counts[u];
  }

  template <int... a> void deliver(int64_t now, std::integer_sequence<int, a...>) { (deliver_one<a>(now), ...); }

  template <int a> void deliver_one(int64_t now) {
    for (; at[a] == now; ++place.done[a], at[a] = arrival(a)) {
      if constexpr (M::event[a] == PRE) {
        act<a>(job.pre_inputs[pre_begin + place.done[a]], now, 0.0);
      } else {
        const double amount = M::event[a] == SIGNAL ? job.signal_values[signals(a)[0] + place.done[a]] : 0.0;
        for (int64_t i = first; i < last; ++i) act<a>(i, now, amount);
      }
    }
  }

  template <int a> void act(int64_t i, int64_t now, double amount) {
    if (on<a>(synapses[i], i, now, amount) || (M::moves_weight[a] && !std::isfinite(synapses[i].weight()))) fail(now, i);
    if (job.careful) look(now, i);
  }

  // Returns whether a number that would not last is not finite.
  template <int a> bool on(typename M::Synapse &s, int64_t i, int64_t now, double amount) {
    const uint64_t draws = noise<(M::draws[a] > 0)>(DRAWS_OF_HANDLER, i);
    return M::template on<a>(s, state, late, shared, now, amount, draws);
  }

  // [post].on_spike, then the parts of the spike's shape one after the other, then the reset and the refractory time.
  void shape(int64_t now, bool spike) {
    if (spike) {
      M::on_spike(state, late, shared);
      place.part = 0;
      place.part_at = now;
    }
    if constexpr (has_cell) {
      if (place.part < M::shape_parts) {
        state.cell.v_ = M::shape_v(shared, place.part);
        place.held_through = FAR;
        place.part_at = now + job.durations[1 + place.part];
        ++place.part;
        return;
      }
      M::reset(state, shared);
      place.held_through = now + job.durations[0] - 1;
    }
    place.part_at = FAR;
  }

  void record_v(int64_t now) {
    if (place.sweep < job.sweep_count && now >= job.sweeps[place.sweep]) {
      const int64_t k = now - job.sweeps[place.sweep];
      job.v[(lane * job.sweep_count + place.sweep) * job.sweep_steps + k] = state.cell.v_;
      if (k == job.sweep_steps - 1) { ++place.sweep; schedule(); }
    }
    if (!std::isfinite(state.cell.v_)) fail(now, -1);
  }

  void record_sample(int64_t now) {
    if (place.sample >= job.sample_count || job.samples[place.sample] != now) return;
    for (int64_t i = first; i < last; ++i) {
      job.weight[i * job.sample_count + place.sample] = synapses[i].weight();
      const double efficacy = job.efficacy[i * job.sample_count + place.sample] = M::efficacy(synapses[i], state, late, shared);
      if (!std::isfinite(efficacy)) fail(now, i);
    }
    ++place.sample;
  }

  [[gnu::noinline, gnu::cold]] void look(int64_t now, int64_t i) {
    if (M::any_flawed(synapses[i]) || state_flawed()) fail(now, i);
  }

  // Whether anything of the cell or [post] is not finite.
  [[gnu::noinline, gnu::cold]] bool state_flawed() const {
    const auto *numbers = reinterpret_cast<const double *>(&state);
    for (size_t n = 0; n < sizeof state / sizeof(double); ++n)
      if (!std::isfinite(numbers[n])) return true;
    return false;
  }

  [[gnu::noinline, gnu::cold]] void fail(int64_t now, int64_t input) {
    if (failed) return;
    failed = true;
    int64_t *const place = job.failures + 3 * lane;
    place[0] = now;
    place[1] = lane;
    place[2] = input;
  }

  // --- quiet stretches (rest.hpp) --------------------------------------------------------------------------------------

  bool rest(int64_t now);
  bool leaves_alone(Around &around, int64_t now, int64_t end) const;
  bool coast(int64_t from, int64_t end);
  struct Remembered {  // where what is read late is taken up again by stepping the cell
    int64_t step;
    typename M::template State<double> state;
  };
  double coast_once(int64_t unit, const Quiet<M> *known, typename Quiet<M>::Way &linear, Around &around, Remembered &remembered);
};

#include "rest.hpp"

template <class M> int64_t advance(const Job &job, int64_t first_lane, int64_t last_lane, int64_t until) {
  FlushToZero flush;
  int64_t status = DONE;
  if (until > job.steps) until = job.steps;
  for (int64_t lane = first_lane; lane < last_lane; ++lane) {
    const Status found = Lane<M>(job, lane).run(until);
    if (found == NOT_FINITE) return NOT_FINITE;
    if (found == SPIKES_FULL) status = SPIKES_FULL;
  }
  return status;
}
