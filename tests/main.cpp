// Each test executable runs whole, in one process.
#include <gmock/gmock.h>

// Asio counts references to erased executors with a fence that GCC's thread sanitizer does not understand.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:boost::asio::execution::detail::shared_target_executor\n";
}

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
