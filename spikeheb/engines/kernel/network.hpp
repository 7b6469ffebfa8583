// A step of a network: who does what, and where threads wait for each other.
#pragma once

#include "rows_contract.hpp"

#include <algorithm>

// The headers of C++ for this would take longer to compile than all that uses it.
#if defined(_WIN32)
extern "C" __declspec(dllimport) int __stdcall SwitchToThread(void);
inline void let_others_work() { SwitchToThread(); }
#else
#include <sched.h>
inline void let_others_work() { sched_yield(); }
#endif

// Sleep as long as the turn is this one, and wake all who do. Elsewhere than on Linux nobody sleeps.
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
inline void sleep_through(const int64_t &turn, int64_t now) {
  const timespec at_most{0, 20'000'000};  // so that what was given up meanwhile is seen
  syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, uint32_t(now), &at_most, nullptr, 0);
}
inline void wake_all(const int64_t &turn) { syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0); }
#else
inline void sleep_through(const int64_t &, int64_t) { let_others_work(); }
inline void wake_all(const int64_t &) {}
#endif

// All threads wait for the last, unless it was given up that it comes: at work at first, since that is a moment; then others may have
// the processor, of whom the last may be one; then asleep, since beside other programs the last may have to wait for a processor itself.
inline bool meet(Network &network) {
  if (network.threads == 1) return true;
  constexpr int PATIENCE = 2000, POLITENESS = PATIENCE + 50;
  const int64_t turn = __atomic_load_n(&network.turn, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&network.arrived, 1, __ATOMIC_ACQ_REL) == network.threads) {
    __atomic_store_n(&network.arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&network.turn, turn + 1, __ATOMIC_RELEASE);
    wake_all(network.turn);
    return true;
  }
  for (int n = 0; __atomic_load_n(&network.turn, __ATOMIC_ACQUIRE) == turn; ++n)
    if (n > PATIENCE) {
      if (__atomic_load_n(&network.given_up, __ATOMIC_ACQUIRE)) return false;
      n < POLITENESS ? let_others_work() : sleep_through(network.turn, turn);
    }
  return true;
}

// The calls of a thread, section by section. In the first and the last it is alone.
struct Calls {
  enum Section { BEGIN, REBASE, MOVE, WATCH, REACT, SETTLE, RECORD, SECTIONS };
  Network &network;
  const int64_t thread;

  int64_t operator()(Section section, int64_t argument) const {
    using Function = int64_t (*)(void *, int64_t);
    const int64_t *const bounds = network.sections + thread * SECTIONS + section;
    int64_t worst = DONE;
    for (int64_t k = bounds[0]; k < bounds[1]; ++k)
      worst = std::max(worst, reinterpret_cast<Function>(network.functions[k])(reinterpret_cast<void *>(network.objects[k]), argument));
    return worst;
  }
};

// Up to where threads need not meet: no spike gets to another range before, nothing is recorded and no epoch begins.
inline int64_t end_of_block(const Network &network, int64_t now, int64_t until) {
  const int64_t *const stop = std::upper_bound(network.stops, network.stops + network.stop_count, now);
  int64_t end = std::min(until, now - now % network.epoch + network.epoch);
  end = std::min(end, now + network.block);
  return stop < network.stops + network.stop_count ? std::min(end, *stop) : end;
}

inline int64_t go_on(Network &network, const Calls &calls, int64_t thread, int64_t &now, int64_t until) {
  const bool first = thread == 0;
  while (now < until) {
    const int64_t end = end_of_block(network, now, until);
    if (first) network.status = calls(Calls::BEGIN, end - now);
    if (!meet(network)) return DONE;
    if (network.status != DONE) return network.status;
    if (now > 0 && now % network.epoch == 0) {
      calls(Calls::REBASE, now);
      if (!meet(network)) return DONE;
    }
    int64_t worst = DONE;
    for (int64_t n = now; n < end; ++n) {
      calls(Calls::MOVE, n);
      if (network.halves && !meet(network)) return DONE;
      if (network.halves > 1) {
        if (first) calls(Calls::WATCH, n);
        if (!meet(network)) return DONE;
      }
      worst = std::max(worst, calls(Calls::REACT, n));
    }
    if (worst != DONE) __atomic_store_n(&network.flawed, worst, __ATOMIC_RELAXED);
    if (!meet(network)) return DONE;
    const int64_t flawed = network.flawed;
    if (first) {
      for (int64_t n = now; n < end; ++n) calls(Calls::RECORD, n);
      network.now = end;
    }
    now = end;
    if (flawed != DONE) return flawed;
  }
  return DONE;
}

// Where a piece of a run ends, for whatever reason, nothing is left that still waits: what is kept is the state of that step.
inline int64_t advance(Network &network, int64_t thread, int64_t until) {
  FlushToZero flush;
  const Calls calls{network, thread};
  int64_t now = network.now;
  const int64_t status = go_on(network, calls, thread, now, until);
  return std::max(status, calls(Calls::SETTLE, now));
}
