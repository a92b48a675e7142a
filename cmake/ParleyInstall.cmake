# `cmake --install`: the library, and what `find_package(parley)` and `pkg-config` need to find it.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/parley)

install(TARGETS parley_wire parley EXPORT parley)
install(DIRECTORY include/parley TYPE INCLUDE)
install(EXPORT parley NAMESPACE parley:: DESTINATION ${package_folder} FILE parleyTargets.cmake)

# A program that links the static library links what that needs as well; a shared one brings it along.
set(PARLEY_USERS_LINK_OPENSSL OFF)
get_target_property(library_kind parley TYPE)
if(PARLEY_TLS AND library_kind STREQUAL STATIC_LIBRARY)
  set(PARLEY_USERS_LINK_OPENSSL ON)
endif()

write_basic_package_version_file(parleyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/parleyConfig.cmake.in parleyConfig.cmake @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/parleyConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/parleyConfigVersion.cmake
        DESTINATION ${package_folder})
include(ParleyPkgConfig)
