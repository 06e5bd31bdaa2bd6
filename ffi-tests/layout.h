// Assertions about sizes, offsets and values that hold when a file compiles.

#ifndef ORCHFLOW_TEST_LAYOUT_H
#define ORCHFLOW_TEST_LAYOUT_H

#include "check.h"

#include <orchflow.h>
#include <stddef.h>

// A static assertion that C99 has as well: an array of a negative size does not compile.
#define JOIN_AGAIN(a, b) a##b
#define JOIN(a, b) JOIN_AGAIN(a, b)
#define HOLDS(condition) extern char JOIN(holds_, __LINE__)[(condition) ? 1 : -1]

#define SIZE(type, bytes) HOLDS(sizeof(type) == (bytes))
#define FIELD(type, field, at, bytes) \
    HOLDS(offsetof(type, field) == (at) && sizeof(((type *)0)->field) == (bytes))
#define VALUE(name, number) HOLDS((name) == (number))

#endif
