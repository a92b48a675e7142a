// Golden bytes of AMQP 0-9-1: methods as RabbitMQ 3.10 says and takes them, recorded, but for those with a channel of 2
// or 7 and what no program of communica says; those are by the specification.
#pragma once

#include "vectors/framing.hpp"

#include <parley/wire/amqp_methods.hpp>

#include <ostream>
#include <string>
#include <vector>

namespace parley::test {

struct AmqpVector {
  const char* name;
  std::string wire;  ///< hexadecimal: a frame
  wire::AmqpMethod method;
};

inline std::ostream& operator<<(std::ostream& out, const AmqpVector& vector) { return out << vector.name; }

/// How a broker begins; left out is what it says of its owners and of the machine.
inline const char* const amqp_start =
    "01 0000 00000126 000a000a0009000001010c6361706162696c697469657346000000c7127075626c69736865725f6"
    "36f6e6669726d7374011a65786368616e67655f65786368616e67655f62696e64696e677374010a62617369632e6e616"
    "36b740116636f6e73756d65725f63616e63656c5f6e6f74696679740112636f6e6e656374696f6e2e626c6f636b65647"
    "40113636f6e73756d65725f7072696f72697469657374011c61757468656e7469636174696f6e5f6661696c7572655f6"
    "36c6f73657401107065725f636f6e73756d65725f716f7374010f6469726563745f7265706c795f746f74010770726f6"
    "475637453000000085261626269744d510776657273696f6e5300000006332e31302e380000000e504c41494e20414d5"
    "1504c41494e00000005656e5f5553 ce";

/// The answer to that, of user and password `guest`.
inline const char* const amqp_start_ok =
    "01 0000 000000db 000a000b 000000b70770726f6475637453000000067061726c65790776657273696f6e53000000"
    "05302e312e3008706c6174666f726d5300000003432b2b0c6361706162696c6974696573460000006f1c61757468656e"
    "7469636174696f6e5f6661696c7572655f636c6f736574010a62617369632e6e61636b740112636f6e6e656374696f6e"
    "2e626c6f636b6564740116636f6e73756d65725f63616e63656c5f6e6f746966797401127075626c69736865725f636f"
    "6e6669726d73740105504c41494e0000000c00677565737400677565737405656e5f5553 ce";

/// The content header of a delivered message, recorded.
inline const char* const amqp_content_header =
    "02 0001 00000067 003c 0000 000000000000000a 02a0"
    "1e616d712e67656e2d36774a732d567a306b6c727443327358623755743967"
    "203031323334353637383961626364656630313233343536373839616263646566"
    "18636f6d6d756e6963615f636c69656e745f636f6e6e656374 ce";

inline const std::vector<AmqpVector>& amqp_vectors() {
  using namespace wire;
  static constexpr const char* connect_queue = "communica.ADDR.connect.server";
  static const std::vector<AmqpVector> vectors{
      {"connection_secure", "01 0000 0000000a 000a0014 00000002 6869 ce", amqp::ConnectionSecure{{"hi"}}},
      {"connection_secure_ok", "01 0000 00000009 000a0015 00000001 78 ce", amqp::ConnectionSecureOk{{"x"}}},
      {"connection_tune", "01 0000 0000000c 000a001e 07ff00020000003c ce", amqp::ConnectionTune{2047, 131072, 60}},
      {"connection_tune_ok", "01 0000 0000000c 000a001f 07ff000200000014 ce", amqp::ConnectionTuneOk{2047, 131072, 20}},
      {"connection_open", "01 0000 00000008 000a0028 012f0000 ce", amqp::ConnectionOpen{"/"}},
      {"connection_open_ok", "01 0000 00000005 000a0029 00 ce", amqp::ConnectionOpenOk{}},
      {"connection_close", "01 0000 0000000e 000a0032 00c80362796500000000 ce",
       amqp::ConnectionClose{200, "bye", 0, 0}},
      {"connection_close_of_a_login", "01 0000 00000019 000a0032 0193 0e4143434553535f52454655534544 000a 000b ce",
       amqp::ConnectionClose{403, "ACCESS_REFUSED", 10, 11}},
      {"connection_close_ok", "01 0000 00000004 000a0033 ce", amqp::ConnectionCloseOk{}},
      {"connection_blocked", "01 0000 00000012 000a003c 0d6c6f77206f6e206d656d6f7279 ce",
       amqp::ConnectionBlocked{"low on memory"}},
      {"connection_unblocked", "01 0000 00000004 000a003d ce", amqp::ConnectionUnblocked{}},
      {"channel_open", "01 0001 00000005 0014000a 00 ce", amqp::ChannelOpen{}},
      {"channel_open_ok", "01 0001 00000008 0014000b 00000000 ce", amqp::ChannelOpenOk{}},
      {"channel_flow", "01 0007 00000005 00140014 01 ce", amqp::ChannelFlow{true}},
      {"channel_flow_ok", "01 0007 00000005 00140015 00 ce", amqp::ChannelFlowOk{false}},
      {"channel_close",
       "01 0003 00000057 00140028 01934c4143434553535f52454655534544202d207175657565206e616d652027616d71"
       "2e666f7262696464656e2720636f6e7461696e73207265736572766564207072656669782027616d712e2a270032000a"
       " ce",
       amqp::ChannelClose{403, "ACCESS_REFUSED - queue name 'amq.forbidden' contains reserved prefix 'amq.*'", 50, 10}},
      {"channel_close_ok", "01 0002 00000004 00140029 ce", amqp::ChannelCloseOk{}},
      {"exchange_declare", "01 0001 0000001c 0028000a 000009636f6d6d756e696361066469726563740200000000 ce",
       amqp::ExchangeDeclare{.exchange = "communica", .type = "direct", .is_durable = true}},
      {"exchange_declare_ok", "01 0001 00000004 0028000b ce", amqp::ExchangeDeclareOk{}},
      {"exchange_declare_every_other_bit", "01 0001 00000014 0028000a 0000 0165 0666616e6f7574 15 00000000 ce",
       amqp::ExchangeDeclare{
           .exchange = "e", .type = "fanout", .is_passive = true, .is_auto_delete = true, .no_wait = true}},
      {"queue_declare",
       "01 0001 00000029 0032000a 00001d636f6d6d756e6963612e414444522e636f6e6e6563742e736572766572020000"
       "0000 ce",
       amqp::QueueDeclare{.queue = connect_queue, .is_durable = true}},
      {"queue_declare_every_bit", "01 0001 0000000c 0032000a 0000 00 1f 00000000 ce",
       amqp::QueueDeclare{
           .is_passive = true, .is_durable = true, .is_exclusive = true, .is_auto_delete = true, .no_wait = true}},
      {"queue_declare_ok",
       "01 0001 0000002a 0032000b 1d636f6d6d756e6963612e414444522e636f6e6e6563742e7365727665720000000000"
       "000000 ce",
       amqp::QueueDeclareOk{connect_queue, 0, 0}},
      {"queue_declare_ok_with_counts", "01 0002 0000000e 0032000b 0171 00000102 00000003 ce",
       amqp::QueueDeclareOk{"q", 258, 3}},
      {"queue_bind",
       "01 0001 00000051 00320014 00001d636f6d6d756e6963612e414444522e636f6e6e6563742e73657276657209636f"
       "6d6d756e6963611d636f6d6d756e6963612e414444522e636f6e6e6563742e7365727665720000000000 ce",
       amqp::QueueBind{connect_queue, "communica", connect_queue, false, {}}},
      {"queue_bind_ok", "01 0001 00000004 00320015 ce", amqp::QueueBindOk{}},
      {"queue_purge",
       "01 0002 00000028 0032001e 000020636f6d6d756e6963612e414444522e746f436c69656e742e636f6e6e2d636964"
       "00 ce",
       amqp::QueuePurge{"communica.ADDR.toClient.conn-cid", false}},
      {"queue_purge_ok", "01 0002 00000008 0032001f 00000005 ce", amqp::QueuePurgeOk{5}},
      {"queue_delete",
       "01 0002 00000026 00320028 00001e616d712e67656e2d76434e6d364c46763838663730394d344e4b6952755100 c"
       "e",
       amqp::QueueDelete{"amq.gen-vCNm6LFv88f709M4NKiRuQ", false, false, false}},
      {"queue_delete_ok", "01 0002 00000008 00320029 00000000 ce", amqp::QueueDeleteOk{0}},
      {"basic_qos", "01 0001 0000000b 003c000a 00000000000100 ce", amqp::BasicQos{0, 1, false}},
      {"basic_qos_ok", "01 0001 00000004 003c000b ce", amqp::BasicQosOk{}},
      {"basic_consume",
       "01 0001 0000002d 003c0014 00001d636f6d6d756e6963612e414444522e636f6e6e6563742e736572766572037372"
       "760000000000 ce",
       amqp::BasicConsume{.queue = connect_queue, .consumer_tag = "srv"}},
      {"basic_consume_with_bits", "01 0002 0000000e 003c0014 0000 0171 00 06 00000000 ce",
       amqp::BasicConsume{.queue = "q", .no_ack = true, .is_exclusive = true}},
      {"basic_consume_ok", "01 0001 00000008 003c0015 03737276 ce", amqp::BasicConsumeOk{"srv"}},
      {"basic_cancel",
       "01 0002 00000025 003c001e 1f616d712e637461672d64356f4f48463877575f45533374465a69557a784c6701 ce",
       amqp::BasicCancel{"amq.ctag-d5oOHF8wW_ES3tFZiUzxLg", true}},
      {"basic_cancel_ok", "01 0002 00000008 003c001f 03737276 ce", amqp::BasicCancelOk{"srv"}},
      {"basic_publish",
       "01 0001 00000030 003c0028 000009636f6d6d756e6963611e616d712e67656e2d36774a732d567a306b6c72744332"
       "735862375574396700 ce",
       amqp::BasicPublish{"communica", "amq.gen-6wJs-Vz0klrtC2sXb7Ut9g", false, false}},
      {"basic_publish_mandatory", "01 0001 0000000a 003c0028 0000 00 0171 01 ce",
       amqp::BasicPublish{"", "q", true, false}},
      {"basic_return", "01 0001 00000021 003c0032 0138084e4f5f524f55544509636f6d6d756e696361076e6f7768657265 ce",
       amqp::BasicReturn{312, "NO_ROUTE", "communica", "nowhere"}},
      {"basic_deliver",
       "01 0001 00000039 003c003c 0373727600000000000000010009636f6d6d756e6963611d636f6d6d756e6963612e41"
       "4444522e636f6e6e6563742e736572766572 ce",
       amqp::BasicDeliver{"srv", 1, false, "communica", connect_queue}},
      {"basic_ack", "01 0001 0000000d 003c0050 000000000000000100 ce", amqp::BasicAck{1, false}},
      {"basic_ack_of_many", "01 0001 0000000d 003c0050 00000000000003e8 01 ce", amqp::BasicAck{1000, true}},
      {"basic_reject", "01 0001 0000000d 003c005a 0000000000000002 01 ce", amqp::BasicReject{2, true}},
      {"basic_nack", "01 0001 0000000d 003c0078 0000000000000002 02 ce", amqp::BasicNack{2, false, true}},
      {"confirm_select", "01 0001 00000005 0055000a 00 ce", amqp::ConfirmSelect{false}},
      {"confirm_select_ok", "01 0001 00000004 0055000b ce", amqp::ConfirmSelectOk{}},
  };
  return vectors;
}

}  // namespace parley::test
