// What the receiver writes down, one line for each: programs read it as well as people.
//
//   misbehaviour garbage account 100042: …
#pragma once

#include "panel.hpp"

#include <parley/app/peer.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <syncstream>

enum class Misbehaviour : std::uint8_t {
  garbage,   ///< a message with a wrong checksum, or none that is known; the panel is told, and stays
  half,      ///< its connection ended inside a message
  silent,    ///< nothing has come for too long; the next time it is closed
  flood,     ///< more messages than any panel has to send; it is closed
  stranger,  ///< it began with no account; it is closed
};

inline constexpr std::array<std::string_view, 5> misbehaviour_names{"garbage", "half", "silent", "flood", "stranger"};

inline std::string_view to_string(Misbehaviour what) { return misbehaviour_names[static_cast<std::size_t>(what)]; }

/// From any thread.
class Journal {
 public:
  void misbehaviour(Misbehaviour what, const parley::app::Peer& peer, std::string_view why) {
    ++counts_[static_cast<std::size_t>(what)];
    line() << "misbehaviour " << to_string(what) << " account " << peer.state<Panel>().view().account << ": " << why
           << '\n';
  }

  void note(std::string_view text) { line() << text << '\n'; }

  [[nodiscard]] std::uint64_t count(Misbehaviour what) const { return counts_[static_cast<std::size_t>(what)]; }

 private:
  // Lines of two threads are not mixed.
  static std::osyncstream line() { return std::osyncstream{std::clog}; }

  std::array<std::atomic<std::uint64_t>, misbehaviour_names.size()> counts_{};
};
