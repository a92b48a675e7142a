#pragma once

#include "bench/common/congestion_control.hpp"
#include "bench/common/driver_main.hpp"

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/support/async_unary_call.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench::unary {

// One unary method that answers with what it was asked, on completion queues: what generated code makes of a service
// whose methods are marked raw, written by hand. Bodies are bytes as they are, which spares both ends Protobuf.
//
// One thread and one queue a side: gRPC's callbacks, and two threads, serve fewer of 64 or more requests that are open
// at once. With one open all of them are alike, and so are the synchronous calls.

inline constexpr const char* method_name = "/bench.Echo/Echo";
inline constexpr auto connect_time_max = std::chrono::seconds(10);

inline std::string target_of(const Options& o) {
  return o.addr.is_tcp() ? o.addr.text.substr(o.addr.text.find("://") + 3) : "unix:" + o.addr.path;
}

/// `stock`: as it comes. `lean`: without retries, deadlines kept by the server, compression and what else is optional,
/// which serves up to a third more requests.
inline bool is_lean(const Options& o) {
  const std::string part = o.part("stock");
  if (part != "stock" && part != "lean") not_offered(o);
  if (o.sockbuf > 0) throw NotOffered("gRPC has no option for the size of socket buffers");
  return part == "lean";
}

/// The bytes of a body, which are one slice unless they came in many reads.
inline grpc::Slice bytes_of(const grpc::ByteBuffer& body) {
  grpc::Slice bytes;
  if (!body.TrySingleSlice(&bytes).ok() && !body.DumpToSingleSlice(&bytes).ok())
    throw std::runtime_error("a body without bytes");
  return bytes;
}

class EchoService : public grpc::Service {
 public:
  EchoService() {
    using grpc::internal::RpcMethod, grpc::internal::RpcServiceMethod;
    AddMethod(new RpcServiceMethod(method_name, RpcMethod::NORMAL_RPC, nullptr));  // the base owns it
    MarkMethodRaw(0);
  }

  using grpc::Service::RequestAsyncUnary;
};

class Server {
 public:
  explicit Server(const Options& o) : calls_(o.concurrency + spare_calls) {
    grpc::ServerBuilder builder;
    if (is_lean(o)) builder.AddChannelArgument(GRPC_ARG_MINIMAL_STACK, 1);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // or a port that is taken would be shared
    builder.SetMaxReceiveMessageSize(-1);
    builder.AddListeningPort(target_of(o), grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    queue_ = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    if (!server_) throw std::runtime_error("gRPC cannot listen on " + o.addr.text);
    if (o.addr.is_tcp()) apply_congestion_control(o, false);
    for (Call& call : calls_) wait_for_request(call);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    server_->Shutdown(std::chrono::system_clock::now());
    queue_->Shutdown();
    void* tag = nullptr;
    for (bool ok = false; queue_->Next(&tag, &ok);) continue;
  }

  /// Shows every request to `see(bytes, size)` before it is sent back, up to one for which that returns true.
  template <class See>
  void serve(See see) {
    void* tag = nullptr;
    bool ok = false;
    for (bool over = false; queue_->Next(&tag, &ok);) {
      if (!ok) throw std::runtime_error("a call was cancelled");
      Call& call = *static_cast<Call*>(tag);
      if (call.is_answered) {
        if (over) return;
        wait_for_request(call);
      } else {
        const grpc::Slice bytes = bytes_of(call.body);
        over = see(bytes.begin(), bytes.size());
        call.is_answered = true;
        call.responder->Finish(call.body, grpc::Status::OK, &call);
      }
    }
  }

 private:
  /// gRPC needs a new context and responder for each request.
  struct Call {
    std::optional<grpc::ServerContext> context;
    std::optional<grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>> responder;
    grpc::ByteBuffer body;
    bool is_answered = false;
  };

  // A slot of the client may ask anew before this side has seen that the answer is out.
  static constexpr std::size_t spare_calls = 16;

  void wait_for_request(Call& call) {
    call.is_answered = false;
    call.responder.reset();
    call.context.emplace();
    call.responder.emplace(&*call.context);
    service_.RequestAsyncUnary(0, &*call.context, &call.body, &*call.responder, queue_.get(), queue_.get(), &call);
  }

  EchoService service_;
  std::vector<Call> calls_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
};

/// One connection with a number of slots, each of which may have one request open.
class Client {
 public:
  struct Reply {
    std::size_t slot;
    grpc::Slice bytes;
  };

  Client(const Options& o, std::size_t slots) : channel_(connect(o)), calls_(slots) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    for (Call& call : calls_)
      if (call.context) call.context->TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    for (bool ok = false; queue_.Next(&tag, &ok);) continue;
  }

  void ask(std::size_t slot, const void* body, std::size_t size) {
    using Reader = grpc::internal::ClientAsyncResponseReaderHelper;
    const grpc::Slice bytes(body, size);
    Call& call = calls_[slot];
    call.reader.reset();
    call.context.emplace();
    call.reader.reset(Reader::Create<grpc::ByteBuffer>(channel_.get(), &queue_, method_, &*call.context,
                                                       grpc::ByteBuffer(&bytes, 1)));
    call.reader->StartCall();
    call.reader->Finish(&call.body, &call.status, &call);
  }

  /// Waits for the next reply to any request.
  Reply receive() {
    void* tag = nullptr;
    bool ok = false;
    if (!queue_.Next(&tag, &ok) || !ok) throw std::runtime_error("the queue of replies ended");
    const auto* call = static_cast<const Call*>(tag);
    if (!call->status.ok()) throw std::runtime_error("a call failed: " + call->status.error_message());
    return {static_cast<std::size_t>(call - calls_.data()), bytes_of(call->body)};
  }

 private:
  struct Call {
    std::optional<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
    grpc::ByteBuffer body;
    grpc::Status status;
  };

  static std::shared_ptr<grpc::Channel> connect(const Options& o) {
    grpc::ChannelArguments arguments;
    if (is_lean(o)) arguments.SetInt(GRPC_ARG_MINIMAL_STACK, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(-1);
    auto channel = grpc::CreateCustomChannel(target_of(o), grpc::InsecureChannelCredentials(), arguments);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + connect_time_max))
      throw std::runtime_error("gRPC cannot connect to " + o.addr.text);
    apply_congestion_control(o, true);
    return channel;
  }

  std::shared_ptr<grpc::Channel> channel_;
  grpc::internal::RpcMethod method_{method_name, grpc::internal::RpcMethod::NORMAL_RPC, channel_};
  grpc::CompletionQueue queue_;
  std::vector<Call> calls_;
};

}  // namespace bench::unary
