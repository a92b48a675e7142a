// The opcodes of Python's pickle, protocols 0 to 5, as the module pickletools documents them.
#pragma once

#include <cstdint>

namespace parley::codec::pickle {

enum Opcode : std::uint8_t {
  // data, taken
  op_mark = '(',
  op_stop = '.',
  op_pop = '0',
  op_pop_mark = '1',
  op_dup = '2',
  op_none = 'N',
  op_newtrue = 0x88,
  op_newfalse = 0x89,
  op_binint = 'J',
  op_binint1 = 'K',
  op_binint2 = 'M',
  op_long1 = 0x8A,
  op_long4 = 0x8B,
  op_binfloat = 'G',
  op_binunicode = 'X',
  op_short_binunicode = 0x8C,
  op_binunicode8 = 0x8D,
  op_binbytes = 'B',
  op_short_binbytes = 'C',
  op_binbytes8 = 0x8E,
  op_bytearray8 = 0x96,
  op_empty_list = ']',
  op_list = 'l',
  op_append = 'a',
  op_appends = 'e',
  op_empty_tuple = ')',
  op_tuple = 't',
  op_tuple1 = 0x85,
  op_tuple2 = 0x86,
  op_tuple3 = 0x87,
  op_empty_dict = '}',
  op_dict = 'd',
  op_setitem = 's',
  op_setitems = 'u',
  op_binput = 'q',
  op_long_binput = 'r',
  op_memoize = 0x94,
  op_binget = 'h',
  op_long_binget = 'j',
  op_proto = 0x80,
  op_frame = 0x95,
  // what names or runs code: refused
  op_global = 'c',
  op_stack_global = 0x93,
  op_reduce = 'R',
  op_build = 'b',
  op_inst = 'i',
  op_obj = 'o',
  op_newobj = 0x81,
  op_newobj_ex = 0x92,
  op_ext1 = 0x82,
  op_ext2 = 0x83,
  op_ext4 = 0x84,
  op_persid = 'P',
  op_binpersid = 'Q',
  // data that has no place in the types of this library: refused
  op_empty_set = 0x8F,
  op_additems = 0x90,
  op_frozenset = 0x91,
  op_next_buffer = 0x97,
  op_readonly_buffer = 0x98,
};

/// What a refused opcode would do; null for one that is not known at all.
[[nodiscard]] const char* refusal_of(std::uint8_t opcode) noexcept;

}  // namespace parley::codec::pickle
