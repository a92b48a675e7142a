# What our targets have in common. Nothing here reaches the targets of a project that uses parley, except the
# usage requirements of parley_public_usage.

if(PARLEY_DEVELOPER AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(PARLEY_CCACHE ccache)
  if(PARLEY_CCACHE)
    # Without these, ccache refuses every file that is compiled with a precompiled header, and preprocesses each file
    # before it is compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_DEPEND=true
            ${PARLEY_CCACHE})
  endif()
endif()

# What a target that links `target` sees: the headers, the language, Boost.
function(parley_public_usage target)
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC Boost::headers)
endfunction()

# Of a shared library. Before 1.0 a minor version may break, so it is a part of the name that programs link. The two
# libraries lie beside each other.
function(parley_shared_name target)
  set(compatible ${PROJECT_VERSION_MAJOR})
  if(compatible EQUAL 0)
    set(compatible 0.${PROJECT_VERSION_MINOR})
  endif()
  set_target_properties(${target} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${compatible} INSTALL_RPATH "$ORIGIN")
endfunction()

# Strict warnings, as errors.
function(parley_developer target)
  if(NOT PARLEY_DEVELOPER)
    return()
  endif()
  target_compile_definitions(${target} PRIVATE BOOST_ASIO_NO_DEPRECATED)
  target_compile_options(${target} PRIVATE -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # False alarms of GCC 12, from inlined string concatenation, from an anonymous namespace in what a unity build
    # includes, and from what sanitizers make of initialisation.
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
    target_compile_options(${target} PRIVATE $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-subobject-linkage>)
    if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-tsan -Wno-mismatched-new-delete
                                               -Wno-stringop-overread)
    endif()
  endif()
endfunction()

# The sanitizers' presets say -O0: most of what they build runs once, in less time than optimising it would take. The
# library is what all of it runs.
function(parley_optimise_under_sanitizers target)
  if(CMAKE_CXX_FLAGS MATCHES "^-O0 .*-fsanitize")
    target_compile_options(${target} PRIVATE -O1)
  endif()
endfunction()

# Compiles `header` once for `target`, in a way ccache can store. Others may share it by parley_precompile_like.
function(parley_precompile target header)
  if(PARLEY_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/${header})
    parley_precompile_flags(${target})
  endif()
endfunction()

function(parley_precompile_like target owner)
  if(PARLEY_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${owner})
    parley_precompile_flags(${target})
  endif()
endfunction()

function(parley_precompile_flags target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  else()
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# An executable of ours from `ARGN`, or nothing when there is no source yet.
function(parley_executable target)
  if(ARGN)
    add_executable(${target} ${ARGN})
    target_link_libraries(${target} PRIVATE parley::parley)
    parley_developer(${target})
  endif()
endfunction()
