# The C++ in the documents, compiled. scripts/snippets.py says how a block is marked.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB documents CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/*.md ${PROJECT_SOURCE_DIR}/docs/*.md
     ${PROJECT_SOURCE_DIR}/docs/protocols/*.md ${PROJECT_SOURCE_DIR}/docs/guide/*.md
     ${PROJECT_SOURCE_DIR}/docs/guide/recipes/*.md)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${documents} ${PROJECT_SOURCE_DIR}/scripts/snippets.py)
set(snippet_folder ${CMAKE_CURRENT_BINARY_DIR}/snippets)

execute_process(COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/snippets.py ${snippet_folder} ${documents}
                COMMAND_ERROR_IS_FATAL ANY)

file(GLOB program_sources ${snippet_folder}/program_*.cpp)
foreach(source IN LISTS program_sources)
  get_filename_component(stem ${source} NAME_WE)
  string(REGEX REPLACE "^program_" "snippet_" target ${stem})
  parley_executable(${target} ${source})
  parley_precompile_like(${target} program_headers)
endforeach()

file(GLOB fragment_sources ${snippet_folder}/fragments_*.cpp)
if(fragment_sources)
  add_library(snippet_fragments OBJECT ${fragment_sources})
  target_link_libraries(snippet_fragments PRIVATE parley::parley)
  parley_developer(snippet_fragments)
  # A fragment names things to show them, and uses few.
  target_compile_options(snippet_fragments PRIVATE -Wno-unused -Wno-unused-parameter -Wno-shadow)
  parley_precompile_like(snippet_fragments program_headers)
endif()
