// RpcConversation: one connection of requests and answers by communica's stream protocol (docs/protocols/communica.md),
// without the connection: it reads from an InBuffer, writes to an OutQueue, and is told the time.
//
// What a message means, which request an answer is for, and who may ask how much, is the owner's. So is the stream: an
// event `failed`, `rejected` or `ended` says that it is to be closed, behind what is queued.
#pragma once

#include "wire/in_buffer.hpp"
#include "wire/out_queue.hpp"

#include <parley/error.hpp>
#include <parley/message.hpp>
#include <parley/time.hpp>
#include <parley/wire/communica_assembly.hpp>
#include <parley/wire/communica_frame.hpp>
#include <parley/wire/communica_greeting.hpp>
#include <parley/wire/request_metadata.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::policy {

class RpcConversation {
 public:
  struct Settings {
    wire::CommunicaRole role = wire::CommunicaRole::client;  ///< this side's
    std::string client_id{};                                 ///< of a client
    wire::CommunicaLimits limits{};
    Duration greeting_time_max = Duration::max();  ///< from start() until the peer has greeted
  };

  struct Event {
    enum class Kind : std::uint8_t {
      none,      ///< more input is needed
      greeted,   ///< client_id, at the server: accept() or reject() is due. At the client: messages can pass
      message,   ///< metadata, metadata_text, data
      rejected,  ///< sentence: the peer's reason
      ended,     ///< the peer has finished in order
      failed,    ///< code, sentence
    };

    Kind kind = Kind::none;
    std::string client_id{};
    error code{};
    std::string sentence{};
    wire::RequestMetadata metadata{};  ///< until the next call
    std::string_view metadata_text{};  ///< until the next call
    Message data{};
  };

  /// What is referred to outlives this.
  RpcConversation(Settings settings, detail::InBuffer& in, detail::OutQueue& out)
      : settings_{std::move(settings)}, in_{in}, out_{out}, frames_{settings_.limits}, assembly_{settings_.limits} {}

  /// There is a connection. Throws std::invalid_argument for a client id that cannot be sent.
  void start(TimePoint now);
  /// The client may stay.
  void accept();
  /// Says why it will not have the peer; nothing comes from it any more.
  void reject(std::string_view reason);

  /// What has come. To be asked until there is none, whenever there is more input; but not by a server between
  /// `greeted` and accept().
  [[nodiscard]] Event next_event();
  /// Nothing follows what is in the buffer; then next_event() tells the rest.
  void stream_ended() noexcept { has_ended_ = true; }
  /// What is in the buffer begins a rejection, which lasts up to the end of the stream.
  [[nodiscard]] bool is_in_rejection() const noexcept;
  /// So many bytes the buffer has to hold before next_event() can do more; 0: any.
  [[nodiscard]] std::size_t wanted_size() const noexcept { return wanted_size_; }

  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept { return greeting_until_; }
  /// The event of a deadline that has passed.
  [[nodiscard]] Event expire(TimePoint now);

  /// A message, in chunks if it is large. Messages can pass.
  void send(std::string_view metadata, const Message& data);
  /// Says that nothing follows.
  void finish();

  [[nodiscard]] bool is_up() const noexcept { return state_ == State::up; }
  [[nodiscard]] bool is_over() const noexcept { return state_ == State::over; }

 private:
  enum class State : std::uint8_t { greeting, greeted, up, over };
  using Kind = Event::Kind;

  [[nodiscard]] Event read_greeting();
  [[nodiscard]] Event read_frame();
  [[nodiscard]] std::optional<Event> take_frame(const wire::CommunicaStep& step);
  [[nodiscard]] Event message(std::string_view metadata_text);
  [[nodiscard]] Event fail(error code, std::string sentence);
  [[nodiscard]] Event end(Kind kind, std::string sentence = {});
  void consume_later(std::size_t size) noexcept { taken_size_ = size; }
  void put_text(std::string_view text);

  const Settings settings_;
  detail::InBuffer& in_;
  detail::OutQueue& out_;
  const wire::CommunicaFrames frames_;
  wire::CommunicaAssembly assembly_;
  State state_ = State::greeting;
  bool has_ended_ = false;
  std::size_t taken_size_ = 0;  // of the buffer, by the last event
  std::size_t wanted_size_ = 0;
  std::string decoded_;
  std::optional<TimePoint> greeting_until_;
};

}  // namespace parley::policy
