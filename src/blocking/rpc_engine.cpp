#include "blocking/rpc_engine.hpp"

#include <parley/limits.hpp>

#include <mutex>
#include <vector>

namespace parley::rpc::blocking::detail {

using parley::detail::Handler;

namespace {

/// What another process goes on with: to take any of it apart here would disturb that.
void leave_to_the_other(std::shared_ptr<Engine> engine) {
  static std::mutex mutex;
  static auto& all = *new std::vector<std::shared_ptr<Engine>>;  // not even when the program ends
  const std::lock_guard lock{mutex};
  all.push_back(std::move(engine));
}

}  // namespace

std::shared_ptr<Engine> Engine::make() { return {new Engine, &Engine::destroy}; }

/// A handler may be the last to let go, in the very thread that ends with the engine.
void Engine::destroy(Engine* engine) {
  if (!engine->thread_.is_calling()) {
    delete engine;
  } else {
    parley::blocking::detail::run_detached([engine] { delete engine; });
  }
}

void Engine::end(std::shared_ptr<Engine> engine) noexcept {
  if (!engine) return;
  if (!engine->thread_.is_running()) return leave_to_the_other(std::move(engine));
  (void)engine->close("destroying", limits::linger);
  engine->node_->abandon();
}

void Engine::refuse(std::string_view operation) {
  throw std::invalid_argument{std::string{operation} +
                              " cannot be waited for in the thread that has to go on for it: a handler asks by its "
                              "Caller, or runs on a pool"};
}

Event Engine::next_event(Deadline deadline, error_code& ec) {
  auto [failure, event] = await<Event>(
      "next_event", [&](auto handler) { node_->next_event(deadline, Handler<Event>{std::move(handler)}); });
  ec = failure;
  return std::move(event);
}

CloseReport Engine::close(std::string_view operation, Deadline deadline) {
  return std::get<1>(await<CloseReport>(
      operation, [&](auto handler) { node_->close(deadline, Handler<CloseReport>{std::move(handler)}); }));
}

}  // namespace parley::rpc::blocking::detail
