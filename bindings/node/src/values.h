// values.h: between values of JavaScript and those of orchflow.h.
//
// A function that takes a value returns false after it has thrown an exception in JavaScript; the caller then returns
// at once. A function that makes a value returns NULL when the environment is being torn down, which N-API accepts
// everywhere as "no value".

#ifndef ORCHFLOW_NODE_VALUES_H
#define ORCHFLOW_NODE_VALUES_H

#include <node_api.h>
#include <orchflow.h>
#include <stdbool.h>

// Memory that lives as long as one call from JavaScript: copies of its strings.
typedef struct arena {
    struct arena_block *blocks;
} arena;

void *arena_take(arena *memory, size_t len);
void arena_free(arena *memory);

// The arguments of a call from JavaScript.
enum { ARGUMENTS_MAX = 6 };
typedef struct arguments {
    napi_env env;
    napi_value self;
    napi_value at[ARGUMENTS_MAX];
    size_t count;
} arguments;

bool arguments_take(napi_env env, napi_callback_info info, arguments *out);

// What JavaScript gets.
napi_value make_number(napi_env env, double number);
napi_value make_bool(napi_env env, bool yes);
napi_value make_null(napi_env env);
// A string if the bytes are UTF-8, else a Buffer.
napi_value make_text(napi_env env, orch_bytes bytes);
// A Buffer with a copy.
napi_value make_buffer(napi_env env, const void *data, size_t len);
napi_value make_object(napi_env env);
napi_value make_array(napi_env env, size_t len);
void put(napi_env env, napi_value object, const char *name, napi_value value);
void put_number(napi_env env, napi_value object, const char *name, double number);
void put_bool(napi_env env, napi_value object, const char *name, bool yes);
void put_text(napi_env env, napi_value object, const char *name, orch_bytes bytes);
// As milliseconds; null below 0.
void put_nanoseconds(napi_env env, napi_value object, const char *name, int64_t nanoseconds);
void put_bigint(napi_env env, napi_value object, const char *name, uint64_t number);

// What JavaScript gives. `what` names the value in the message of the exception.
bool is_given(napi_env env, napi_value value);
bool take_number(napi_env env, napi_value value, const char *what, double min, double max, double *out);
bool take_id(napi_env env, napi_value value, uint64_t *out);
bool take_u32(napi_env env, napi_value value, const char *what, uint32_t *out);
// A string as UTF-8, or the bytes of a Buffer or Uint8Array. Lent until the arena is freed or the call returns.
bool take_bytes(napi_env env, napi_value value, const char *what, arena *memory, orch_bytes *out);
// Fields of an object; one that is undefined or null leaves the output as it is.
bool field(napi_env env, napi_value object, const char *name, napi_value *out, bool *out_given);
bool field_number(napi_env env, napi_value object, const char *name, double max, double *out);
bool field_u16(napi_env env, napi_value object, const char *name, uint16_t *out);
bool field_u32(napi_env env, napi_value object, const char *name, uint32_t *out);
bool field_size(napi_env env, napi_value object, const char *name, size_t *out);
bool field_u64(napi_env env, napi_value object, const char *name, uint64_t *out);
bool field_bytes(napi_env env, napi_value object, const char *name, arena *memory, orch_bytes *out);
bool field_list(napi_env env, napi_value object, const char *name, arena *memory, const orch_bytes **out,
                size_t *out_len);

// Throws a TypeError.
void throw_type(napi_env env, const char *what, const char *wanted);

#endif
