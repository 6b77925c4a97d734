#include "sim/history.h"

namespace meridian::sim {
namespace {

const char* Word(node::Operation operation) {
  switch (operation) {
    case node::Operation::kGet: return "get";
    case node::Operation::kPut: return "put";
    default: return "delete";
  }
}

const char* Word(Fate fate) {
  switch (fate) {
    case Fate::kOpen: return "open";
    case Fate::kAcked: return "acknowledged";
    case Fate::kFailed: return "failed";
    case Fate::kMaybe: return "maybe";
  }
  return "?";
}

}  // namespace

std::string ToString(const Op& op) {
  std::string text = std::string(Word(op.operation)) + " #" + std::to_string(op.id) + " of " +
                     op.key.first + '/' + op.key.second + " in region " +
                     std::to_string(op.region.value);
  if (op.token_from) text += " with the context of #" + std::to_string(*op.token_from);
  text += std::string(", ") + Word(op.fate);
  for (const Bytes& value : op.values) text += ' ' + value;
  return op.message.empty() ? text : text + " (" + op.message + ')';
}

}  // namespace meridian::sim
