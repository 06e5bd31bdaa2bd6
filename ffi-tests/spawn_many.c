// Starting many programs at once: a status for each, and one that fails stops no other.

#include "host.h"

// What a host might embed the options in: the stride is larger than the options.
typedef struct wide_options {
    orch_spawn_options options;
    uint64_t zero[3];
} wide_options;

static void with_a_failing_element(orch_engine *engine) {
    orch_bytes echo[] = {orch_str("echo"), orch_str("one")};
    orch_bytes missing[] = {orch_str("/no/such/program")};
    orch_bytes shell[3];
    host_sh_argv(shell, "exit 4");
    wide_options wide[4];
    memset(wide, 0, sizeof wide);
    for (size_t i = 0; i < 4; i++) {
        host_init(&wide[i].options, sizeof wide[i].options);
        wide[i].options.tag = 100 + i;
    }
    wide[0].options.argv = echo;
    wide[0].options.argv_len = 2;
    wide[1].options.argv = missing;
    wide[1].options.argv_len = 1;
    wide[2].options.argv = shell;
    wide[2].options.argv_len = 3;
    wide[3].options.argv = shell;
    wide[3].options.argv_len = 3;
    wide[3].options.window.cols = 80;
    wide[3].options.window.rows = 0;

    uint64_t terminals[5] = {1, 2, 3, 4, 5};
    int32_t statuses[5] = {9, 9, 9, 9, 9};
    CHECK_OK(orch_terminal_spawn_many(engine, &wide[0].options, 4, sizeof wide[0], terminals,
                                      statuses));
    CHECK_STATUS(statuses[0], ORCH_OK);
    CHECK_STATUS(statuses[1], ORCH_E_NO_PROGRAM);
    CHECK_STATUS(statuses[2], ORCH_OK);
    CHECK_STATUS(statuses[3], ORCH_E_INVALID);
    CHECK_INT(statuses[4], 9);
    // Ids are written where the status is ORCH_OK, and nowhere else.
    CHECK(terminals[0] > 5);
    CHECK_INT(terminals[1], 2);
    CHECK(terminals[2] > 5);
    CHECK(terminals[2] != terminals[0]);
    CHECK_INT(terminals[3], 4);
    CHECK_INT(terminals[4], 5);

    int exits = 0;
    host_text text;
    text.len = 0;
    orch_event event = host_event();
    while (exits < 2) {
        host_next(engine, &event);
        if (event.kind == ORCH_EVENT_OUTPUT) {
            CHECK_INT(event.source, terminals[0]);
            host_append(&text, &event);
        }
        if (event.kind == ORCH_EVENT_EXITED) {
            exits++;
            CHECK_INT(event.tag, event.source == terminals[0] ? 100 : 102);
            CHECK_INT(event.payload.exited->exit_value, event.source == terminals[0] ? 0 : 4);
        }
    }
    CHECK_BYTES(text.data, text.len, "one\r\n");
}

// An element with a size that this library does not understand fails alone.
static void sizes_of_elements(orch_engine *engine) {
    orch_bytes echo[] = {orch_str("true")};
    wide_options wide[3];
    memset(wide, 0, sizeof wide);
    for (size_t i = 0; i < 3; i++) {
        wide[i].options = host_options(echo, 1);
        wide[i].options.size = sizeof wide[i];
    }
    wide[0].zero[1] = 1;
    wide[1].options.size = HOST_FIRST_SPAWN_OPTIONS - 1;
    uint64_t terminals[3];
    int32_t statuses[3];
    CHECK_OK(orch_terminal_spawn_many(engine, &wide[0].options, 3, sizeof wide[0], terminals,
                                      statuses));
    CHECK_STATUS(statuses[0], ORCH_E_INVALID);
    CHECK_STATUS(statuses[1], ORCH_E_INVALID);
    CHECK_STATUS(statuses[2], ORCH_OK);
    host_until_exit(engine, terminals[2], 0, NULL);
}

static void nothing_to_start(orch_engine *engine) {
    CHECK_OK(orch_terminal_spawn_many(engine, NULL, 0, 0, NULL, NULL));
}

// The limit of terminals is met in the middle of an array.
static void up_to_the_limit(void) {
    orch_config config = host_config();
    config.terminals = 3;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    orch_bytes cat[] = {orch_str("cat")};
    orch_spawn_options options[5];
    for (size_t i = 0; i < 5; i++) options[i] = host_options(cat, 1);
    uint64_t terminals[5];
    int32_t statuses[5];
    CHECK_OK(orch_terminal_spawn_many(engine, options, 5, sizeof options[0], terminals, statuses));
    for (size_t i = 0; i < 5; i++) CHECK_STATUS(statuses[i], i < 3 ? ORCH_OK : ORCH_E_LIMIT);
    CHECK_OK(orch_engine_destroy(engine));
}

static void refused_calls(orch_engine *engine) {
    orch_bytes cat[] = {orch_str("cat")};
    orch_spawn_options options[2];
    for (size_t i = 0; i < 2; i++) options[i] = host_options(cat, 1);
    const size_t stride = sizeof options[0];
    uint64_t ids[2];
    int32_t statuses[2];
    check_fill(ids, sizeof ids);
    check_fill(statuses, sizeof statuses);
    CHECK_STATUS(orch_terminal_spawn_many(NULL, options, 2, stride, ids, statuses), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_spawn_many(engine, NULL, 2, stride, ids, statuses), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_spawn_many(engine, options, 2, stride, NULL, statuses),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_spawn_many(engine, options, 2, stride, ids, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_spawn_many(engine, options, 2, HOST_FIRST_SPAWN_OPTIONS - 1, ids,
                                          statuses),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_spawn_many(engine, options, 2, 0, ids, statuses), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_spawn_many(engine, options, SIZE_MAX, stride, ids, statuses),
                 ORCH_E_INVALID);
    CHECK(check_is_filled(ids, sizeof ids));
    CHECK(check_is_filled(statuses, sizeof statuses));
    size_t count = 9;
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_ACTIVE_TERMINALS, NULL, 0, &count));
    CHECK_INT(count, 0);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    with_a_failing_element(engine);
    sizes_of_elements(engine);
    nothing_to_start(engine);
    up_to_the_limit();
    refused_calls(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
