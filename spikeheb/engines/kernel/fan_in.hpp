// The runner of fan-in: N inputs onto each of M cells. The cells stand in tiles, and each worker has a range of them.
#pragma once

#include "tile.hpp"

// A run: all tiles, and workers that each have a range of them.
template <class M> class Run {
public:
  bool open(const Population &told) {
    job = told;
    M::read(shared, job);
    tiles = static_cast<Tile<M> *>(std::calloc(size_t(job.tiles), sizeof(Tile<M>)));
    workers = static_cast<Worker *>(std::calloc(size_t(job.workers), sizeof(Worker)));
    if (!tiles || !workers) return false;
    for (int64_t n = 0; n < job.tiles; ++n)
      if (!(new (&tiles[n]) Tile<M>)->open(job, shared, n)) return false;
    for (int64_t n = 0; n < job.workers; ++n)
      if (!open_worker(n)) return false;
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
      for (int64_t n = w.first; n < w.last; ++n) {
        const Status found = run_tile(tiles[n], w, to, careful);
        if (found != DONE) return found;
      }
      w.now = to;
    }
    return DONE;
  }

  const Buffer<FiredSpike> &trains(int64_t tile) const { return tiles[tile].trains; }
  int64_t now(int64_t which) const { return workers[which].now; }

private:
  struct Worker {
    int64_t now, first, last;
    Window in, inhibition;
  };
  Population job;
  typename M::Shared shared;
  Tile<M> *tiles = nullptr;
  Worker *workers = nullptr;

  bool open_worker(int64_t n) {
    Worker &w = *new (&workers[n]) Worker();
    w.first = n * job.tiles / job.workers;
    w.last = (n + 1) * job.tiles / job.workers;
    for (int64_t k = w.first; k < w.last; ++k) tiles[k].histograms = job.histograms + n * job.histogram_count * job.bins;
    if (job.is_private) return true;
    w.in.open(tiles[0].longest_pre());
    w.inhibition.open(job.inhibition_delay);
    if (!w.in.generator.open(*job.trains, 0, 0, job.trains->count)) return false;
    return !job.inhibition || w.inhibition.generator.open(*job.inhibition, 0, 0, job.inhibition->count);
  }

  Status run_tile(Tile<M> &tile, Worker &w, int64_t to, bool careful) {
    if (!job.is_private) return tile.run(w.now, to, w.in, w.inhibition, careful);
    if (!tile.own.extend(to) || (job.inhibition && !tile.own_inhibition.extend(to))) return NO_MEMORY;
    return tile.run(w.now, to, tile.own, tile.own_inhibition, careful);
  }
};

#define FAN_IN_ENTRIES(Model)                                                                                                        \
  extern "C" void *fan_in_open(const Population *job) {                                                                              \
    auto *run = static_cast<Run<Model> *>(std::malloc(sizeof(Run<Model>)));                                                          \
    if (run && !(new (run) Run<Model>)->open(*job)) { run->release(); std::free(run); run = nullptr; }                               \
    return run;                                                                                                                      \
  }                                                                                                                                  \
  extern "C" void fan_in_close(void *run) { static_cast<Run<Model> *>(run)->release(); std::free(run); }                             \
  extern "C" int64_t fan_in_advance(void *run, int64_t worker, int64_t until, int64_t careful) {                                     \
    return static_cast<Run<Model> *>(run)->advance(worker, until, careful != 0);                                                     \
  }                                                                                                                                  \
  extern "C" int64_t fan_in_now(void *run, int64_t worker) { return static_cast<Run<Model> *>(run)->now(worker); }                   \
  extern "C" const FiredSpike *fan_in_trains(void *run, int64_t tile, int64_t *size) {                                               \
    const auto &trains = static_cast<Run<Model> *>(run)->trains(tile);                                                               \
    *size = trains.size;                                                                                                             \
    return trains.data;                                                                                                              \
  }                                                                                                                                  \
  extern "C" void fan_in_sizes(int64_t *out) {                                                                                       \
    const int64_t found[] = {sizeof(Population), sizeof(Trains), Model::synapse_count, Model::pre_count, Model::lane_count, W, sizeof(real)}; \
    for (int n = 0; n < 7; ++n) out[n] = found[n];                                                                                   \
  }
