// A visitor for std::visit, made of one lambda a type.
//
//     std::visit(Overloaded{[](const Put& put) { ... }, [](const Get& get) { ... }}, request);

#pragma once

namespace meridian {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;  // clang 16 does not deduce it by itself

}  // namespace meridian
