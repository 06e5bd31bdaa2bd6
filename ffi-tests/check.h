// Checks and a watchdog for the tests of the C interface.
//
// Include this first: it asks for the POSIX and Linux functions that strict C99 hides. A check that
// fails prints the place, what it expected and what it got to stderr and ends the process with
// status 1. Nothing in here knows the library.

#ifndef ORCHFLOW_TEST_CHECK_H
#define ORCHFLOW_TEST_CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

// Seconds after which a test that waits for something is given up. Not a deadline to test against.
#define CHECK_WATCHDOG_SECONDS 120

// What a test fills outputs with to see that an error leaves them alone.
#define CHECK_PATTERN 0xA5

// Where failures are printed: stderr, or a copy of it while a test redirects that.
static int check_stderr = 2;

// The process is over; `_exit`, because it may be a forked child or another thread.
static inline void check_failed(const char *file, int line) {
    dprintf(check_stderr, "%s:%d: check failed\n", file, line);
    _exit(1);
}

static inline void check_true(int holds, const char *text, const char *file, int line) {
    if (holds) return;
    dprintf(check_stderr, "%s:%d: expected: %s\n%s:%d: got: false\n", file, line, text, file, line);
    check_failed(file, line);
}

static inline void check_int(long long got, long long expected, const char *text, const char *file,
                             int line) {
    if (got == expected) return;
    dprintf(check_stderr, "%s:%d: %s\n  expected: %lld\n  got: %lld\n", file, line, text, expected,
            got);
    check_failed(file, line);
}

static inline void check_bytes(const void *got, size_t got_len, const void *expected,
                               size_t expected_len, const char *text, const char *file, int line) {
    if (got_len == expected_len && (got_len == 0 || memcmp(got, expected, got_len) == 0)) return;
    dprintf(check_stderr, "%s:%d: %s\n  expected %zu bytes: %.*s\n  got %zu bytes: %.*s\n", file, line,
            text, expected_len, (int)expected_len, (const char *)expected, got_len, (int)got_len,
            (const char *)got);
    check_failed(file, line);
}

// `condition` holds.
#define CHECK(condition) check_true((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

// Two integers are equal.
#define CHECK_INT(got, expected) \
    check_int((long long)(got), (long long)(expected), #got, __FILE__, __LINE__)

// `len` bytes at `data` are the string `expected`.
#define CHECK_BYTES(data, len, expected) \
    check_bytes((data), (len), (expected), strlen(expected), #data, __FILE__, __LINE__)

// A system call did not return -1.
#define CHECK_SYS(call) CHECK((call) != -1)

// Whether `len` bytes contain the string `part`.
static inline int check_contains(const void *data, size_t len, const char *part) {
    return len > 0 && memmem(data, len, part, strlen(part)) != NULL;
}

// Fills an output with the pattern.
static inline void check_fill(void *output, size_t len) {
    memset(output, CHECK_PATTERN, len);
}

// Whether an output is still as `check_fill` left it.
static inline int check_is_filled(const void *output, size_t len) {
    const unsigned char *bytes = (const unsigned char *)output;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != CHECK_PATTERN) return 0;
    }
    return 1;
}

// How many descriptors are open. Opens none itself.
static inline int check_open_fds(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) != -1) count++;
    }
    return count;
}

static inline void check_on_alarm(int signal_number) {
    static const char text[] = "watchdog: what the test waits for does not come\n";
    (void)signal_number;
    if (write(check_stderr, text, sizeof text - 1) < 0) _exit(2);
    _exit(1);
}

// Call first in `main`, and again in a forked child, which has no alarm of its own.
static inline void check_start(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = check_on_alarm;
    action.sa_flags = SA_RESTART;
    CHECK_SYS(sigaction(SIGALRM, &action, NULL));
    alarm(CHECK_WATCHDOG_SECONDS);
}

#endif
