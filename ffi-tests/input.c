// Input: exact and partial writes, room again, end of file, lines that are too long, write_many.

#include "host.h"

static void typed_and_echoed(orch_engine *engine) {
    uint64_t terminal = host_ready(engine, "stty -echo; echo ready; cat; exit 0");
    host_text text;
    text.len = 0;
    host_type(engine, terminal, "hello\n");
    CHECK_OK(orch_terminal_write(engine, terminal, NULL, 0, NULL));
    CHECK_OK(orch_terminal_write(engine, terminal, "wor", 3, NULL));
    // The end of file inside a line: hands over the line, then ends the input.
    CHECK_OK(orch_terminal_control(engine, terminal, ORCH_CONTROL_EOF));
    host_until_exit(engine, terminal, 0, &text);
    CHECK_BYTES(text.data, text.len, "hello\r\nwor");
}

// A full queue accepts a part, and reports when there is room again. Everything accepted arrives.
static void partial_writes(void) {
    orch_config config = host_config();
    config.input_bytes = 4096;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    // Raw, so that the kernel keeps bytes without a line end; asleep until the host says go.
    uint64_t terminal =
        host_sh(engine, "stty raw -echo; trap 'head -c 300000 | tr -d x | wc -c; exit 0' USR1;"
                        "echo ready; while :; do sleep 100 & wait; done");
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "ready");
    static char big[300000];
    memset(big, 'x', sizeof big);
    memset(big + sizeof big - 5, 'y', 5);
    size_t sent = 0;
    CHECK_OK(orch_terminal_write(engine, terminal, big, sizeof big, &sent));
    CHECK(sent > 4096);
    CHECK(sent < sizeof big);
    size_t accepted = 1;
    CHECK_OK(orch_terminal_write(engine, terminal, big + sent, sizeof big - sent, &accepted));
    CHECK_INT(accepted, 0);
    CHECK_INT(host_state(engine, terminal).input_waiting, 4096);
    CHECK_STATUS(orch_terminal_control(engine, terminal, ORCH_CONTROL_EOF), ORCH_E_LIMIT);
    CHECK_OK(orch_terminal_signal(engine, terminal, SIGUSR1, ORCH_SIGNAL_LEADER));
    orch_event event = host_event();
    while (sent < sizeof big) {
        host_until(engine, terminal, ORCH_EVENT_INPUT_READY, &event, &text);
        CHECK_OK(orch_terminal_write(engine, terminal, big + sent, sizeof big - sent, &accepted));
        CHECK(accepted > 0);
        sent += accepted;
    }
    host_until_exit(engine, terminal, 0, &text);
    CHECK(check_contains(text.data, text.len, "5"));
    CHECK_INT(host_state(engine, terminal).input_bytes, sizeof big);
    CHECK_OK(orch_engine_destroy(engine));
}

// A line of which the kernel drops the end is reported.
static void truncated_line(orch_engine *engine) {
    uint64_t terminal = host_ready(engine, "stty -echo; echo ready; exec cat > /dev/null");
    static char line[5000];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    CHECK_OK(orch_terminal_write(engine, terminal, line, sizeof line, NULL));
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_INPUT_TRUNCATED, &event, NULL);
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
}

static void many_terminals(orch_engine *engine) {
    uint64_t ids[4];
    for (size_t i = 0; i < 4; i++) {
        if (i == 2) continue;
        ids[i] = host_ready(engine, "stty -echo; echo ready; read x; echo \"<$x>\"");
    }
    ids[2] = UINT64_MAX;
    int32_t statuses[5] = {9, 9, 9, 9, 9};
    orch_batch_result result;
    result.size = sizeof result;
    CHECK_OK(orch_terminal_write_many(engine, ids, 4, "all\n", 4, statuses, &result));
    for (size_t i = 0; i < 4; i++) CHECK_STATUS(statuses[i], i == 2 ? ORCH_E_STALE_ID : ORCH_OK);
    CHECK_INT(statuses[4], 9);
    CHECK_INT(result.total, 4);
    CHECK_INT(result.succeeded, 3);
    CHECK_INT(result.failed, 1);
    static host_text texts[4];
    orch_event event = host_event();
    for (int exits = 0; exits < 3;) {
        host_next(engine, &event);
        for (size_t i = 0; i < 4; i++) {
            if (event.source != ids[i]) continue;
            if (event.kind == ORCH_EVENT_OUTPUT) host_append(&texts[i], &event);
            if (event.kind == ORCH_EVENT_EXITED) exits++;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK_BYTES(texts[i].data, texts[i].len, i == 2 ? "" : "<all>\r\n");
    }
}

static void refused_write_many(orch_engine *engine) {
    uint64_t id = host_sh(engine, "exec cat");
    uint64_t unaligned[3];
    uint64_t *odd = (uint64_t *)(void *)((char *)unaligned + 1);
    int32_t status;
    orch_batch_result result;
    check_fill(&status, sizeof status);
    check_fill(&result, sizeof result);
    result.size = sizeof result;
    orch_batch_result before = result;
    CHECK_STATUS(orch_terminal_write_many(NULL, &id, 1, "x", 1, &status, &result), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_write_many(engine, NULL, 1, "x", 1, &status, &result),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_write_many(engine, &id, 1, NULL, 1, &status, &result),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_write_many(engine, &id, SIZE_MAX, "x", 1, &status, &result),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_write_many(engine, &id, 1, "x", SIZE_MAX, &status, &result),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_write_many(engine, odd, 1, "x", 1, &status, &result),
                 ORCH_E_INVALID);
    CHECK_INT(memcmp(&result, &before, sizeof result), 0);
    before.size = result.size = sizeof result - 1;
    CHECK_STATUS(orch_terminal_write_many(engine, &id, 1, "x", 1, &status, &result),
                 ORCH_E_INVALID);
    CHECK_INT(memcmp(&result, &before, sizeof result), 0);
    CHECK(check_is_filled(&status, sizeof status));
    CHECK_INT(host_state(engine, id).input_bytes, 0);
    CHECK_OK(orch_terminal_write_many(engine, NULL, 0, NULL, 0, NULL, NULL));
    CHECK_OK(orch_terminal_write_many(engine, &id, 1, "x", 1, NULL, NULL));
    CHECK_INT(host_state(engine, id).input_bytes, 1);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    typed_and_echoed(engine);
    partial_writes();
    truncated_line(engine);
    many_terminals(engine);
    refused_write_many(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
