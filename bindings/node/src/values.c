// values.c: between values of JavaScript and those of orchflow.h.

#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX 9007199254740991.0

struct arena_block {
    struct arena_block *next;
    max_align_t bytes[];
};

void *arena_take(arena *memory, size_t len) {
    struct arena_block *block = calloc(1, sizeof *block + len);
    // What a string needs beside the one that V8 already holds: there is no way on without it.
    if (!block) abort();
    block->next = memory->blocks;
    memory->blocks = block;
    return block->bytes;
}

void arena_free(arena *memory) {
    while (memory->blocks) {
        struct arena_block *next = memory->blocks->next;
        free(memory->blocks);
        memory->blocks = next;
    }
}

bool arguments_take(napi_env env, napi_callback_info info, arguments *out) {
    out->env = env;
    out->count = ARGUMENTS_MAX;
    return napi_get_cb_info(env, info, &out->count, out->at, &out->self, NULL) == napi_ok;
}

napi_value make_number(napi_env env, double number) {
    napi_value value = NULL;
    napi_create_double(env, number, &value);
    return value;
}

napi_value make_bool(napi_env env, bool yes) {
    napi_value value = NULL;
    napi_get_boolean(env, yes, &value);
    return value;
}

napi_value make_null(napi_env env) {
    napi_value value = NULL;
    napi_get_null(env, &value);
    return value;
}

// How many bytes the character at `at` has, 0 if it is not UTF-8.
static size_t character_len(const uint8_t *at, size_t left) {
    if (at[0] < 0x80) return 1;
    size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left < len) return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    // Overlong forms, surrogates, and what is above U+10FFFF.
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)) return 0;
    if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) return 0;
    return len;
}

static bool is_utf8(orch_bytes bytes) {
    const uint8_t *at = bytes.data;
    for (size_t done = 0; done < bytes.len;) {
        size_t len = character_len(at + done, bytes.len - done);
        if (len == 0) return false;
        done += len;
    }
    return true;
}

napi_value make_text(napi_env env, orch_bytes bytes) {
    if (!is_utf8(bytes)) return make_buffer(env, bytes.data, bytes.len);
    napi_value value = NULL;
    napi_create_string_utf8(env, bytes.len ? bytes.data : "", bytes.len, &value);
    return value;
}

napi_value make_buffer(napi_env env, const void *data, size_t len) {
    napi_value value = NULL;
    napi_create_buffer_copy(env, len, data, NULL, &value);
    return value;
}

napi_value make_object(napi_env env) {
    napi_value value = NULL;
    napi_create_object(env, &value);
    return value;
}

napi_value make_array(napi_env env, size_t len) {
    napi_value value = NULL;
    napi_create_array_with_length(env, len, &value);
    return value;
}

void put(napi_env env, napi_value object, const char *name, napi_value value) {
    napi_set_named_property(env, object, name, value);
}

void put_number(napi_env env, napi_value object, const char *name, double number) {
    put(env, object, name, make_number(env, number));
}

void put_bool(napi_env env, napi_value object, const char *name, bool yes) {
    put(env, object, name, make_bool(env, yes));
}

void put_text(napi_env env, napi_value object, const char *name, orch_bytes bytes) {
    put(env, object, name, make_text(env, bytes));
}

void put_nanoseconds(napi_env env, napi_value object, const char *name, int64_t nanoseconds) {
    put(env, object, name, nanoseconds < 0 ? make_null(env) : make_number(env, (double)nanoseconds / 1e6));
}

void put_bigint(napi_env env, napi_value object, const char *name, uint64_t number) {
    napi_value value = NULL;
    napi_create_bigint_uint64(env, number, &value);
    put(env, object, name, value);
}

void throw_type(napi_env env, const char *what, const char *wanted) {
    char message[160];
    snprintf(message, sizeof message, "%s must be %s", what, wanted);
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
}

bool is_given(napi_env env, napi_value value) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env, value, &type);
    return type != napi_undefined && type != napi_null;
}

bool take_number(napi_env env, napi_value value, const char *what, double min, double max, double *out) {
    double number = 0;
    if (napi_get_value_double(env, value, &number) != napi_ok) {
        throw_type(env, what, "a number");
        return false;
    }
    if (!(number >= min && number <= max) || number != (double)(int64_t)number) {
        char message[160];
        snprintf(message, sizeof message, "%s must be a whole number from %.0f to %.0f", what, min, max);
        napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message);
        return false;
    }
    *out = number;
    return true;
}

bool take_id(napi_env env, napi_value value, uint64_t *out) {
    double number = 0;
    if (!take_number(env, value, "id", 0, ID_MAX, &number)) return false;
    *out = (uint64_t)number;
    return true;
}

bool take_u32(napi_env env, napi_value value, const char *what, uint32_t *out) {
    double number = 0;
    if (!take_number(env, value, what, 0, UINT32_MAX, &number)) return false;
    *out = (uint32_t)number;
    return true;
}

bool take_bytes(napi_env env, napi_value value, const char *what, arena *memory, orch_bytes *out) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env, value, &type);
    if (type == napi_string) {
        size_t len = 0;
        if (napi_get_value_string_utf8(env, value, NULL, 0, &len) != napi_ok) return false;
        char *text = arena_take(memory, len + 1);
        if (napi_get_value_string_utf8(env, value, text, len + 1, &len) != napi_ok) return false;
        *out = (orch_bytes){text, len};
        return true;
    }
    bool is_typed = false;
    napi_is_typedarray(env, value, &is_typed);
    napi_typedarray_type element = napi_int8_array;
    size_t len = 0;
    void *data = NULL;
    if (is_typed) napi_get_typedarray_info(env, value, &element, &len, &data, NULL, NULL);
    if (!is_typed || (element != napi_uint8_array && element != napi_uint8_clamped_array)) {
        throw_type(env, what, "a string, a Buffer or a Uint8Array");
        return false;
    }
    *out = (orch_bytes){len ? data : "", len};
    return true;
}

bool field(napi_env env, napi_value object, const char *name, napi_value *out, bool *out_given) {
    if (napi_get_named_property(env, object, name, out) != napi_ok) {
        bool thrown = false;
        napi_is_exception_pending(env, &thrown);
        if (!thrown) throw_type(env, "options", "an object");
        return false;
    }
    *out_given = is_given(env, *out);
    return true;
}

bool field_number(napi_env env, napi_value object, const char *name, double max, double *out) {
    napi_value value;
    bool given;
    if (!field(env, object, name, &value, &given)) return false;
    return !given || take_number(env, value, name, 0, max, out);
}

bool field_u16(napi_env env, napi_value object, const char *name, uint16_t *out) {
    double number = *out;
    if (!field_number(env, object, name, UINT16_MAX, &number)) return false;
    *out = (uint16_t)number;
    return true;
}

bool field_u32(napi_env env, napi_value object, const char *name, uint32_t *out) {
    double number = *out;
    if (!field_number(env, object, name, UINT32_MAX, &number)) return false;
    *out = (uint32_t)number;
    return true;
}

bool field_u64(napi_env env, napi_value object, const char *name, uint64_t *out) {
    double number = (double)*out;
    if (!field_number(env, object, name, ID_MAX, &number)) return false;
    *out = (uint64_t)number;
    return true;
}

bool field_size(napi_env env, napi_value object, const char *name, size_t *out) {
    uint64_t number = *out;
    if (!field_u64(env, object, name, &number)) return false;
    *out = (size_t)number;
    return true;
}

bool field_bytes(napi_env env, napi_value object, const char *name, arena *memory, orch_bytes *out) {
    napi_value value;
    bool given;
    if (!field(env, object, name, &value, &given)) return false;
    return !given || take_bytes(env, value, name, memory, out);
}

bool field_list(napi_env env, napi_value object, const char *name, arena *memory, const orch_bytes **out,
                size_t *out_len) {
    napi_value list;
    bool given;
    if (!field(env, object, name, &list, &given)) return false;
    if (!given) return true;
    uint32_t len = 0;
    if (napi_get_array_length(env, list, &len) != napi_ok) {
        throw_type(env, name, "an array");
        return false;
    }
    orch_bytes *items = arena_take(memory, (len ? len : 1) * sizeof *items);
    for (uint32_t i = 0; i < len; i++) {
        napi_value item;
        if (napi_get_element(env, list, i, &item) != napi_ok) return false;
        if (!take_bytes(env, item, name, memory, &items[i])) return false;
    }
    *out = items;
    *out_len = len;
    return true;
}
