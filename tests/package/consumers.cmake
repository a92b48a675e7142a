# The programs, however parley was found.
foreach(library parley::parley parley::wire)
  get_target_property(options ${library} INTERFACE_COMPILE_OPTIONS)
  if(options)
    message(FATAL_ERROR "${library} makes its users compile with ${options}")
  endif()
endforeach()

set(CMAKE_CXX_FLAGS_RELEASE "-O0")  # to be compiled quickly
add_executable(consumer ${CMAKE_CURRENT_LIST_DIR}/consumer.cpp)
target_link_libraries(consumer PRIVATE parley::parley)
add_executable(wire_consumer ${CMAKE_CURRENT_LIST_DIR}/wire_consumer.cpp)
target_link_libraries(wire_consumer PRIVATE parley::wire)
