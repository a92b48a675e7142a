# PARLEY_VERSION, from the header that users see.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../include/parley/version.hpp version_line REGEX "PARLEY_VERSION_STRING")
string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" PARLEY_VERSION "${version_line}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_CURRENT_LIST_DIR}/../include/parley/version.hpp)
