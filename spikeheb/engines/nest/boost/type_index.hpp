// What NEST's headers ask of Boost, where Boost is not installed: the name of a type, for messages.
#pragma once

#include <string>
#include <typeinfo>

namespace boost::typeindex {

struct Named {
  const std::type_info &type;
  std::string pretty_name() const { return type.name(); }
};
template <class T> Named type_id() { return {typeid(T)}; }

}  // namespace boost::typeindex
