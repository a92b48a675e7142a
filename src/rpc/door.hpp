// Door: one endpoint that a server has bound, whatever clients come by.
#pragma once

#include <parley/endpoint.hpp>

namespace parley::rpc::detail {

class Door {
 public:
  virtual ~Door() = default;

  [[nodiscard]] virtual const Endpoint& local_endpoint() const noexcept = 0;

  // With the server's mutex held.

  virtual void start() = 0;
  virtual void close() = 0;
};

}  // namespace parley::rpc::detail
