// The version of these headers. The build system reads it from here, so this file is its only home.
#pragma once

/// Of these headers, by the rules of semantic versioning.
#define PARLEY_VERSION_MAJOR 0
#define PARLEY_VERSION_MINOR 1
#define PARLEY_VERSION_PATCH 0
/// The three with dots between them.
#define PARLEY_VERSION_STRING "0.1.0"
