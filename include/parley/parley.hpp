// Everything of parley that most programs use.
#pragma once

#include <parley/blocking/connection.hpp>
#include <parley/blocking/listener.hpp>
#include <parley/codec/bytes.hpp>
#include <parley/codec/json.hpp>
#include <parley/codec/message_pack.hpp>
#include <parley/codec/python_pickle.hpp>
#include <parley/codec/text.hpp>
#include <parley/connection/connect.hpp>
#include <parley/connection/connection.hpp>
#include <parley/connection/listener.hpp>
#include <parley/connection/options.hpp>
#include <parley/connection/serve.hpp>
#include <parley/connection/typed_connection.hpp>
#include <parley/endpoint.hpp>
#include <parley/error.hpp>
#include <parley/limits.hpp>
#include <parley/log.hpp>
#include <parley/message.hpp>
#include <parley/run.hpp>
#include <parley/time.hpp>
#include <parley/transport/options.hpp>
#include <parley/transport/stream.hpp>
#include <parley/version.hpp>
#include <parley/wire/framing.hpp>
#include <parley/wire/framing_text.hpp>
