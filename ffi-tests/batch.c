// Batches: many operations in one call, a status for each, groups, totals, strides.

#include "host.h"

typedef struct wide_op {
    orch_op op;
    uint64_t zero[2];
} wide_op;

static orch_op make_op(uint64_t terminal, uint32_t kind) {
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = terminal;
    op.kind = kind;
    return op;
}

static orch_op input_op(uint64_t terminal, const char *text) {
    orch_op op = make_op(terminal, ORCH_OP_INPUT);
    op.data = text;
    op.len = strlen(text);
    return op;
}

static orch_op resize_op(uint64_t terminal, uint16_t cols, uint16_t rows) {
    orch_op op = make_op(terminal, ORCH_OP_RESIZE);
    op.window.cols = cols;
    op.window.rows = rows;
    return op;
}

static orch_batch_result make_result(void) {
    orch_batch_result result;
    check_fill(&result, sizeof result);
    result.size = sizeof result;
    return result;
}

// Each kind once, in an array with a stride that is larger than the operation.
static void every_kind(orch_engine *engine) {
    uint64_t first = host_ready(
        engine, "stty -echo; echo ready; read x; echo \"<$x>\"; stty size; exec cat");
    uint64_t second = host_cat(engine);
    host_text text;
    text.len = 0;

    wide_op ops[5];
    memset(ops, 0, sizeof ops);
    ops[0].op = resize_op(first, 90, 30);
    ops[1].op = input_op(first, "ab");
    ops[2].op = input_op(first, "cd\n");
    ops[3].op = make_op(second, ORCH_OP_SET_MODE);
    ops[3].op.value = ORCH_MODE_RAW;
    ops[4].op = make_op(second, ORCH_OP_SIGNAL);
    ops[4].op.value = ORCH_SIGNAL_LEADER;
    ops[4].op.signal = SIGTERM;
    int32_t statuses[6] = {9, 9, 9, 9, 9, 9};
    orch_batch_result result = make_result();
    CHECK_OK(orch_terminal_batch(engine, &ops[0].op, 5, sizeof ops[0], statuses, &result));
    for (size_t i = 0; i < 5; i++) CHECK_STATUS(statuses[i], ORCH_OK);
    CHECK_INT(statuses[5], 9);
    CHECK_INT(result.size, sizeof result);
    CHECK_INT(result.total, 5);
    CHECK_INT(result.succeeded, 5);
    CHECK_INT(result.failed, 0);

    orch_event event = host_event();
    int killed = 0;
    while (!killed || !check_contains(text.data, text.len, "30 90\r\n")) {
        host_next(engine, &event);
        if (event.kind == ORCH_EVENT_OUTPUT) host_append(&text, &event);
        if (event.kind != ORCH_EVENT_EXITED) continue;
        CHECK_INT(event.source, second);
        CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_SIGNAL);
        CHECK_INT(event.payload.exited->exit_value, SIGTERM);
        killed = 1;
    }
    CHECK_BYTES(text.data, text.len, "<abcd>\r\n30 90\r\n");
}

// After a failure the rest of its group is skipped; other groups go on, also later ones for the same
// terminal.
static void groups(orch_engine *engine) {
    uint64_t a = host_ready(engine, "stty -echo; echo ready; exec cat");
    uint64_t b = host_ready(engine, "stty -echo; echo ready; exec cat");
    host_text text;

    orch_op ops[9];
    ops[0] = input_op(a, "a0 ");
    ops[1] = resize_op(a, 0, 5);
    ops[2] = input_op(a, "skipped ");
    ops[3] = input_op(a, "skipped ");
    ops[4] = input_op(UINT64_MAX, "nobody");
    ops[5] = input_op(UINT64_MAX, "nobody");
    ops[6] = input_op(b, "b6\n");
    ops[7] = input_op(a, "a7\n");
    ops[8] = make_op(b, 99);
    static const int32_t expected[9] = {
        ORCH_OK,         ORCH_E_INVALID, ORCH_E_SKIPPED, ORCH_E_SKIPPED, ORCH_E_STALE_ID,
        ORCH_E_SKIPPED, ORCH_OK,        ORCH_OK,        ORCH_E_INVALID,
    };
    int32_t statuses[9];
    orch_batch_result result = make_result();
    CHECK_OK(orch_terminal_batch(engine, ops, 9, sizeof ops[0], statuses, &result));
    for (size_t i = 0; i < 9; i++) CHECK_STATUS(statuses[i], expected[i]);
    CHECK_INT(result.total, 9);
    CHECK_INT(result.succeeded, 3);
    CHECK_INT(result.failed, 6);

    static host_text of_a;
    text.len = 0;
    orch_event event = host_event();
    while (of_a.len < strlen("a0 a7\r\n") || text.len < strlen("b6\r\n")) {
        host_next(engine, &event);
        if (event.kind != ORCH_EVENT_OUTPUT) continue;
        CHECK(event.source == a || event.source == b);
        host_append(event.source == a ? &of_a : &text, &event);
    }
    CHECK_BYTES(of_a.data, of_a.len, "a0 a7\r\n");
    CHECK_BYTES(text.data, text.len, "b6\r\n");
}

static void bad_operations(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "exec cat");
    orch_op bad[8];
    for (size_t i = 0; i < 8; i++) bad[i] = input_op(terminal, "x");
    bad[0].kind = 0;
    bad[1].reserved = 1;
    bad[2].data = NULL;
    bad[3].len = SIZE_MAX;
    bad[4] = make_op(terminal, ORCH_OP_SET_MODE);
    bad[5] = make_op(terminal, ORCH_OP_SIGNAL);
    bad[6] = make_op(terminal, ORCH_OP_SIGNAL);
    bad[6].signal = SIGTERM;
    bad[6].value = 2;
    bad[7] = make_op(terminal, ORCH_OP_SIGNAL);
    bad[7].signal = 65;
    for (size_t i = 0; i < 8; i++) {
        int32_t status = 9;
        orch_batch_result result = make_result();
        CHECK_OK(orch_terminal_batch(engine, &bad[i], 1, sizeof bad[i], &status, &result));
        CHECK_STATUS(status, ORCH_E_INVALID);
        CHECK_INT(result.failed, 1);
        CHECK_INT(result.succeeded, 0);
    }
    orch_terminal_state state = host_state(engine, terminal);
    CHECK_INT(state.input_bytes, 0);
    CHECK(state.flags & ORCH_TERMINAL_RUNNING);
}

// An operation that does not fit into the input queue fails whole.
static void all_or_nothing(void) {
    orch_config config = host_config();
    config.input_bytes = 4096;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    uint64_t terminal = host_sh(engine, "exec sleep 1000");
    static char big[4097];
    memset(big, 'x', sizeof big);
    orch_op op = make_op(terminal, ORCH_OP_INPUT);
    op.data = big;
    op.len = sizeof big;
    int32_t status = 9;
    CHECK_OK(orch_terminal_batch(engine, &op, 1, sizeof op, &status, NULL));
    CHECK_STATUS(status, ORCH_E_LIMIT);
    orch_terminal_state state = host_state(engine, terminal);
    CHECK_INT(state.input_bytes, 0);
    CHECK_INT(state.input_waiting, 0);
    CHECK_OK(orch_engine_destroy(engine));
}

static void refused_calls(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "exec cat");
    wide_op ops[2];
    memset(ops, 0, sizeof ops);
    for (size_t i = 0; i < 2; i++) ops[i].op = input_op(terminal, "x");
    int32_t statuses[2];
    check_fill(statuses, sizeof statuses);
    orch_batch_result result = make_result();
    orch_batch_result before = result;
    const size_t stride = sizeof ops[0];
    CHECK_STATUS(orch_terminal_batch(NULL, &ops[0].op, 2, stride, statuses, &result), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_batch(engine, NULL, 2, stride, statuses, &result), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_batch(engine, &ops[0].op, 2, HOST_FIRST_OP - 1, statuses, &result), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_batch(engine, &ops[0].op, 2, 0, statuses, &result), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_batch(engine, &ops[0].op, SIZE_MAX / 2, stride, statuses, &result),
                 ORCH_E_INVALID);
    // A tail that this library does not know has to be zero; otherwise nothing is done at all.
    ops[1].zero[1] = 1;
    CHECK_STATUS(orch_terminal_batch(engine, &ops[0].op, 2, stride, statuses, &result), ORCH_E_INVALID);
    ops[1].zero[1] = 0;
    CHECK_INT(memcmp(&result, &before, sizeof result), 0);
    before.size = result.size = sizeof result - 1;
    CHECK_STATUS(orch_terminal_batch(engine, &ops[0].op, 2, stride, statuses, &result), ORCH_E_INVALID);
    before.size = result.size = 0;
    CHECK_STATUS(orch_terminal_batch(engine, &ops[0].op, 2, stride, statuses, &result), ORCH_E_INVALID);
    CHECK_INT(memcmp(&result, &before, sizeof result), 0);
    CHECK(check_is_filled(statuses, sizeof statuses));
    CHECK_INT(host_state(engine, terminal).input_bytes, 0);

    // No operations at all are fine.
    result.size = sizeof result;
    CHECK_OK(orch_terminal_batch(engine, NULL, 0, 0, NULL, &result));
    CHECK_INT(result.total, 0);
    CHECK_OK(orch_terminal_batch(engine, &ops[0].op, 2, stride, NULL, NULL));
    CHECK_INT(host_state(engine, terminal).input_bytes, 2);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    every_kind(engine);
    groups(engine);
    bad_operations(engine);
    all_or_nothing();
    refused_calls(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
