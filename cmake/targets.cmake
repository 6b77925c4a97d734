# How a folder of src/ becomes a library, and a file of apps/ a binary.

# What serves is optimised across its files, so objects of these folders can be; tests and tools link
# them as they are (compile_options.cmake).
set(MERIDIAN_SERVERS meridiand meridian_gateway)
set(MERIDIAN_SERVING base crdt local wan node io)
# Under the sanitizers optimising these takes longer than it saves their tests; under ThreadSanitizer,
# where no seeds run, all of them.
set(MERIDIAN_PLAIN_DEBUG io client)
if(MERIDIAN_SANITIZE STREQUAL "thread")
  set(MERIDIAN_PLAIN_DEBUG base crdt local wan node io client)
endif()

# meridian_library(<folder> <dependency>...): src/<folder>/*.cc as meridian_<folder>. A folder that
# has only headers is an interface library, so that what depends on it need not care.
function(meridian_library folder)
  set(name meridian_${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.cc)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC meridian_options ${ARGN})
    if(folder IN_LIST MERIDIAN_SERVING)
      target_compile_options(${name} PRIVATE ${MERIDIAN_LTO_COMPILE})
    endif()
    # A profile counts by files, so those that are optimised with it are compiled each for itself.
    if(MERIDIAN_SANITIZE OR NOT folder IN_LIST MERIDIAN_SERVING)
      meridian_unity(${name})
    endif()
    if(folder IN_LIST MERIDIAN_PLAIN_DEBUG)
      target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0>)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE meridian_options ${ARGN})
  endif()
endfunction()

set(MERIDIAN_ALL_LIBRARIES
  meridian_client meridian_sim meridian_io meridian_node meridian_wan meridian_local meridian_crdt
  meridian_base)

# Every apps/<name>.cc is a binary, with dashes for underscores. What mains share is in apps/wiring.
function(meridian_apps)
  file(GLOB wiring CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/apps/wiring/*.cc)
  add_library(meridian_wiring STATIC ${wiring})
  target_include_directories(meridian_wiring PUBLIC ${PROJECT_SOURCE_DIR}/apps)
  target_link_libraries(meridian_wiring PUBLIC ${MERIDIAN_ALL_LIBRARIES} third_party_cli11
                        third_party_json)
  file(GLOB mains CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/apps/*.cc)
  set(apps)
  foreach(main IN LISTS mains)
    get_filename_component(stem ${main} NAME_WE)
    string(REPLACE "_" "-" app ${stem})
    add_executable(app_${stem} ${main})
    set_target_properties(app_${stem} PROPERTIES OUTPUT_NAME ${app})
    target_link_libraries(app_${stem} PRIVATE meridian_wiring)
    if(stem IN_LIST MERIDIAN_SERVERS)
      set_target_properties(app_${stem} PROPERTIES MERIDIAN_LTO ON)
    endif()
    list(APPEND apps app_${stem})
  endforeach()
  add_custom_target(apps)
  if(apps)
    add_dependencies(apps ${apps})
  endif()
endfunction()
