# `cmake --install`, and `find_package(parley)` in the programs of users.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/parley)

install(TARGETS parley_wire parley EXPORT parley)
install(DIRECTORY include/parley TYPE INCLUDE)
install(EXPORT parley NAMESPACE parley:: DESTINATION ${package_folder} FILE parleyTargets.cmake)

write_basic_package_version_file(parleyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/parleyConfig.cmake.in parleyConfig.cmake @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/parleyConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/parleyConfigVersion.cmake
        DESTINATION ${package_folder})
