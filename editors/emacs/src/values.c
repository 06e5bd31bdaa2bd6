// Values of Emacs from C and back.

#include "values.h"

#include <stdlib.h>
#include <string.h>

emacs_value call(emacs_env *env, const char *function, ptrdiff_t count, emacs_value *arguments) {
    return env->funcall(env, symbol(env, function), count, arguments);
}

emacs_value vector(emacs_env *env, ptrdiff_t count, emacs_value *elements) {
    return call(env, "vector", count, elements);
}

emacs_value list(emacs_env *env, ptrdiff_t count, emacs_value *elements) { return call(env, "list", count, elements); }

emacs_value text(emacs_env *env, orch_bytes bytes) {
    return env->make_string(env, bytes.len > 0 ? bytes.data : "", (ptrdiff_t)bytes.len);
}

emacs_value octets(emacs_env *env, orch_bytes bytes) {
    return env->make_unibyte_string(env, bytes.len > 0 ? bytes.data : "", (ptrdiff_t)bytes.len);
}

bool take_bytes(emacs_env *env, emacs_value value, orch_bytes *out) {
    *out = (orch_bytes){NULL, 0};
    ptrdiff_t size = 0;
    if (!env->copy_string_contents(env, value, NULL, &size)) return false;
    char *data = malloc((size_t)size);
    if (data == NULL) {
        signal_message(env, "memory is used up");
        return false;
    }
    if (!env->copy_string_contents(env, value, data, &size)) {
        free(data);
        return false;
    }
    // Without the terminator.
    *out = (orch_bytes){data, (size_t)size - 1};
    return true;
}

uint64_t take_number(emacs_env *env, emacs_value value) {
    const intmax_t result = env->extract_integer(env, value);
    if (result < 0) {
        env->non_local_exit_signal(env, symbol(env, "args-out-of-range"), list(env, 1, &value));
        return 0;
    }
    return (uint64_t)result;
}

static void signal_named(emacs_env *env, orch_bytes message, const char *name) {
    if (failed(env)) return;
    emacs_value data[] = {text(env, message), symbol(env, name)};
    env->non_local_exit_signal(env, symbol(env, "orchflow-error"), list(env, 2, data));
}

void signal_error(emacs_env *env, const orch_engine *engine, orch_status status) {
    const char *name = orch_status_get_name(status);
    orch_error error = ORCH_ERROR_INIT;
    orch_bytes message = orch_str(name);
    if (orch_error_get(engine, &error) == ORCH_OK && error.message.len > 0) message = error.message;
    signal_named(env, message, name);
}

void signal_message(emacs_env *env, const char *message) { signal_named(env, orch_str(message), "ORCH_E_SYSTEM"); }
