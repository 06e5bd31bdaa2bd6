// State queries: one, many and lists, with strides and structs of other sizes.

#include "host.h"

#include <stddef.h>

typedef struct wide_state {
    orch_terminal_state state;
    unsigned char tail[40];
} wide_state;

static void one(orch_engine *engine) {
    orch_bytes argv[3];
    host_sh_argv(argv, "stty -echo; echo hello; exec sleep 1000");
    orch_spawn_options options = host_options(argv, 3);
    options.cwd = orch_str("/usr");
    options.tag = 12;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "hello\r\n");
    host_type(engine, terminal, "abc");
    orch_terminal_state state = host_state(engine, terminal);
    CHECK_INT(state.size, sizeof state);
    CHECK_INT(state.tag, 12);
    CHECK(state.pid > 1);
    CHECK_INT(state.foreground_pid, state.pid);
    CHECK(state.foreground_name.len > 0);
    CHECK_BYTES(state.cwd.data, state.cwd.len, "/usr");
    CHECK_INT(state.window.cols, 80);
    CHECK_INT(state.window.rows, 24);
    CHECK_INT(state.flags, ORCH_TERMINAL_RUNNING | ORCH_TERMINAL_HIDDEN_INPUT);
    CHECK_INT(state.exit_kind, 0);
    CHECK_INT(state.log_start, 0);
    CHECK_INT(state.log_end, 7);
    CHECK_INT(state.input_bytes, 3);
    CHECK_INT(state.input_waiting, 0);
    CHECK(state.since_input_ns >= 0);
    CHECK(state.since_output_ns >= 0);
    CHECK_INT(state.reader_count, 1);
    CHECK_INT(state.reader_stride, sizeof(orch_reader_state));
    CHECK(state.readers->reader != 0);
    CHECK_INT(state.readers->delivery, ORCH_DELIVERY_LOSSLESS);
    CHECK_INT(state.readers->paused, 0);
    CHECK_INT(state.readers->offset, 7);
    CHECK_INT(state.readers->backlog, 0);
    CHECK_OK(orch_terminal_signal(engine, terminal, SIGKILL, ORCH_SIGNAL_LEADER));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    state = host_state(engine, terminal);
    CHECK_INT(state.flags & ORCH_TERMINAL_RUNNING, 0);
    CHECK_INT(state.exit_kind, ORCH_EXIT_SIGNAL);
    CHECK_INT(state.exit_value, SIGKILL);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
}

// An element is filled as far as its size goes, with zeroes behind what the library knows.
static void many(orch_engine *engine) {
    uint64_t ids[4];
    for (size_t i = 0; i < 4; i++) ids[i] = i == 1 ? 0 : host_sh(engine, "exec cat");
    wide_state states[4];
    check_fill(states, sizeof states);
    int32_t statuses[5] = {9, 9, 9, 9, 9};
    for (size_t i = 0; i < 4; i++) states[i].state.size = sizeof(orch_terminal_state);
    states[3].state.size = sizeof states[3] - 4;
    CHECK_OK(orch_terminal_get_states(engine, ids, 4, &states[0].state, sizeof states[0], statuses));
    for (size_t i = 0; i < 4; i++) {
        CHECK_STATUS(statuses[i], i == 1 ? ORCH_E_STALE_ID : ORCH_OK);
        if (i == 1) continue;
        CHECK_INT(states[i].state.terminal, ids[i]);
        CHECK_INT(states[i].state.reader_count, 1);
        CHECK(states[i].state.readers->reader != 0);
        CHECK(states[i].state.pid > 1);
    }
    CHECK_INT(statuses[4], 9);
    // The size stays; what failed is not touched; nothing is written past the size.
    const size_t behind_size = offsetof(orch_terminal_state, terminal);
    CHECK_INT(states[1].state.size, sizeof(orch_terminal_state));
    CHECK(check_is_filled((const char *)&states[1] + behind_size, sizeof states[1] - behind_size));
    CHECK(check_is_filled(states[0].tail, sizeof states[0].tail));
    CHECK_INT(states[3].state.size, sizeof states[3] - 4);
    for (size_t i = 0; i < 36; i++) CHECK_INT(states[3].tail[i], 0);
    CHECK(check_is_filled(states[3].tail + 36, 4));
    CHECK_OK(orch_terminal_get_states(engine, NULL, 0, NULL, 0, NULL));
}

static void refused_many(orch_engine *engine) {
    uint64_t ids[2];
    for (size_t i = 0; i < 2; i++) ids[i] = host_sh(engine, "exec cat");
    wide_state states[2], before[2];
    check_fill(states, sizeof states);
    for (size_t i = 0; i < 2; i++) states[i].state.size = sizeof(orch_terminal_state);
    memcpy(before, states, sizeof states);
    int32_t out[2];
    check_fill(out, sizeof out);
    orch_terminal_state *first = &states[0].state;
    const size_t stride = sizeof states[0];
    CHECK_STATUS(orch_terminal_get_states(NULL, ids, 2, first, stride, out), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_states(engine, NULL, 2, first, stride, out), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_states(engine, ids, 2, NULL, stride, out), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_states(engine, ids, 2, first, stride, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_states(engine, ids, 2, first, HOST_FIRST_STATE - 1, out),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_states(engine, ids, 2, first, 0, out), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_states(engine, ids, SIZE_MAX, first, stride, out),
                 ORCH_E_INVALID);
    CHECK_INT(memcmp(states, before, sizeof states), 0);
    // One element with a size that is too small: nothing at all is written.
    states[1].state.size = before[1].state.size = HOST_FIRST_STATE - 1;
    CHECK_STATUS(orch_terminal_get_states(engine, ids, 2, first, stride, out), ORCH_E_INVALID);
    states[1].state.size = before[1].state.size = 0;
    CHECK_STATUS(orch_terminal_get_states(engine, ids, 2, first, stride, out), ORCH_E_INVALID);
    CHECK_INT(memcmp(states, before, sizeof states), 0);
    CHECK(check_is_filled(out, sizeof out));
}

// A query with a larger struct gets zeroes behind, with a smaller one nothing.
static void sizes(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "exec cat");
    wide_state wide;
    check_fill(&wide, sizeof wide);
    wide.state.size = sizeof wide;
    CHECK_OK(orch_terminal_get_state(engine, terminal, &wide.state));
    CHECK_INT(wide.state.size, sizeof wide);
    for (size_t i = 0; i < sizeof wide.tail; i++) CHECK_INT(wide.tail[i], 0);

    const size_t too_small[] = {0, 8, HOST_FIRST_STATE - 1};
    for (size_t i = 0; i < 3; i++) {
        wide_state before;
        check_fill(&before, sizeof before);
        before.state.size = too_small[i];
        memcpy(&wide, &before, sizeof wide);
        CHECK_STATUS(orch_terminal_get_state(engine, terminal, &wide.state), ORCH_E_INVALID);
        CHECK_INT(memcmp(&wide, &before, sizeof wide), 0);
    }
    CHECK_STATUS(orch_terminal_get_state(engine, terminal, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_state(NULL, terminal, &wide.state), ORCH_E_INVALID);
}

static int is_in(uint64_t id, const uint64_t *ids, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id) return 1;
    }
    return 0;
}

static void lists(void) {
    orch_engine *engine = host_engine();
    uint64_t ids[8];
    check_fill(ids, sizeof ids);
    size_t count = 9;
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, NULL, 0, &count));
    CHECK_INT(count, 0);
    uint64_t running = host_sh(engine, "exec cat");
    uint64_t closing = host_ready(engine, "trap '' HUP; echo ready; while :; do sleep 100; done");
    uint64_t ended = host_sh(engine, "exit 0");
    host_until_exit(engine, ended, 0, NULL);
    CHECK_OK(orch_terminal_close(engine, closing, 600000));
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, ids, 8, &count));
    CHECK_INT(count, 3);
    CHECK(is_in(running, ids, 3) && is_in(closing, ids, 3) && is_in(ended, ids, 3));
    CHECK(check_is_filled(ids + 3, sizeof ids - 3 * sizeof ids[0]));
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_ACTIVE_TERMINALS, ids, 8, &count));
    CHECK_INT(count, 1);
    CHECK_INT(ids[0], running);
    // No more than the capacity is written; the count is of all.
    check_fill(ids, sizeof ids);
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, ids, 2, &count));
    CHECK_INT(count, 3);
    CHECK(ids[0] != ids[1]);
    CHECK(check_is_filled(ids + 2, sizeof ids - 2 * sizeof ids[0]));

    count = 77;
    check_fill(ids, sizeof ids);
    CHECK_STATUS(orch_engine_list(NULL, ORCH_LIST_TERMINALS, ids, 8, &count), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_list(engine, 0, ids, 8, &count), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_list(engine, UINT32_MAX, ids, 8, &count), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_list(engine, ORCH_LIST_TERMINALS, NULL, 8, &count), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_list(engine, ORCH_LIST_TERMINALS, ids, 8, NULL), ORCH_E_INVALID);
    CHECK_INT(count, 77);
    CHECK(check_is_filled(ids, sizeof ids));
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    one(engine);
    many(engine);
    refused_many(engine);
    sizes(engine);
    lists();
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
