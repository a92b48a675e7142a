// Boost.JSON, compiled here once for the whole library.
#include <boost/json/src.hpp>
