// The same work as the kernel's lanes, written by hand for one rule each: plain loops, state in registers, exact decay from
// event to event. The yardstick of the benchmarks.
//
// Spikes come as steps of dt, lane after lane; `first` says where a lane's part begins, and ends in the last one's end.
#include "runtime.hpp"

#include <algorithm>
#include <random>
#include <vector>

struct Trains { const int64_t *first, *steps; };

static inline double clamp(double w, double w_min, double w_max) { return w < w_min ? w_min : w > w_max ? w_max : w; }

// Additive pair rule, all to all, hard bounds; at a tie the presynaptic spike comes first.
extern "C" void pair_by_hand(int64_t lanes, Trains pre, Trains post, double dt, const double *p, double *weight) {
  const double tau_plus = p[0], tau_minus = p[1], A_plus = p[2], A_minus = p[3], w_min = p[4], w_max = p[5];
  const double per_x = -dt / tau_plus, per_y = -dt / tau_minus;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    int64_t i = pre.first[lane], j = post.first[lane], since_x = 0, since_y = 0;
    const int64_t last_i = pre.first[lane + 1], last_j = post.first[lane + 1];
    double x = 0.0, y = 0.0, w = weight[lane];
    while (i < last_i || j < last_j) {
      if (j == last_j || (i < last_i && pre.steps[i] <= post.steps[j])) {
        const int64_t now = pre.steps[i++];
        w = clamp(w - A_minus * (y * std::exp(per_y * double(now - since_y))), w_min, w_max);
        x = x * std::exp(per_x * double(now - since_x)) + 1.0;
        since_x = now;
      } else {
        const int64_t now = post.steps[j++];
        w = clamp(w + A_plus * (x * std::exp(per_x * double(now - since_x))), w_min, w_max);
        y = y * std::exp(per_y * double(now - since_y)) + 1.0;
        since_y = now;
      }
    }
    weight[lane] = w;
  }
}

// Triplet rule of Pfister and Gerstner, all to all, hard bounds; slow traces are read before their own increment.
extern "C" void triplet_by_hand(int64_t lanes, Trains pre, Trains post, double dt, const double *p, double *weight) {
  const double per_r1 = -dt / p[0], per_o1 = -dt / p[1], per_r2 = -dt / p[2], per_o2 = -dt / p[3];
  const double A2_plus = p[4], A3_plus = p[5], A2_minus = p[6], A3_minus = p[7], w_min = p[8], w_max = p[9];
  for (int64_t lane = 0; lane < lanes; ++lane) {
    int64_t i = pre.first[lane], j = post.first[lane], since_r = 0, since_o = 0;
    const int64_t last_i = pre.first[lane + 1], last_j = post.first[lane + 1];
    double r1 = 0.0, r2 = 0.0, o1 = 0.0, o2 = 0.0, w = weight[lane];
    while (i < last_i || j < last_j) {
      if (j == last_j || (i < last_i && pre.steps[i] <= post.steps[j])) {
        const int64_t now = pre.steps[i++];
        const double since = double(now - since_r), slow = r2 * std::exp(per_r2 * since);
        w = clamp(w - o1 * std::exp(per_o1 * double(now - since_o)) * (A2_minus + A3_minus * slow), w_min, w_max);
        r1 = r1 * std::exp(per_r1 * since) + 1.0;
        r2 = slow + 1.0;
        since_r = now;
      } else {
        const int64_t now = post.steps[j++];
        const double since = double(now - since_o), slow = o2 * std::exp(per_o2 * since);
        w = clamp(w + r1 * std::exp(per_r1 * double(now - since_r)) * (A2_plus + A3_plus * slow), w_min, w_max);
        o1 = o1 * std::exp(per_o1 * since) + 1.0;
        o2 = slow + 1.0;
        since_o = now;
      }
    }
    weight[lane] = w;
  }
}

// Calcium rule of Graupner and Brunel with noise, Heun's method (which here is Euler's, since the amplitude of the noise
// does not read rho). Skipped as the kernel skips it: below both thresholds calcium takes the power of its factor a step,
// and rho, which nothing random moves there, the flow of the equation that Euler's steps follow.
struct Calcium {
  double tau_ca, C_pre, C_post, theta_d, theta_p, gamma_d, gamma_p, sigma, tau, rho_star;
};

static double flow(const Calcium &q, double rho, double dt, int64_t steps) {
  const auto slope = [&](double r) {
    const double f = -r * (1.0 - r) * (q.rho_star - r) / q.tau, by = -(q.rho_star - 2.0 * (1.0 + q.rho_star) * r + 3.0 * r * r) / q.tau;
    return f * (1.0 - 0.5 * dt * by);
  };
  const double duration = dt * double(steps);
  const int pieces = 1 + int(duration / (0.02 * q.tau));
  const double h = duration / pieces;
  for (int n = 0; n < pieces; ++n) {
    const double k1 = slope(rho), k2 = slope(rho + 0.5 * h * k1), k3 = slope(rho + 0.5 * h * k2), k4 = slope(rho + h * k3);
    rho += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
  }
  return rho;
}

template <class Normal> static void calcium(int64_t lanes, Trains pre, Trains post, int64_t delay, int64_t steps, double dt, const Calcium &q,
                                            Normal &&normal_of, double *weight) {
  const double kept = 1.0 - dt / q.tau_ca, root = std::sqrt(dt);
  const double one = q.sigma * std::sqrt(1.0 / q.tau) * root, two = q.sigma * std::sqrt(2.0 / q.tau) * root;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    int64_t i = pre.first[lane], j = post.first[lane], now = 0;
    const int64_t last_i = pre.first[lane + 1], last_j = post.first[lane + 1];
    double c = 0.0, rho = weight[lane];
    while (now < steps) {
      const int64_t from_pre = i < last_i ? pre.steps[i] + delay : steps, from_post = j < last_j ? post.steps[j] : steps;
      const int64_t event = std::min(from_pre, from_post), until = std::min(event + 1, steps);
      for (; now < until && c >= q.theta_d; ++now) {
        const bool high = c >= q.theta_p;
        const double drift = (-rho * (1.0 - rho) * (q.rho_star - rho) + (high ? q.gamma_p * (1.0 - rho) : 0.0) - q.gamma_d * rho) / q.tau;
        rho += dt * drift + (high ? two : one) * normal_of(lane, now);
        c *= kept;
      }
      if (now < until) {
        rho = flow(q, rho, dt, until - now);
        c *= std::exp(std::log1p(-dt / q.tau_ca) * double(until - now));
        now = until;
      }
      if (event < steps && event == from_pre) { c += q.C_pre; ++i; }
      if (event < steps && event == from_post) { c += q.C_post; ++j; }
    }
    weight[lane] = rho;
  }
}

// With the kernel's own random numbers, which are a function of lane and step, so that the outcomes can be compared.
extern "C" void calcium_by_hand(int64_t lanes, Trains pre, Trains post, int64_t delay, int64_t steps, double dt, uint64_t seed,
                                const Calcium *q, double *weight) {
  int64_t before = -1;
  uint64_t key = 0;
  calcium(lanes, pre, post, delay, steps, dt, *q, [&](int64_t lane, int64_t now) {
    if (lane != before) { key = stream(seed, 1, uint64_t(lane)); before = lane; }
    return normal(key, uint64_t(now));
  }, weight);
}

// With the random numbers of the standard library.
extern "C" void calcium_by_hand_std(int64_t lanes, Trains pre, Trains post, int64_t delay, int64_t steps, double dt, uint64_t seed,
                                    const Calcium *q, double *weight) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> normal;
  calcium(lanes, pre, post, delay, steps, dt, *q, [&](int64_t, int64_t) { return normal(engine); }, weight);
}

// Shouval's rule on an integrate-and-fire cell with one synapse a lane, step by step; every cell spike is imposed.
struct Shouval {
  double open, I_fast, tau_fast, tau_slow, G, V_ca, Mg, tau_ca, V_bap, B_fast, tau_bap, tau_tail, alpha_1, alpha_2, slope, P_1, P_2, P_4;
  double C, g_L, E_L, V_r, E_ampa, tau_decay, tau_rise, unit_decay, unit_rise, mean_decay, mean_rise;
};

extern "C" void shouval_by_hand(int64_t lanes, Trains pre, Trains post, int64_t late, int64_t held, int64_t steps, double dt, uint64_t,
                                const double *p, double *weight) {
  Shouval q;
  std::memcpy(&q, p, sizeof q);
  const double fall = std::exp(-dt / q.tau_decay), climb = std::exp(-dt / q.tau_rise);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const int64_t *next_pre = pre.steps + pre.first[lane], *last_pre = pre.steps + pre.first[lane + 1];
    const int64_t *next_post = post.steps + post.first[lane], *next_bap = next_post, *last_post = post.steps + post.first[lane + 1];
    double v = q.E_L, g_decay = 0.0, g_rise = 0.0, n_fast = 0.0, n_slow = 0.0, bap = 0.0, tail = 0.0, Ca = 0.0, w = weight[lane];
    int64_t held_through = -1;
    for (int64_t now = 0; now < steps; ++now) {
      const double g = q.mean_decay * g_decay - q.mean_rise * g_rise, a = -(q.g_L + g) / q.C;
      const double rest = (q.g_L * q.E_L + g * q.E_ampa) / q.C / a;
      if (now > held_through) v = (v + rest) * std::exp(a * dt) - rest;
      g_decay *= fall;
      g_rise *= climb;
      const double u = v + bap + tail, unblocked = 1.0 / (1.0 + q.Mg / 3.57 * std::exp(-62.0 * u));
      const double influx = q.G * (n_fast + n_slow) * unblocked * (q.V_ca - u);
      const double up = 1.0 / (1.0 + std::exp(-q.slope * (Ca - q.alpha_2))), down = 1.0 / (1.0 + std::exp(-q.slope * (Ca - q.alpha_1)));
      w += dt * (0.25 + up - 0.25 * down - w) / (q.P_1 / (q.P_2 + Ca * Ca * Ca) + q.P_4);
      w = clamp(w, 0.0, 1.0);
      Ca += dt * (influx - Ca / q.tau_ca);
      n_fast -= dt * n_fast / q.tau_fast;
      n_slow -= dt * n_slow / q.tau_slow;
      bap -= dt * bap / q.tau_bap;
      tail -= dt * tail / q.tau_tail;
      if (next_pre < last_pre && *next_pre == now) {
        ++next_pre;
        g_decay += q.unit_decay * w;
        g_rise += q.unit_rise * w;
        const double free = 1.0 - n_fast - n_slow;
        n_fast += q.open * q.I_fast * free;
        n_slow += q.open * (1.0 - q.I_fast) * free;
      }
      if (next_bap < last_post && *next_bap + late == now) {
        ++next_bap;
        bap = q.B_fast * q.V_bap;
        tail = (1.0 - q.B_fast) * q.V_bap;
      }
      if (next_post < last_post && *next_post == now) {
        ++next_post;
        v = q.V_r;
        held_through = now + held - 1;
      }
    }
    weight[lane] = w;
  }
}

// Clopath's rule on its own cell with one synapse a lane, step by step: a spike is a shape of two parts, and the filtered potentials are read late.
struct Clopath {
  double theta_minus, theta_plus, A_LTD, A_LTP, tau_x, tau_minus, tau_plus, w_min, w_max;
  double C, g_L, E_L, V_rest, V_jump, tau_T, Delta_T, V_peak, V_r, a, b, tau_w, I_sp, tau_z, standstill, steepest, first, second;
  double E_ampa, tau_ampa, unit, mean;
};

extern "C" void clopath_by_hand(int64_t lanes, Trains pre, Trains post, int64_t late, int64_t first_lasts, int64_t second_lasts, int64_t steps,
                                double dt, uint64_t, const double *p, double *weight) {
  Clopath q;
  std::memcpy(&q, p, sizeof q);
  const double fall = std::exp(-dt / q.tau_ampa), z_kept = std::exp(-dt / q.tau_z), V_T_kept = std::exp(-dt / q.tau_T);
  const double w_kept = std::exp(-dt / q.tau_w), w_kept_in_spike = std::exp(-dt * q.standstill / q.tau_w);
  std::vector<double> u_minus_before(late), u_plus_before(late);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const int64_t *next_pre = pre.steps + pre.first[lane], *last_pre = pre.steps + pre.first[lane + 1];
    const int64_t *next_post = post.steps + post.first[lane], *last_post = post.steps + post.first[lane + 1];
    double v = q.E_L, w_ad = 0.0, z = 0.0, V_T = q.V_rest, g = 0.0, u_minus = v, u_plus = v, x = 0.0, w = weight[lane];
    std::fill(u_minus_before.begin(), u_minus_before.end(), u_minus);
    std::fill(u_plus_before.begin(), u_plus_before.end(), u_plus);
    int64_t spike_at = -1 - first_lasts - second_lasts, place = 0;
    for (int64_t now = 0; now < steps; ++now) {
      const bool in_spike = now <= spike_at + first_lasts + second_lasts;
      const double conductance = q.mean * g, slope = -(q.g_L + conductance) / q.C;
      const double upstroke = q.g_L * q.Delta_T * std::exp(clamp((v - V_T) / q.Delta_T, -100.0, q.steepest));
      const double ratio = (q.g_L * q.E_L + upstroke - w_ad + z + conductance * q.E_ampa) / q.C / slope;
      const double w_rest = q.a * (v - q.E_L);
      w_ad = w_rest + (w_ad - w_rest) * (v < q.V_peak ? w_kept : w_kept_in_spike);
      if (!in_spike) v = (v + ratio) * std::exp(slope * dt) - ratio;
      z *= z_kept;
      V_T = q.V_rest + (V_T - q.V_rest) * V_T_kept;
      g *= fall;
      const double u_minus_late = u_minus_before[place], u_plus_late = u_plus_before[place];
      u_minus += dt * (v - u_minus) / q.tau_minus;
      u_plus += dt * (v - u_plus) / q.tau_plus;
      u_minus_before[place] = u_minus;
      u_plus_before[place] = u_plus;
      if (++place == late) place = 0;
      w += dt * q.A_LTP * x * positive(v - q.theta_plus) * positive(u_plus_late - q.theta_minus);
      w = clamp(w, q.w_min, q.w_max);
      x -= dt * x / q.tau_x;
      bool spike = !in_spike && v > q.V_peak;
      if (next_post < last_post && *next_post == now) {
        ++next_post;
        spike = true;
      }
      if (next_pre < last_pre && *next_pre == now) {
        ++next_pre;
        g += q.unit * w;
        w = clamp(w - q.A_LTD * positive(u_minus_late - q.theta_minus), q.w_min, q.w_max);
        x += 1.0 / q.tau_x;
      }
      if (spike) {
        spike_at = now;
        v = q.first;
      } else if (now == spike_at + first_lasts) {
        v = q.second;
      } else if (now == spike_at + first_lasts + second_lasts) {
        v = q.V_r;
        w_ad += q.b;
        z = q.I_sp;
        V_T = q.V_jump;
      }
    }
    weight[lane] = w;
  }
}
