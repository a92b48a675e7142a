"""The bugs that scripts/planted-bugs plants, one at a time: what is right, what is put in its place, and who has to find
it. They are mistakes as one makes them: a bound that is off by one, a check that was forgotten, a state that was kept.

`right` stands in its file exactly once; `check` says when it does not any more. So whoever changes a decoder plants the
bug anew. Every fuzz target has to find at least one.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fuzz:
    """A fuzz target, from its seeds."""
    target: str

    def __str__(self):
        return f"fuzz_{self.target}"


@dataclass(frozen=True)
class Property:
    """Property tests, by their GoogleTest filter."""
    tests: str

    def __str__(self):
        return f"property_tests {self.tests}"


@dataclass(frozen=True)
class Bug:
    name: str
    file: str
    right: str
    wrong: str
    finder: object


ROUND_TRIPS = {"json": Property("RoundTrip/0.*"), "message_pack": Property("RoundTrip/1.*"),
               "python_pickle": Property("RoundTrip/2.*")}

FRAMINGS = [
    Bug("length: a message as large as allowed is refused", "include/parley/wire/length_prefixed.hpp",
        "if (body_size > size_max_) [[unlikely]]",
        "if (body_size >= size_max_) [[unlikely]]", Fuzz("length_prefixed")),
    Bug("length: always big-endian", "src/wire/length_prefixed.cpp",
        "load_unsigned(unread.data(), width, options_.order)",
        "load_unsigned(unread.data(), width, ByteOrder::big)", Fuzz("length_prefixed")),
    Bug("length: the offset is forgotten", "src/wire/length_prefixed.cpp",
        "return cut(unread.size(), eof, width, length - offset);",
        "return cut(unread.size(), eof, width, length);", Fuzz("length_prefixed")),
    Bug("length: a message is held back until a byte of the next has come", "include/parley/wire/length_prefixed.hpp",
        "if (unread_size < total) return DecodeStep::incomplete(unread_size, eof, total);",
        "if (unread_size < total) return DecodeStep::incomplete(unread_size, eof, total + 1);", Fuzz("length_prefixed")),
    Bug("varint: groups of eight bits", "include/parley/wire/varint_prefixed.hpp",
        "body_size |= (octet & 0x7f) << (7 * i);",
        "body_size |= (octet & 0x7f) << (8 * i);", Fuzz("varint_prefixed")),
    Bug("varint: a length in two reads is looked for behind the bytes", "include/parley/wire/varint_prefixed.hpp",
        "if (i == unread.size()) return",
        "if (i > unread.size()) return", Fuzz("varint_prefixed")),
    Bug("separator: one that comes in two reads is missed", "src/wire/separator.cpp",
        "const std::size_t tail_size = separator_.size() - 1;",
        "const std::size_t tail_size = 0;", Fuzz("separator")),
    Bug("separator: what was searched is not forgotten behind a message", "include/parley/wire/separator.hpp",
        "    searched_ = 0;\n    const std::size_t consumed",
        "    const std::size_t consumed", Fuzz("separator")),
    Bug("separator: searched beyond the bytes", "include/parley/wire/separator.hpp",
        "separator_.front(), unread.size() - searched_);",
        "separator_.front(), unread.size());", Fuzz("separator")),
    Bug("fixed: one byte of padding is left", "include/parley/wire/fixed_length.hpp",
        "while (body_size > 0 && unread",
        "while (body_size > 1 && unread", Fuzz("fixed_length")),
    Bug("fixed: a part at the end is a message", "include/parley/wire/fixed_length.hpp",
        "if (unread.size() < options_.size) return",
        "if (unread.size() < options_.size && !eof) return", Fuzz("fixed_length")),
    Bug("eof: a full message does not wait for the end", "include/parley/wire/until_eof.hpp",
        "if (!eof) return DecodeStep::needs(",
        "if (!eof && unread.size() < size_max_) return DecodeStep::needs(", Fuzz("until_eof")),
    Bug("eof: nothing at all is a message", "include/parley/wire/until_eof.hpp",
        "    if (unread.empty()) return DecodeStep::end();\n", "", Fuzz("until_eof")),
    Bug("raw: one byte over the limit", "include/parley/wire/raw.hpp",
        "std::min(unread.size(), size_max_);",
        "std::min(unread.size(), size_max_ + 1);", Fuzz("raw")),
    Bug("idle gap: counted from the first byte", "include/parley/wire/idle_gap.hpp",
        "silent_at_ = has_grown ? now + gap_ :", "silent_at_ = has_grown && !silent_at_ ? now + gap_ :", Fuzz("idle_gap")),
    Bug("idle gap: a deadline stays behind its message", "include/parley/wire/idle_gap.hpp",
        "    silent_at_.reset();\n", "", Fuzz("idle_gap")),
    Bug("idle gap: a clock that went back keeps the message", "include/parley/wire/idle_gap.hpp",
        "std::min(*silent_at_, now + gap_);", "*silent_at_;", Fuzz("idle_gap")),
    Bug("idle gap: a message as large as allowed is refused", "include/parley/wire/idle_gap.hpp",
        "if (unread.size() > size_max_) return", "if (unread.size() >= size_max_) return", Fuzz("idle_gap")),
    Bug("custom: a frame beyond the bytes is believed", "src/wire/custom.cpp",
        "return lies_within(step, unread.size()) ? step :",
        "return lies_within(step, unread.size() + 1) ? step :", Fuzz("custom")),
    Bug("custom: a need that is met is passed on", "src/wire/custom.cpp",
        "std::max(step.need, unread.size() + 1)",
        "step.need", Fuzz("custom")),
    Bug("checksum: goes on from the message before", "examples/2_recipes/start_end_checksum.hpp",
        "    check_ = {};\n", "", Fuzz("start_end_checksum")),
    Bug("checksum: without the ETX", "examples/2_recipes/start_end_checksum.hpp",
        "!= (check_ ^ etx))", "!= check_)", Fuzz("start_end_checksum")),
    Bug("framing text: a colon is not escaped", "src/wire/escaped_bytes.cpp",
        " && c != reserved", " && (c != reserved || c == ':')", Fuzz("framing_text")),
    Bug("framing text: hexadecimal escapes", "src/wire/escaped_bytes.cpp",
        "hex_digit(rest[0]) * 16", "hex_digit(rest[0]) * 8", Fuzz("framing_text")),
]

WEBSOCKET = [
    Bug("websocket: 65535 in eight bytes is accepted", "src/wire/websocket.cpp",
        "if (frame.size <= 0xffff) return", "if (frame.size < 0xffff) return", Fuzz("websocket_header")),
    Bug("websocket: a mask that has not come is read", "src/wire/websocket.cpp",
        "if (unread.size() < step.consumed) return {};",
        "if (unread.size() < 2 + extra) return {};", Fuzz("websocket_header")),
    Bug("websocket: the mask begins anew with each piece", "src/wire/websocket.cpp",
        "mask[(position + i) % 4]", "mask[(position / 4 * 4 + i) % 4]", Fuzz("websocket_session")),
    Bug("websocket: a ping that is not whole is answered", "src/transport/ws/session.cpp",
        "    if (in_.unread().size() < frame_.size) return Next::more_input;\n", "", Fuzz("websocket_session")),
    Bug("websocket: fragments stay for the next message", "src/transport/ws/session.cpp",
        "    assembled_ = {};\n", "", Fuzz("websocket_session")),
]

DIALECTS = [
    Bug("aiomsg: a frame of no length takes the next one's type", "include/parley/wire/aiomsg.hpp",
        "if (length - 1 > size_max_) [[unlikely]]",
        "if (length > size_max_ + 1) [[unlikely]]", Fuzz("aiomsg")),
    Bug("aiomsg: a greeting may be longer", "src/wire/aiomsg.cpp",
        "if (length != hello_size - length_size) {",
        "if (length < hello_size - length_size) {", Fuzz("aiomsg")),
    Bug("aiomsg: a request as large as allowed is refused", "src/wire/aiomsg.cpp",
        "if (length - prefix > size_max_) {",
        "if (length - type_size > size_max_) {", Fuzz("aiomsg")),
    Bug("aiomsg: an acknowledgement of any length has an id", "src/wire/aiomsg.cpp",
        "if (length != type_size + id_size) return",
        "if (length < type_size) return", Fuzz("aiomsg")),
    Bug("legacy: a request as large as allowed is refused", "src/wire/aiomsg_legacy.cpp",
        "if (length > size_max_ + signed_size) return",
        "if (length >= size_max_ + signed_size) return", Fuzz("aiomsg_legacy")),
    Bug("legacy: a sign is looked for behind the bytes", "src/wire/aiomsg_legacy.cpp",
        "return bytes.size() >= from + text.size() && std::memcmp",
        "return bytes.size() >= from && std::memcmp", Fuzz("aiomsg_legacy")),
    Bug("sniffer: a request is known by another letter", "include/parley/wire/sniffer.hpp",
        "first == std::byte{'G'}", "first == std::byte{'P'}", Fuzz("sniffer")),
]

ENDPOINTS = [
    Bug("endpoint: the group behind a run of zeros is lost", "src/endpoint_address.cpp",
        "i += zeros.count - 1;", "i += zeros.count;", Fuzz("endpoint")),
    Bug("endpoint: percent signs are not encoded", "src/endpoint_percent.cpp",
        "c == '_' || c == '~';", "c == '_' || c == '~' || c == '%';", Fuzz("endpoint")),
    Bug("endpoint: the password is printed", "src/endpoint_spelling.cpp",
        "text += ':' + (with_password ?", "text += ':' + (with_password || password.size() < 8 ?", Fuzz("endpoint")),
    Bug("endpoint: an escape that is cut short", "src/endpoint_parser.cpp",
        "const int low = i + 2 < raw.size()", "const int low = i + 1 < raw.size()", Fuzz("endpoint")),
]

CODECS = [
    Bug("json: numbers as Boost rounds them", "src/codec/json_reader.cpp",
        "return decoder_.real(exact);", "return decoder_.real(estimate);", ROUND_TRIPS["json"]),
    Bug("json: a text begins with the one before", "src/codec/json_reader.cpp",
        "  std::string_view finish(std::string_view last) {\n    if (is_done_) parts_.clear();\n",
        "  std::string_view finish(std::string_view last) {\n", Fuzz("json")),
    Bug("json: a backslash is not escaped", "src/codec/json_writer.cpp",
        "  table['\\\\'] = '\\\\';\n", "", Fuzz("json")),
    Bug("json: quotes in long texts are overlooked", "src/codec/json_writer.cpp",
        " | zeros(bytes ^ each_byte * '\"')", "", ROUND_TRIPS["json"]),
    Bug("json: base64 of two bytes", "src/codec/base64.cpp",
        "i + 1 < bytes.size() ?", "i + 2 < bytes.size() ?", ROUND_TRIPS["json"]),
    Bug("message pack: 16-bit integers lose their sign", "src/codec/message_pack_reader.cpp",
        "case 0xD1: return integer<std::uint16_t, std::int16_t>();",
        "case 0xD1: return integer<std::uint16_t, std::uint64_t>();", ROUND_TRIPS["message_pack"]),
    Bug("message pack: a string longer than the payload", "src/codec/message_pack_reader.cpp",
        "    if (size > left()) return fail_short(\"a string of \", size);\n    return decoder_.string(",
        "    return decoder_.string(", Fuzz("message_pack")),
    Bug("message pack: a text of 32 bytes gets the short form", "src/codec/message_pack_writer.cpp",
        "if (size < 32) {", "if (size <= 32) {", ROUND_TRIPS["message_pack"]),
    Bug("message pack: an object's size in one byte", "src/codec/message_pack_writer.cpp",
        "put(0xDE, static_cast<std::uint16_t>(count));",
        "put(0xDE, static_cast<std::uint8_t>(count));", ROUND_TRIPS["message_pack"]),
    Bug("pickle: no room for the sign of an integer", "src/codec/python_pickle_writer.cpp",
        "width / 8 + 1;", "(width + 7) / 8;", ROUND_TRIPS["python_pickle"]),
    Bug("pickle: integers above 2^63 turn negative", "src/codec/pickle_machine.cpp",
        "const bool is_big = static_cast<std::int64_t>(bits) < 0 && !is_negative;",
        "const bool is_big = false;", ROUND_TRIPS["python_pickle"]),
    Bug("pickle: appending to what is not there", "src/codec/pickle_machine.cpp",
        "if (first == 0 || stack_", "if (stack_", Fuzz("python_pickle")),
    Bug("pickle: recalling one number too many", "src/codec/pickle_machine.cpp",
        "if (number >= memo_.size())\n    return fail(", "if (number > memo_.size())\n    return fail(",
        Fuzz("python_pickle")),
    Bug("text: surrogates are let through", "src/wire/utf8.cpp",
        "lead == 0xED ? 0x9F", "lead == 0xED ? 0xBF", Fuzz("text")),
    Bug("text: one byte of eight is not looked at", "src/wire/utf8.cpp",
        "0x8080'8080'8080'8080", "0x8080'8080'8080'0080", Fuzz("text")),
]

VALUES = [
    Bug("values: nested one level deeper than allowed", "src/codec/decoder.cpp",
        "if (depth_ >= rules_.depth_max)", "if (depth_ > rules_.depth_max)", Fuzz("json")),
    Bug("values: no room for the first level that is not near", "src/codec/decoder.cpp",
        "if (i < near_count + far_count_) return;", "if (i <= near_count + far_count_) return;", Fuzz("message_pack")),
    Bug("values: an integer too large wraps around", "include/parley/codec/shape_of.hpp",
        "if (!std::in_range<T>(value))", "if (std::cmp_less(value, Limits::min()))", Fuzz("message_pack")),
    Bug("values: all elements go into the first", "src/codec/decoder.cpp",
        "if (top_->is_array && !top_->shape->element(*top_, *this)) return {};",
        "if (top_->is_array && top_->count == 0 && !top_->shape->element(*top_, *this)) return {};",
        ROUND_TRIPS["message_pack"]),
]

SIMULATED = Property("SimulatedSockets.*")

SOCKETS = [  # each breaks one of the things that the simulator holds sockets to
    Bug("socket: what a lost connection had brought is forgotten", "src/policy/socket_core_receiving.cpp",
        "while (peer.waiting_count > 0) {",
        "while (peer.waiting_count > 1'000'000) {", SIMULATED),
    Bug("socket: a message that is sent again is delivered again", "src/policy/socket_core_receiving.cpp",
        "if (state == Duplicates::State::unknown) {",
        "if (state != Duplicates::State::acknowledged) {", SIMULATED),
    Bug("socket: a message overtakes those that wait", "src/policy/socket_core_sending.cpp",
        "if (up_.empty() || backlog_.has_any_by_mode()) [[unlikely]]",
        "if (up_.empty()) [[unlikely]]", SIMULATED),
    Bug("socket: a send that waited is never told that it went", "src/policy/socket_core_sending.cpp",
        "if (taken.waits != 0) complete(taken.waits, ec);",
        "if (taken.waits != 0 && ec) complete(taken.waits, ec);", SIMULATED),
    Bug("socket: a slow subscriber's queue grows", "src/policy/socket_core_sending.cpp",
        "if (!marks_.has_room(peer->out) && !make_room(*peer, rule, too_slow)) continue;",
        "if (!marks_.has_room(peer->out)) make_room(*peer, rule, too_slow);", SIMULATED),
    Bug("socket: a drop is counted and not told", "src/policy/socket_core_sending.cpp",
        "  events_.add_dropped(identity, why, 1);\n  if (settings.confirms",
        "  if (counters_.messages_dropped % 2 == 0) events_.add_dropped(identity, why, 1);\n  if (settings.confirms",
        SIMULATED),
    Bug("socket: closing forgets what is queued", "src/policy/socket_core.cpp",
        "remains.unsent_count += slot->out.message_count();",
        "remains.unsent_count += slot->waiting_count;", SIMULATED),
]

CHANNELS_SIMULATED = Property("SimulatedChannels/*")

CHANNELS = [
    Bug("yamux: one byte more than the window is sent", "src/wire/yamux.cpp",
        "std::size_t{slot.send.left},", "std::size_t{slot.send.left} + 1,", CHANNELS_SIMULATED),
    Bug("yamux: credit is given again and again", "src/wire/yamux.cpp",
        "  slot.receive.left += due;\n", "", CHANNELS_SIMULATED),
    Bug("yamux: half of the credit is lost", "src/wire/yamux.cpp",
        "0, slot.id, due);", "0, slot.id, due / 2);", CHANNELS_SIMULATED),
    Bug("yamux: who waited for window is not woken", "src/wire/yamux_receiving.cpp",
        "  channels.queue_turn(index);\n  telling_ |= tell_window_grew;", "  telling_ |= tell_window_grew;",
        CHANNELS_SIMULATED),
    Bug("yamux: dropped bytes give no credit", "src/wire/yamux_receiving.cpp",
        "    window.consume(size);\n    discard(", "    discard(", CHANNELS_SIMULATED),
    Bug("yamux: a header in pieces begins anew with each", "src/wire/yamux_receiving.cpp",
        "    header_size_ += size;\n", "    header_size_ = size;\n", Fuzz("yamux")),
    Bug("yamux: the end comes before the bytes", "src/wire/yamux_receiving.cpp",
        "if (telling_ != 0 && (telling_ != tell_finished || body_left_ == 0)) {", "if (telling_ != 0) {", Fuzz("yamux")),
    Bug("yamux: a channel is reset twice", "src/wire/mux_table.hpp",
        "    (*this)[index].state = MuxSlot::State::over;\n", "", Fuzz("yamux_operations")),
    Bug("channels: a turn stays with who has gone", "src/wire/mux_channels.cpp",
        "  table[index].has_turn = false;\n  turns_.remove(table, index);\n", "  table[index].has_turn = false;\n",
        CHANNELS_SIMULATED),
    Bug("channels: a hole in the table hides who is behind it", "src/wire/mux_table.hpp",
        ">= ((place - hole) & mask_)) {", "> ((place - hole) & mask_)) {", CHANNELS_SIMULATED),
    Bug("tcpchan: a payload for nobody is read as messages", "src/wire/tcpchan.cpp",
        "  body_left_ = frame.length;\n  if (index == no_channel) ++",
        "  if (index != no_channel) body_left_ = frame.length;\n  if (index == no_channel) ++", Fuzz("tcpchan_operations")),
    Bug("tcpchan: a header in pieces begins anew with each", "src/wire/tcpchan.cpp",
        "    header_size_ += size;\n", "    header_size_ = size;\n", Fuzz("tcpchan")),
]

REQUESTS_SIMULATED = Property("SimulatedRequests.*")

REQUESTS = [
    Bug("communica: metadata may end behind its message", "src/wire/communica_frame.cpp",
        "mlen < field_size || mlen - field_size > total - message_header_size",
        "mlen < field_size || mlen - field_size > total", Fuzz("communica")),
    Bug("communica: each chunk may be as large as a message", "src/wire/communica_assembly.cpp",
        "if (data.size() > limits_.data_size_max - data_.size()) {",
        "if (data.size() > limits_.data_size_max) {", Fuzz("communica")),
    Bug("communica: the rest of a pair of escapes is text", "src/wire/json_scanner.cpp",
        "      i += 6;\n", "      i += 5;\n", Fuzz("communica")),
    Bug("amqp: a body may be longer than announced", "src/wire/amqp_client_receiving.cpp",
        "if (step.payload_size > total - body.size()) {",
        "if (step.payload_size > total) {", Fuzz("amqp")),
    Bug("amqp: tables are nested as deep as they like", "src/wire/amqp_field.cpp",
        "inner.skip_table(depth_left - 1);",
        "inner.skip_table(depth_left);", Fuzz("amqp")),
    Bug("amqp: a message is confirmed again", "src/wire/amqp_confirms.hpp",
        "if (is_settled) continue;",
        "if (false) continue;", Fuzz("amqp")),
    Bug("amqp: what waits on a closed channel is not answered", "src/wire/amqp_client_receiving.cpp",
        "  drop_commands(channel, error::channel_reset, sentence);\n", "", Fuzz("amqp")),
    Bug("communica: what a handler says is told in whatever bytes it has", "src/wire/request_fault.cpp",
        "  text += json_quoted(readable(fault.message));\n", "  text += json_quoted(fault.message);\n",
        Fuzz("request_fault")),
    Bug("communica: data that only begins as JSON is told", "src/wire/json_scanner.cpp",
        "json.encoding() && json.value() && json.end();", "json.encoding() && json.value();", Fuzz("request_fault")),
    # Each of these breaks one of the things that the simulator holds requests to.
    Bug("rpc: requests that are sent again change places", "src/policy/rpc_party.cpp",
        "return a.serial > b.serial;", "return a.serial < b.serial;", REQUESTS_SIMULATED),
    Bug("rpc: what had to wait does not end with its connection", "src/policy/rpc_party.cpp",
        "      calls_.sent(*kept.call);\n", "", REQUESTS_SIMULATED),
    Bug("rpc: a request that has timed out is sent all the same", "src/policy/rpc_party.cpp",
        "      if (call == nullptr) continue;\n      call->is_kept = false;",
        "      if (call != nullptr) call->is_kept = false;", REQUESTS_SIMULATED),
    Bug("rpc: a request outlives the connection that it should end with", "src/policy/calls.hpp",
        "if (entry.is_sent && entry.on_loss == OnLoss::fail) {", "if (false) {", REQUESTS_SIMULATED),
    Bug("rpc: a request that waits for its answer is sent again", "src/policy/rpc_party.cpp",
        "  } else {\n    calls_.get(id)->is_kept = true;",
        "  }\n  if (carrier_ == nullptr || settings.on_loss == OnLoss::resume) {\n    calls_.get(id)->is_kept = true;",
        REQUESTS_SIMULATED),
    Bug("rpc: an answer is for whoever asks from the same place", "src/policy/calls.hpp",
        "const bool is_it = entry.pending && number_of(static_cast<Place>(place), entry) == id.number;",
        "const bool is_it = entry.pending.has_value();", REQUESTS_SIMULATED),
    Bug("rpc: a request that comes again is done again", "src/policy/rpc_party.cpp",
        "  if (wants_answer && job_ids_.contains(id)) return {Begun::again, 0};\n", "", REQUESTS_SIMULATED),
    Bug("rpc: one that was done stays known as in work", "src/policy/rpc_party.cpp",
        "  job_ids_.erase(work.id);\n", "", REQUESTS_SIMULATED),
    Bug("rpc: a kept notice goes before the others", "src/policy/rpc_party.cpp",
        "  kept_.push_back(std::move(kept));",
        "  kept.call || kept.what == What::answer ? kept_.push_back(std::move(kept)) : kept_.push_front(std::move(kept));",
        REQUESTS_SIMULATED),
    Bug("rpc: an answer for somebody who is away is forgotten", "src/policy/rpc_party.cpp",
        "  keep({What::answer, std::nullopt, std::string{answer}, data});\n", "", REQUESTS_SIMULATED),
    Bug("rpc: dead requests are counted that never waited", "src/policy/rpc_party.cpp",
        "if (call.is_kept && ++dead_count_ > kept_.size() / 2)", "if (++dead_count_ > kept_.size() / 2)",
        REQUESTS_SIMULATED),
    Bug("rpc: the bytes of what is sent again are not counted", "src/policy/rpc_party.cpp",
        "    kept_size_ += each.kept.metadata.size() + each.kept.data.size();\n", "", REQUESTS_SIMULATED),
    Bug("rpc: one handler more than there may be", "src/policy/rpc_party.cpp",
        "const bool is_next = deferred_.empty() && running_count() < settings_.jobs_max;",
        "const bool is_next = deferred_.empty() && running_count() <= settings_.jobs_max;", REQUESTS_SIMULATED),
    Bug("rpc: what has its turn still takes the room of those who wait", "src/policy/rpc_party.cpp",
        "  deferred_size_ -= next.metadata_text.size() + next.data.size();\n", "", REQUESTS_SIMULATED),
    Bug("rpc: the last chunk is as long as the others", "src/policy/rpc_conversation.cpp",
        "data.slice(begin, std::min(chunk_size, data.size() - begin));",
        "data.slice(std::min(begin, data.size() - chunk_size), chunk_size);", REQUESTS_SIMULATED),
]

FILTERS = [
    Bug("checksum: the bytes that are skipped are counted", "src/app/filters/checksum.cpp",
        "body.subspan(std::min(options_.skip, body.size()))", "body", Fuzz("checksum_filter")),
    Bug("checksum: the steps of eight bytes end early", "src/app/filters/crc.hpp",
        "t[3][b & 0xff] ^ t[2][b >> 8 & 0xff] ^ t[1]", "t[3][b & 0xff] ^ t[2][b >> 8 & 0x7f] ^ t[1]",
        Fuzz("checksum_filter")),
    Bug("checksum: lower case is no digit", "src/app/filters/checksum.cpp",
        "wire::hex_digit(static_cast<char>(trailer[2 * i + 1]));",
        "trailer[2 * i + 1] > std::byte{'F'} ? -1 : wire::hex_digit(static_cast<char>(trailer[2 * i + 1]));",
        Fuzz("checksum_filter")),
    Bug("checksum: room for it is not looked for", "src/app/filters/checksum.cpp",
        "    if (message.size() < trailer)\n", "    if (message.size() + 1 < trailer)\n", Fuzz("checksum_filter")),
    Bug("deflate: one byte over the limit", "src/app/filters/raw_deflate.cpp",
        "if (written > size_max) return", "if (written > size_max + 1) return", Fuzz("deflate_filter")),
    Bug("deflate: the sum is not looked at", "src/app/filters/deflate.cpp",
        "if (wire::load_big<std::uint32_t>(trailer.data()) != detail::adler32(body))", "if (false)",
        Fuzz("deflate_filter")),
    Bug("deflate: the sum begins with nothing", "src/app/filters/adler32.hpp",
        "std::uint32_t low = 1;", "std::uint32_t low = 0;", Fuzz("deflate_filter")),
    Bug("deflate: bytes that were read ahead are lost", "src/app/filters/raw_deflate.cpp",
        "in.size() - z.avail_in - ahead}", "in.size() - z.avail_in - ahead % 1}", Fuzz("deflate_filter")),
    Bug("deflate: what was not sent is referred to", "src/app/filters/deflate.cpp",
        "    if (deflater_) deflater_->restart(options_.level);\n", "", Fuzz("deflate_filter")),
    Bug("deflate: a header that was not sent is not sent again", "src/app/filters/deflate.cpp",
        "    if (header_is_new_) header_is_sent_ = false;\n", "", Fuzz("deflate_filter")),
    Bug("deflate: a message without a flush is taken", "src/app/filters/deflate.cpp",
        "if (!ends_with_flush(stream)) return", "if (!ends_with_flush(stream) && stream.empty()) return",
        Fuzz("deflate_filter")),
    Bug("filter text: the end bytes are the start bytes", "src/app/filters/named.cpp",
        "options.end = wire::unescape(*end);", "options.start = wire::unescape(*end);", Fuzz("filter_text")),
]

DATAGRAM_PEERS = Property("DatagramPeersModel.*")

DATAGRAMS = [
    Bug("datagrams: two ports of one address are one peer", "src/policy/datagram_peers.hpp",
        "  bool operator==(const DatagramAddress&) const = default;",
        "  bool operator==(const DatagramAddress& o) const { return high == o.high && low == o.low && scope == o.scope; }",
        DATAGRAM_PEERS),
    Bug("datagrams: one that is heard of keeps its place among the silent", "src/policy/datagram_peers.hpp",
        "    unlink(place);\n    push_back(place);\n", "", DATAGRAM_PEERS),
    Bug("datagrams: one behind a hole in the hash is not found", "src/policy/datagram_peers.hpp",
        "      hash_[hole] = hash_[slot];\n      hole = slot;\n", "", DATAGRAM_PEERS),
    Bug("datagrams: a peer may be silent a moment longer", "src/policy/datagram_peers.hpp",
        "*deadline > now", "*deadline >= now", DATAGRAM_PEERS),
]

BUGS = [*FRAMINGS, *WEBSOCKET, *DIALECTS, *SOCKETS, *CHANNELS, *REQUESTS, *DATAGRAMS, *ENDPOINTS, *CODECS, *VALUES,
        *FILTERS]


def text_of(root, bug):
    """The whole file `bug` belongs in; ValueError if it cannot be planted there."""
    path = root / bug.file
    if not path.is_file():
        raise ValueError(f"{bug.file} is gone; plant '{bug.name}' where its code went")
    text = path.read_text()
    count = text.count(bug.right)
    if count != 1:
        raise ValueError(f"{bug.file} has this text {count} times instead of once; plant '{bug.name}' anew:\n{bug.right}")
    return text


def problem_of(root, bug):
    if isinstance(bug.finder, Fuzz) and not (root / "fuzz" / f"{bug.finder.target}.cpp").is_file():
        return f"there is no fuzz target {bug.finder.target}"
    try:
        text_of(root, bug)
    except ValueError as reason:
        return str(reason)
    return None


def check(root):
    """(name, problem or None): each bug can be planted, and each fuzz target has one to find."""
    for bug in BUGS:
        yield bug.name, problem_of(root, bug)
    proved = {bug.finder.target for bug in BUGS if isinstance(bug.finder, Fuzz)}
    targets = {path.stem for path in (root / "fuzz").glob("*.cpp")} - {"replay_main"}
    missing = ", ".join(sorted(targets - proved))
    yield "every fuzz target has a bug to find", f"tests/planted/bugs.py has none for {missing}" if missing else None
