// What a shared library offers to programs; everything that is not marked stays hidden in it.
#pragma once

/// On each class of a public header that has members defined in `src`, on each exception, and on each function that is
/// declared in a public header and defined in `src`.
#define PARLEY_EXPORT [[gnu::visibility("default")]]

/// On a class inside an exported one that only `src` knows.
#define PARLEY_HIDDEN [[gnu::visibility("hidden")]]
