// Values of Emacs from C and back.
//
// After a non-local exit (an error of Lisp) every function of Emacs does nothing, so only loops and what has effects
// elsewhere look for one (`failed`).

#ifndef ORCHFLOW_EMACS_VALUES_H
#define ORCHFLOW_EMACS_VALUES_H

#include <emacs-module.h>
#include <orchflow.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool failed(emacs_env *env) {
    return env->non_local_exit_check(env) != emacs_funcall_exit_return;
}

static inline emacs_value symbol(emacs_env *env, const char *name) { return env->intern(env, name); }

static inline emacs_value number(emacs_env *env, uint64_t value) {
    return env->make_integer(env, (intmax_t)value);
}

static inline emacs_value truth(emacs_env *env, bool value) { return symbol(env, value ? "t" : "nil"); }

static inline emacs_value nil(emacs_env *env) { return symbol(env, "nil"); }

emacs_value call(emacs_env *env, const char *function, ptrdiff_t count, emacs_value *arguments);

// A vector of these elements, and a list of them.
emacs_value vector(emacs_env *env, ptrdiff_t count, emacs_value *elements);
emacs_value list(emacs_env *env, ptrdiff_t count, emacs_value *elements);

// Text that is UTF-8.
emacs_value text(emacs_env *env, orch_bytes bytes);

// Bytes of any kind, such as a path: a unibyte string.
emacs_value octets(emacs_env *env, orch_bytes bytes);

// The bytes of a unibyte string, or a text as UTF-8; `data` is to be freed. False after an error.
bool take_bytes(emacs_env *env, emacs_value value, orch_bytes *out);

// A number that is not negative.
uint64_t take_number(emacs_env *env, emacs_value value);

// Signals `orchflow-error` with the last error of the engine, or of this thread for NULL.
void signal_error(emacs_env *env, const orch_engine *engine, orch_status status);

// Signals `orchflow-error` with this message.
void signal_message(emacs_env *env, const char *message);

#endif
