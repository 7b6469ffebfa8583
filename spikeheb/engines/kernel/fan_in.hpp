// The runner of fan-in: N inputs onto each of M cells. The cells stand in tiles, and each worker has a range of them.
#pragma once

#include "tile.hpp"

// A run: all tiles, and workers that each have a range of them.
template <class M> class Run {
public:
  // To go on at step `now`.
  bool open(const Population<real> &told, int64_t now) {
    job = told;
    M::read(shared, job);
    tiles = static_cast<Tile<M> *>(std::calloc(size_t(job.tiles), sizeof(Tile<M>)));
    workers = static_cast<Worker *>(std::calloc(size_t(job.workers), sizeof(Worker)));
    if (!tiles || !workers) return false;
    for (int64_t n = 0; n < job.tiles; ++n)
      if (!(new (&tiles[n]) Tile<M>)->open(job, shared, n, now)) return false;
    for (int64_t n = 0; n < job.workers; ++n)
      if (!open_worker(n, now)) return false;
    return true;
  }
  void release() {
    for (int64_t n = 0; tiles && n < job.tiles; ++n) tiles[n].release();
    for (int64_t n = 0; workers && n < job.workers; ++n) { workers[n].in.release(); workers[n].inhibition.release(); }
    std::free(tiles);
    std::free(workers);
  }

  Status advance(int64_t which, int64_t until, bool careful) {
    FlushToZero flush;
    Worker &w = workers[which];
    if (until > job.steps) until = job.steps;
    while (w.now < until) {
      const int64_t to = w.now + job.chunk < until ? w.now + job.chunk : until;
      if (!job.is_private && !(w.in.extend(to) && (!job.inhibition || w.inhibition.extend(to)))) return NO_MEMORY;
      Status status = DONE;  // the first number that is not finite may be in any tile
      for (int64_t n = w.first; n < w.last && status != NO_MEMORY; ++n)
        if (const Status of_tile = run_tile(tiles[n], w, to, careful); of_tile != DONE) status = of_tile;
      if (status != DONE) return status;
      w.now = to;
    }
    return DONE;
  }

  const Buffer<FiredSpike> &trains(int64_t tile) const { return tiles[tile].trains; }

private:
  struct Worker {
    int64_t now, first, last;
    Window in, inhibition;
  };
  Population<real> job;
  typename M::Shared shared;
  Tile<M> *tiles = nullptr;
  Worker *workers = nullptr;

  bool open_worker(int64_t n, int64_t now) {
    Worker &w = *new (&workers[n]) Worker();
    w.now = now;
    w.first = n * job.tiles / job.workers;
    w.last = (n + 1) * job.tiles / job.workers;
    for (int64_t k = w.first; k < w.last; ++k) tiles[k].histograms = job.histograms + n * job.histogram_count * job.bins;
    if (job.is_private) return true;
    w.in.open(tiles[0].longest_pre());
    w.inhibition.open(job.inhibition_delay);
    if (!(w.in.generator.open(*job.trains, 0, 0, job.trains->count) && w.in.skip(now, job.chunk))) return false;
    return !job.inhibition || (w.inhibition.generator.open(*job.inhibition, 0, 0, job.inhibition->count) && w.inhibition.skip(now, job.chunk));
  }

  Status run_tile(Tile<M> &tile, Worker &w, int64_t to, bool careful) {
    if (!job.is_private) return tile.run(w.now, to, w.in, w.inhibition, careful);
    if (!tile.own.extend(to) || (job.inhibition && !tile.own_inhibition.extend(to))) return NO_MEMORY;
    return tile.run(w.now, to, tile.own, tile.own_inhibition, careful);
  }
};

#define FAN_IN_ENTRIES(Model)                                                                                                        \
  extern "C" void *fan_in_open(const Population<real> *job, int64_t now) {                                                           \
    auto *run = static_cast<Run<Model> *>(std::malloc(sizeof(Run<Model>)));                                                          \
    if (run && !(new (run) Run<Model>)->open(*job, now)) { run->release(); std::free(run); run = nullptr; }                          \
    return run;                                                                                                                      \
  }                                                                                                                                  \
  extern "C" void fan_in_close(void *run) { static_cast<Run<Model> *>(run)->release(); std::free(run); }                             \
  extern "C" int64_t fan_in_advance(void *run, int64_t worker, int64_t until, int64_t careful) {                                     \
    return static_cast<Run<Model> *>(run)->advance(worker, until, careful != 0);                                                     \
  }                                                                                                                                  \
  extern "C" const FiredSpike *fan_in_trains(void *run, int64_t tile, int64_t *size) {                                               \
    const auto &trains = static_cast<Run<Model> *>(run)->trains(tile);                                                               \
    *size = trains.size;                                                                                                             \
    return trains.data;                                                                                                              \
  }
