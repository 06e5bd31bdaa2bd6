// addon.c: what the addon gives to JavaScript: a function that makes the class of engines, once for each thread.

#include "host.h"

static void free_error_class(napi_env env, void *data, void *hint) {
    (void)hint;
    napi_delete_reference(env, data);
}

// start(OrchflowError): the class of engines and the version of the library.
static napi_value start(napi_env env, napi_callback_info info) {
    arguments args;
    if (!arguments_take(env, info, &args)) return NULL;
    napi_ref reference;
    if (napi_create_reference(env, args.at[0], 1, &reference) != napi_ok) {
        throw_type(env, "OrchflowError", "a class");
        return NULL;
    }
    // A program may load the module anew; then the addon is still there.
    void *earlier = NULL;
    napi_get_instance_data(env, &earlier);
    if (earlier) napi_delete_reference(env, earlier);
    napi_set_instance_data(env, reference, free_error_class, NULL);
    napi_value exports = make_object(env);
    host_define(env, exports);
    put_text(env, exports, "version", orch_str(orch_library_get_version()));
    return exports;
}

NAPI_MODULE_INIT() {
    napi_value function;
    if (napi_create_function(env, "start", NAPI_AUTO_LENGTH, start, NULL, &function) == napi_ok) {
        put(env, exports, "start", function);
    }
    return exports;
}
