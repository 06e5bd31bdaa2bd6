// Two engines in one process and one thread: each has its own descriptor, events and errors.

#include "host.h"

#include <pthread.h>

static void side_by_side(void) {
    orch_engine *engines[2];
    uint64_t terminals[2];
    for (size_t i = 0; i < 2; i++) {
        engines[i] = host_engine();
        terminals[i] = host_sh(engines[i], i == 0 ? "echo zero; exec cat" : "echo one; exec cat");
    }
    CHECK(orch_engine_get_fd(engines[0]) != orch_engine_get_fd(engines[1]));
    host_text text[2];
    text[0].len = text[1].len = 0;
    while (text[0].len < strlen("zero\r\n") || text[1].len < strlen("one\r\n")) {
        struct pollfd fds[2];
        for (size_t i = 0; i < 2; i++) {
            fds[i].fd = orch_engine_get_fd(engines[i]);
            fds[i].events = POLLIN;
        }
        CHECK(poll(fds, 2, -1) > 0);
        for (size_t i = 0; i < 2; i++) {
            if (!(fds[i].revents & POLLIN)) continue;
            orch_event event = host_event();
            CHECK_OK(orch_engine_turn(engines[i], 0));
            while (orch_engine_next_event(engines[i], &event) == ORCH_OK) {
                CHECK_INT(event.kind, ORCH_EVENT_OUTPUT);
                host_append(&text[i], &event);
            }
        }
    }
    CHECK_BYTES(text[0].data, text[0].len, "zero\r\n");
    CHECK_BYTES(text[1].data, text[1].len, "one\r\n");

    // An error of one is none of the other.
    CHECK_STATUS(orch_terminal_close(engines[0], UINT64_MAX, 0), ORCH_E_STALE_ID);
    orch_error error;
    error.size = sizeof error;
    CHECK_OK(orch_error_get(engines[1], &error));
    CHECK_STATUS(error.status, ORCH_OK);
    // The end of one is none of the other's programs.
    CHECK_OK(orch_engine_destroy(engines[0]));
    text[1].len = 0;
    host_type(engines[1], terminals[1], "alive\n");
    host_until_text(engines[1], terminals[1], &text[1], 0, "alive\r\n");
    CHECK_OK(orch_engine_destroy(engines[1]));
}

static void *own_engine(void *argument) {
    const int *number = (const int *)argument;
    for (int round = 0; round < 20; round++) {
        orch_engine *engine = host_engine();
        char script[64], expected[64];
        snprintf(script, sizeof script, "echo %d-%d; exit %d", *number, round, *number);
        snprintf(expected, sizeof expected, "%d-%d\r\n", *number, round);
        host_text text;
        text.len = 0;
        host_until_exit(engine, host_sh(engine, script), *number, &text);
        CHECK_BYTES(text.data, text.len, expected);
        CHECK_OK(orch_engine_destroy(engine));
    }
    return NULL;
}

// An engine for each of four threads, made and destroyed again and again.
static void one_for_each_thread(void) {
    pthread_t threads[4];
    int numbers[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(pthread_create(&threads[i], NULL, own_engine, &numbers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) CHECK_INT(pthread_join(threads[i], NULL), 0);
}

int main(void) {
    check_start();
    int open_before = check_open_fds();
    side_by_side();
    one_for_each_thread();
    host_reap_killed();
    CHECK_INT(check_open_fds(), open_before);
    return 0;
}
