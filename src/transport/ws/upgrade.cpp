// The one place that knows Boost.Beast: its HTTP parser reads what strangers send.
#include "transport/ws/upgrade.hpp"

#include <parley/error.hpp>
#include <parley/wire/websocket.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

namespace parley::transport {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view version = "13";

/// Nobody who does not speak HTTP gets further than this unnoticed.
constexpr std::size_t stranger_size_max = 256;

std::string_view to_view(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// Peers' words in a sentence: one line, and not endless.
std::string shown(std::string_view text) {
  constexpr std::size_t shown_max = 64;
  std::string line{text.substr(0, shown_max)};
  for (char& each : line) {
    if (std::isprint(static_cast<unsigned char>(each)) == 0) each = '.';
  }
  return text.size() > shown_max ? line + "…" : line;
}

UpgradeStep failed(error code, std::string sentence, std::string output = {}) {
  UpgradeStep step;
  step.kind = UpgradeStep::Kind::failed;
  step.code = code;
  step.sentence = std::move(sentence);
  step.output = std::move(output);
  return step;
}

/// Feeds the parser all there is.
template <class Parser>
UpgradeStep parse(Parser& parser, std::string_view unread, const char* peer) {
  // A stranger shows early. After that, parsing anew for each byte that trickles in would be work without bound.
  const bool is_complete = unread.find("\r\n\r\n") != std::string_view::npos;
  if (!is_complete && unread.size() < upgrade_size_max) unread = unread.substr(0, stranger_size_max);
  parser.header_limit(upgrade_size_max);
  parser.eager(false);
  boost::beast::error_code ec;
  UpgradeStep step;
  step.consumed = parser.put(boost::asio::const_buffer{unread.data(), unread.size()}, ec);
  if (parser.is_header_done()) {
    step.kind = UpgradeStep::Kind::done;
    return step;
  }
  const bool wants_more = !ec || ec == http::error::need_more;
  if (ec == http::error::header_limit || (wants_more && unread.size() >= upgrade_size_max)) {
    return failed(error::handshake_failed,
                  std::string{"the "} + peer + "'s HTTP header exceeds " + std::to_string(upgrade_size_max) + " bytes");
  }
  if (!wants_more) {
    return failed(error::handshake_failed,
                  std::string{"the "} + peer + " does not speak HTTP; it began with \"" + shown(unread) + "\"");
  }
  return {};
}

/// 16 bytes in base64 (RFC 6455, section 4.1).
bool is_key(std::string_view text) {
  constexpr std::string_view end = "==";
  constexpr std::size_t size = 24;
  if (text.size() != size || !text.ends_with(end)) return false;
  return std::all_of(text.begin(), text.end() - end.size(), [](char each) {
    return std::isalnum(static_cast<unsigned char>(each)) != 0 || each == '+' || each == '/';
  });
}

template <class Message>
bool asks_for_websocket(const Message& message) {
  return http::token_list{message[http::field::upgrade]}.exists("websocket") &&
         http::token_list{message[http::field::connection]}.exists("upgrade");
}

class ClientSide final : public Upgrade {
 public:
  explicit ClientSide(ClientUpgrade settings) : settings_{std::move(settings)} {}

  [[nodiscard]] std::string greeting() const override {
    std::string request = "GET " + settings_.target + " HTTP/1.1\r\nHost: " + settings_.host +
                          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + settings_.key +
                          "\r\nSec-WebSocket-Version: 13\r\n";
    if (!settings_.origin.empty()) request += "Origin: " + settings_.origin + "\r\n";
    return request + "\r\n";
  }

  [[nodiscard]] UpgradeStep feed(std::string_view unread) override {
    http::response_parser<http::empty_body> parser;
    UpgradeStep step = parse(parser, unread, "server");
    if (step.kind != UpgradeStep::Kind::done) return step;
    const auto& answer = parser.get();
    if (answer.result() != http::status::switching_protocols) {
      return failed(error::refused_by_peer, "the server answered " + std::to_string(answer.result_int()) + " " +
                                                shown(to_view(answer.reason())) + " instead of a WebSocket");
    }
    if (!asks_for_websocket(answer) || to_view(answer["Sec-WebSocket-Accept"]) != wire::ws_accept_key(settings_.key)) {
      return failed(error::handshake_failed, "the server's answer does not belong to this WebSocket handshake");
    }
    if (answer.count("Sec-WebSocket-Extensions") != 0 || answer.count("Sec-WebSocket-Protocol") != 0) {
      return failed(error::handshake_failed, "the server chose an extension or a protocol that was not offered");
    }
    return step;
  }

 private:
  const ClientUpgrade settings_;
};

class ServerSide final : public Upgrade {
 public:
  explicit ServerSide(ServerUpgrade settings) : settings_{std::move(settings)} {}

  [[nodiscard]] UpgradeStep feed(std::string_view unread) override {
    http::request_parser<http::empty_body> parser;
    UpgradeStep step = parse(parser, unread, "client");
    if (step.kind == UpgradeStep::Kind::failed && takes_any_path()) return refuse(bad_request, step.sentence);
    if (step.kind != UpgradeStep::Kind::done) return step;
    const auto& request = parser.get();
    UpgradeStep refusal = takes_any_path() ? check_for_aiomsg(request) : check(request);
    if (refusal.kind == UpgradeStep::Kind::failed) return refusal;
    step.output =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        wire::ws_accept_key(to_view(request["Sec-WebSocket-Key"])) + "\r\n\r\n";
    return step;
  }

 private:
  using Request = http::request<http::empty_body>;

  static constexpr const char* bad_request = "400 Bad Request";

  [[nodiscard]] bool takes_any_path() const noexcept { return settings_.path.empty(); }

  [[nodiscard]] UpgradeStep check_for_aiomsg(const Request& request) const {
    if (request.method() != http::verb::get)
      return refuse(bad_request, "the client asked by something else than a GET");
    if (!asks_for_websocket(request)) return refuse(bad_request, "the client did not ask for a WebSocket");
    return check_websocket(request);
  }

  [[nodiscard]] UpgradeStep check(const Request& request) const {
    if (request.method() != http::verb::get || request.version() != 11) {
      return refuse("405 Method Not Allowed", "the client asked by something else than an HTTP/1.1 GET", "Allow: GET");
    }
    if (request.count(http::field::host) != 1) return refuse(bad_request, "the client named no host, or several");
    const std::string_view target = to_view(request.target());
    if (const std::string_view path = target.substr(0, target.find('?')); path != settings_.path) {
      return refuse("404 Not Found", "the client asked for " + shown(path) + "; there is only " + settings_.path);
    }
    if (!asks_for_websocket(request)) {
      return refuse("426 Upgrade Required", "the client did not ask for a WebSocket", "Upgrade: websocket");
    }
    return check_websocket(request);
  }

  [[nodiscard]] UpgradeStep check_websocket(const Request& request) const {
    if (to_view(request["Sec-WebSocket-Version"]) != version) {
      return refuse("426 Upgrade Required", "the client speaks another version of WebSocket than 13",
                    "Sec-WebSocket-Version: 13");
    }
    if (!is_key(to_view(request["Sec-WebSocket-Key"]))) return refuse(bad_request, "the client's key is not one");
    return check_origin(request);
  }

  [[nodiscard]] UpgradeStep check_origin(const Request& request) const {
    if (!settings_.accept_origin || request.count(http::field::origin) == 0) return {};
    const std::string_view origin = to_view(request[http::field::origin]);
    if (settings_.accept_origin(origin)) return {};
    return refuse("403 Forbidden", "pages of " + shown(origin) + " are not let in");
  }

  static UpgradeStep refuse(const std::string& status, const std::string& sentence, const std::string& field = {}) {
    const std::string body = sentence + "\n";
    return failed(error::handshake_failed, sentence,
                  "HTTP/1.1 " + status + "\r\n" + (field.empty() ? "" : field + "\r\n") +
                      "Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  const ServerUpgrade settings_;
};

}  // namespace

std::unique_ptr<Upgrade> make_upgrade(ClientUpgrade settings) {
  return std::make_unique<ClientSide>(std::move(settings));
}
std::unique_ptr<Upgrade> make_upgrade(ServerUpgrade settings) {
  return std::make_unique<ServerSide>(std::move(settings));
}

}  // namespace parley::transport
