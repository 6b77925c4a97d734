#include "base/utf8.h"

#include <boost/locale/utf.hpp>

namespace meridian {

std::size_t Utf8Prefix(ByteView bytes) {
  namespace utf = boost::locale::utf;
  const char* const end = bytes.data() + bytes.size();
  const char* good = bytes.data();
  for (const char* at = good; at != end; good = at) {
    const utf::code_point point = utf::utf_traits<char>::decode(at, end);
    if (point == utf::illegal || point == utf::incomplete) break;
  }
  return static_cast<std::size_t>(good - bytes.data());
}

}  // namespace meridian
