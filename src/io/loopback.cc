#include "io/loopback.h"

#include <boost/asio/ip/address.hpp>

namespace meridian::io {

Result<Done> RequireLoopback(const std::string& host) {
  if (host == "localhost") return Done{};
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(host, bad);
  if (!bad && address.is_loopback()) return Done{};
  return Fail(ErrorCode::kInvalidArgument,
              "will not bind to '" + host +
                  "': this release has neither TLS nor CURVE yet and listens on loopback only; use "
                  "127.0.0.1, ::1 or localhost");
}

}  // namespace meridian::io
