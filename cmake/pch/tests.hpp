// Precompiled for the tests: what the programs have, and GoogleTest.
#pragma once

#include "asio.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
