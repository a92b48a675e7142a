// Private to the endpoint sources: text to parts, from left to right; the first fault found is thrown.
#pragma once

#include "endpoint_parts.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace parley {

/// Used once, for one text. Every piece handed around is a view into that text, so that a fault in a piece has a
/// position.
class EndpointParser {
 public:
  explicit EndpointParser(std::string_view text) : text_(text) {}

  /// Throws EndpointError.
  [[nodiscard]] Endpoint parse();

 private:
  void check_characters() const;
  [[nodiscard]] std::string_view take_scheme();
  [[noreturn]] void fail_without_scheme() const;

  void parse_network(std::string_view rest);
  void parse_unix(std::string_view rest);
  void parse_inproc(std::string_view rest);
  void parse_local(std::string_view rest);
  void parse_user(std::string_view user_info);
  void parse_host_and_port(std::string_view host_and_port);
  void parse_bracketed_host(std::string_view inside);
  void parse_zone(std::string_view zone);
  void parse_host(std::string_view raw);
  void check_labels(std::string_view raw, std::string_view host) const;
  void parse_port(std::string_view digits);
  void parse_path(std::string_view raw);
  void parse_parameters(std::string_view query);

  [[nodiscard]] std::string decode(std::string_view raw) const;
  [[nodiscard]] std::string decode_socket_name(std::string_view raw, std::string_view what) const;

  [[nodiscard]] std::size_t position_of(std::string_view piece) const noexcept {
    return static_cast<std::size_t>(piece.data() - text_.data());
  }
  [[noreturn]] void fail(std::size_t position, std::string_view reason) const {
    throw EndpointError(text_, position, reason);
  }
  [[noreturn]] void fail_at(std::string_view piece, std::string_view reason) const { fail(position_of(piece), reason); }
  [[noreturn]] void fail_after(std::string_view piece, std::string_view reason) const {
    fail(position_of(piece) + piece.size(), reason);
  }
  [[nodiscard]] std::string a_scheme_endpoint() const;

  std::string_view text_;
  const SchemeTraits* traits_ = nullptr;
  Endpoint::Parts parts_;
};

}  // namespace parley
