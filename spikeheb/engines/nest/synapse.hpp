// A synapse of NEST around a printed `Model`: when spikes of both sides reach it, and how NEST reads and sets its variables.
//
// NEST brings a synapse up to date at its presynaptic spikes: it then reads from the archive of its cell the postsynaptic spikes since
// the last time. Each synapse reads each spike once, by which the archive knows when to forget it. Times are steps of NEST at which
// events reach the synapse: a presynaptic spike in the step of its stamp, a postsynaptic one `late` steps after it was fired.
#pragma once

#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <string>
#include <vector>

namespace {

struct Common : nest::CommonSynapseProperties, Model::Constants {
  double unit = 1.0;       // NEST's weight for efficacy 1
  int64_t late = 0;
  bool plastic = true;     // where not, traces run on and the weight stands still
  double *into = nullptr;  // weights of synapses that are brought up to date, each at its own place

  void get_status(Dictionary &d) const {
    nest::CommonSynapseProperties::get_status(d);
    d["unit"] = unit;
    d["late"] = static_cast<long>(late);
    d["plastic"] = plastic;
    d["into"] = reinterpret_cast<long>(into);
    std::vector<double> values(Model::constant_count);
    if constexpr (Model::constant_count > 0) std::memcpy(values.data(), static_cast<const Model::Numbers *>(this), 8 * values.size());
    d["constants"] = values;
  }
  void set_status(const Dictionary &d, nest::ConnectorModel &model) {
    nest::CommonSynapseProperties::set_status(d, model);
    d.update_value("unit", unit);
    long steps = late;
    if (d.update_value("late", steps)) late = steps;
    d.update_value("plastic", plastic);
    long address = 0;
    if (d.update_value("into", address)) into = reinterpret_cast<double *>(address);
    std::vector<double> values;
    if (!d.update_value("constants", values)) return;
    if (values.size() != size_t(Model::constant_count)) throw nest::BadProperty("constants: another rule's");
    if constexpr (Model::constant_count > 0) std::memcpy(static_cast<Model::Numbers *>(this), values.data(), 8 * values.size());
    dt = 1e-3 * nest::Time::get_resolution().get_ms();
    Model::prepare(*this);
  }
};

template <class Target> class Printed : public nest::Connection<Target> {
  using Base = nest::Connection<Target>;

public:
  using CommonPropertiesType = Common;
  static constexpr nest::ConnectionModelProperties properties =
      nest::ConnectionModelProperties::HAS_DELAY | nest::ConnectionModelProperties::IS_PRIMARY;

  using Base::get_delay_steps;
  using Base::get_rport;
  using Base::get_target;

  bool send(nest::Event &e, size_t thread, const Common &k) {
    const int64_t now = e.get_stamp().get_steps();
    hear(*get_target(thread), Model::post_first ? now : now - 1, k);
    pass(now, k);
    tie_is_open = !Model::post_first;
    e.set_receiver(*get_target(thread));
    double released = 0.0;
    act(k, [&] { released = Model::on_pre(variables, k, now); });
    e.set_weight(k.unit * released);
    e.set_delay_steps(get_delay_steps());
    e.set_rport(get_rport());
    e();
    return true;
  }

  void get_status(Dictionary &d) const {
    Base::get_status(d);
    double values[Model::variable_count];
    std::memcpy(values, &variables, sizeof values);
    for (int n = 0; n < Model::variable_count; ++n) d[name(n)] = values[n];
    d["until"] = double(at);
    d["place"] = static_cast<long>(place);
    d[nest::names::size_of] = static_cast<long>(sizeof *this);
  }
  // `until` brings the synapse to the end of a step, and its weight to where weights are gathered: NEST's own reading of a million
  // synapses takes a minute. Before the synapse is connected, it says where its time begins.
  void set_status(const Dictionary &d, nest::ConnectorModel &model) {
    Base::set_status(d, model);
    double values[Model::variable_count];
    std::memcpy(values, &variables, sizeof values);
    for (int n = 0; n < Model::variable_count; ++n) d.update_value(name(n), values[n]);
    std::memcpy(&variables, values, sizeof values);
    long number = 0;
    if (d.update_value("place", number)) place = uint32_t(number);
    double until = 0.0;
    if (!d.update_value("until", until)) return;
    if (nest::Node *target = connected ? get_target(0) : nullptr) {
      const Common &k = static_cast<const Common &>(model.get_common_properties());
      hear(*target, int64_t(until), k);
      pass(int64_t(until), k);
      tie_is_open = tie_is_open && int64_t(until) < at;
      if (k.into) k.into[place] = Model::weight(variables);
    } else {
      at = int64_t(until);
      tie_is_open = true;
    }
  }
  void set_weight(double w) { Model::weight(variables) = w; }

  class Dummy : public nest::ConnTestDummyNodeBase {
  public:
    using nest::ConnTestDummyNodeBase::handles_test_event;
    size_t handles_test_event(nest::SpikeEvent &, size_t) override { return nest::invalid_port; }
  };
  void check_connection(nest::Node &source, nest::Node &target, size_t receptor, const Common &) {
    Dummy dummy;
    Base::check_connection_(dummy, source, target, receptor);
    target.register_stdp_connection(std::numeric_limits<double>::lowest(), Base::get_delay());
    connected = true;
  }

private:
  Model::Variables variables{};
  int64_t at = 0;            // the step of the variables' values
  bool tie_is_open = false;  // whether postsynaptic spikes of that very step are still to be read
  bool connected = false;
  uint32_t place = 0;

  // The weight goes by the name that NEST has for weights.
  static std::string name(int n) { return n == Model::place_of_weight ? std::string("weight") : std::string(Model::names[n]); }

  template <class Handler> void act(const Common &k, Handler handler) {
    const double w = Model::weight(variables);
    handler();
    if (!k.plastic) Model::weight(variables) = w;
  }
  void pass(int64_t step, const Common &k) {
    if (step > at) Model::advance(variables, k, step - at);
    at = std::max(at, step);
  }
  // Postsynaptic spikes that reach the synapse in steps up to `until`, this one included.
  void hear(nest::Node &target, int64_t until, const Common &k) {
    const int64_t heard = at - tie_is_open;
    if (until <= heard) return;
    const double step = nest::Time::get_resolution().get_ms();
    std::deque<nest::histentry>::iterator spike, end;
    target.get_history((double(heard - k.late) + 0.5) * step, (double(until - k.late) + 0.5) * step, &spike, &end);
    for (; spike != end; ++spike) {
      const int64_t now = std::llround(spike->t_ / step) + k.late;
      pass(now, k);
      act(k, [&] { Model::on_post(variables, k, now); });
    }
  }
};
template <class Target> constexpr nest::ConnectionModelProperties Printed<Target>::properties;

}  // namespace
