# `pkg-config parley` and `pkg-config parley-wire`, for programs that are not built by CMake.
set(pkgconfig_folder ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Found from where the .pc files lie, so that an installed tree may be moved; unless its folders were told one by one.
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  set(PARLEY_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH up /${pkgconfig_folder} /)
  cmake_path(NORMAL_PATH up)
  cmake_path(APPEND PARLEY_PC_PREFIX "\${pcfiledir}" ${up})
endif()
cmake_path(APPEND PARLEY_PC_LIBDIR "\${prefix}" ${CMAKE_INSTALL_LIBDIR})
cmake_path(APPEND PARLEY_PC_INCLUDEDIR "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})

# Boost may be where the compiler does not look by itself.
set(PARLEY_PC_BOOST_CFLAGS "")
get_target_property(boost_includes Boost::headers INTERFACE_INCLUDE_DIRECTORIES)
foreach(folder IN LISTS boost_includes)
  if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    string(APPEND PARLEY_PC_BOOST_CFLAGS " -I${folder}")
  endif()
endforeach()

# Not Requires.private: there is no shared library beside the static one for which a plain `--libs` would be enough.
set(PARLEY_PC_OPENSSL "")
if(PARLEY_USERS_LINK_OPENSSL)
  set(PARLEY_PC_OPENSSL ", openssl >= 3")
endif()

foreach(name parley parley-wire)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${pkgconfig_folder})
endforeach()
