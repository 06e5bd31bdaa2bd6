# CMake package of OrchFlow: OrchFlow::orchflow (shared) and OrchFlow::orchflow_static.

get_filename_component(_orchflow_lib "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
get_filename_component(_orchflow_prefix "${_orchflow_lib}/.." ABSOLUTE)

if(NOT TARGET OrchFlow::orchflow)
  add_library(OrchFlow::orchflow SHARED IMPORTED)
  set_target_properties(OrchFlow::orchflow PROPERTIES
    IMPORTED_LOCATION "${_orchflow_lib}/liborchflow.so.0"
    IMPORTED_SONAME "liborchflow.so.0"
    INTERFACE_INCLUDE_DIRECTORIES "${_orchflow_prefix}/include")

  add_library(OrchFlow::orchflow_static STATIC IMPORTED)
  set_target_properties(OrchFlow::orchflow_static PROPERTIES
    IMPORTED_LOCATION "${_orchflow_lib}/liborchflow.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_orchflow_prefix}/include"
    INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl;c")
endif()

unset(_orchflow_lib)
unset(_orchflow_prefix)
