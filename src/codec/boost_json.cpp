// Boost.JSON, compiled here once for the whole library and its users, who have nothing more to link: a shared library
// exports it.
#pragma GCC visibility push(default)
#include <boost/json/src.hpp>
#pragma GCC visibility pop
