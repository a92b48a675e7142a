// Showing a faulty text to a person: no secrets, one line, a caret in the right column.
#include <parley/endpoint.hpp>

#include <algorithm>
#include <utility>

namespace parley {

struct EndpointError::Account {
  std::string summary;
  std::string reason;
  std::string diagram;
};

namespace {

/// A piece of text for a person, and the column that matters in it.
struct Shown {
  std::string text;
  std::size_t column;
};

constexpr std::size_t shown_size_max = 160;
constexpr std::size_t shown_before_max = 100;

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Where a password may be. The text is faulty, so this errs on the side of hiding: from the first colon after the
/// scheme to the last '@', whatever is in between.
Range find_password(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  const std::size_t colon = text.find(':', scheme_end == std::string_view::npos ? 0 : scheme_end + 3);
  const std::size_t at = text.rfind('@');
  if (colon == std::string_view::npos || at == std::string_view::npos || at < colon) return {};
  return {colon + 1, at};
}

Shown hide_password(std::string_view text, std::size_t column) {
  static constexpr std::string_view mask = "***";
  const Range secret = find_password(text);
  if (secret.begin == secret.end) return {std::string(text), column};
  Shown shown{std::string(text), column};
  shown.text.replace(secret.begin, secret.end - secret.begin, mask);
  if (column >= secret.end) {
    shown.column = column - (secret.end - secret.begin) + mask.size();
  } else if (column > secret.begin) {
    shown.column = secret.begin;
  }
  return shown;
}

void append_escaped(std::string& out, unsigned char byte) {
  static constexpr char digits[] = "0123456789ABCDEF";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 0xF];
}

/// Terminals and logs must not be written to by whoever wrote the text.
Shown escape(const Shown& raw) {
  Shown shown{{}, 0};
  for (std::size_t i = 0; i < raw.text.size(); ++i) {
    if (i == raw.column) shown.column = shown.text.size();
    const auto byte = static_cast<unsigned char>(raw.text[i]);
    if (byte >= 0x20 && byte < 0x7F) {
      shown.text += raw.text[i];
    } else {
      append_escaped(shown.text, byte);
    }
  }
  if (raw.column >= raw.text.size()) shown.column = shown.text.size();
  return shown;
}

Shown cut_around_column(Shown shown) {
  if (shown.text.size() <= shown_size_max) return shown;
  const std::size_t begin = shown.column > shown_before_max ? shown.column - shown_before_max : 0;
  const bool cut_at_end = shown.text.size() - begin > shown_size_max;
  shown.text = (begin > 0 ? "..." : "") + shown.text.substr(begin, shown_size_max) + (cut_at_end ? "..." : "");
  shown.column = shown.column - begin + (begin > 0 ? 3 : 0);
  return shown;
}

}  // namespace

EndpointError::EndpointError() : EndpointError(std::make_shared<const Account>(), 0) {}

EndpointError::EndpointError(std::shared_ptr<const Account> account, std::size_t position)
    : std::invalid_argument(account->summary), account_(std::move(account)), position_(position) {}

EndpointError::EndpointError(std::string_view text, std::size_t position, std::string_view reason)
    : EndpointError(
          [&] {
            const Shown shown = cut_around_column(escape(hide_password(text, position)));
            Account account;
            account.reason = reason;
            account.summary = "endpoint \"" + shown.text + "\": " + account.reason + " (at character " +
                              std::to_string(position) + ")";
            account.diagram = shown.text + '\n' + std::string(shown.column, ' ') + "^ " + account.reason;
            return std::make_shared<const Account>(std::move(account));
          }(),
          position) {}

const std::string& EndpointError::reason() const noexcept { return account_->reason; }
const std::string& EndpointError::diagram() const noexcept { return account_->diagram; }

}  // namespace parley
