# The target `docs`: the API reference in docs/reference of the build folder. Anything undocumented makes it fail.
find_program(PARLEY_DOXYGEN doxygen)
if(PARLEY_DOXYGEN)
  set(reference ${PROJECT_BINARY_DIR}/docs/reference)
  add_custom_target(docs
    COMMAND ${CMAKE_COMMAND} -E make_directory ${reference}
    COMMAND ${CMAKE_COMMAND} -E env PARLEY_VERSION=${PROJECT_VERSION} PARLEY_REFERENCE=${reference}
            ${PARLEY_DOXYGEN} docs/Doxyfile
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    COMMENT "The reference: ${reference}/html/index.html"
    VERBATIM)
endif()
