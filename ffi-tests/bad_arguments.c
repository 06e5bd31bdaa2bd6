// Bad arguments of every function: a NULL engine, NULL outputs, ids that name nothing, numbers that
// mean nothing, lengths without data. Each gives an error, keeps a message, and changes nothing.
//
// The functions on arrays and on senders have theirs in spawn_many.c, batch.c, input.c, states.c and
// bad_senders.c, those on struct sizes in struct_sizes.c, those on screens in
// screen_arguments.c, those on file watches in watch_arguments.c.

#include "screen.h"

static orch_size cells(uint16_t cols, uint16_t rows) {
    orch_size size;
    memset(&size, 0, sizeof size);
    size.cols = cols;
    size.rows = rows;
    return size;
}

// A NULL engine is an error of the thread, and no output is touched.
static void null_engine(void) {
    unsigned char filled[512];
    check_fill(filled, sizeof filled);
    orch_event event = host_event();
    orch_terminal_state state = ORCH_TERMINAL_STATE_INIT;
    orch_engine_stats stats = ORCH_ENGINE_STATS_INIT;
    uint64_t *id = (uint64_t *)(void *)filled;
    CHECK_STATUS(orch_engine_bind_thread(NULL), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "engine is NULL");
    CHECK_STATUS(orch_engine_get_fd(NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_turn(NULL, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_turn(NULL, -1), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_get_timeout(NULL, (int32_t *)(void *)filled), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_shutdown(NULL, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_get_stats(NULL, &stats), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_reset_stats(NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_get_metrics(NULL, (orch_metrics *)(void *)filled), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_set_observing(NULL, 1), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_next_event(NULL, &event), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_spawn(NULL, NULL, id), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_adopt(NULL, 0, NULL, id), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_write(NULL, 1, "x", 1, (size_t *)(void *)filled), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_control(NULL, 1, ORCH_CONTROL_EOF), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_resize(NULL, 1, cells(1, 1)), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_set(NULL, 1, ORCH_TERMINAL_OPTION_MODE, ORCH_MODE_RAW),
                 ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_set(NULL, 1, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                                   ORCH_SIZE_POLICY_FIXED), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_signal(NULL, 1, SIGTERM, ORCH_SIGNAL_LEADER), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_close(NULL, 1, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_set(NULL, 1, ORCH_TERMINAL_OPTION_PAUSED, 1), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_set(NULL, 1, ORCH_TERMINAL_OPTION_PAUSED, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_attach(NULL, 1, NULL, id), ORCH_E_INVALID);
    CHECK_STATUS(orch_reader_detach(NULL, 1), ORCH_E_INVALID);
    CHECK_STATUS(orch_reader_set(NULL, 1, ORCH_READER_OPTION_PAUSED, 1), ORCH_E_INVALID);
    CHECK_STATUS(orch_reader_set(NULL, 1, ORCH_READER_OPTION_PAUSED, 0), ORCH_E_INVALID);
    screen_check_refused(NULL, 1, 1, ORCH_E_INVALID, 1);
    CHECK_STATUS(orch_terminal_get_state(NULL, 1, &state), ORCH_E_INVALID);
    CHECK_STATUS(orch_sender_create(NULL, (orch_sender **)(void *)filled), ORCH_E_INVALID);
    CHECK_INT(event.kind, 0);
    CHECK_INT(state.terminal, 0);
    CHECK(stats.turns == 0 && stats.stages == NULL);
    CHECK(check_is_filled(filled, sizeof filled));
}

static void null_outputs(orch_engine *engine, uint64_t terminal) {
    CHECK_STATUS(orch_engine_get_timeout(engine, NULL), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "NULL");
    CHECK_STATUS(orch_engine_get_stats(engine, NULL), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_engine_stats is NULL");
    CHECK_STATUS(orch_engine_next_event(engine, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_error_get(engine, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_error_get(NULL, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_spawn(engine, NULL, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_attach(engine, terminal, NULL, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_state(engine, terminal, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_sender_create(engine, NULL), ORCH_E_INVALID);
    size_t count = 0;
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, NULL, 0, &count));
    CHECK_INT(count, 1);
    CHECK_INT(host_state(engine, terminal).reader_count, 1);
}

// Ids that never were. The id of a terminal is none of a reader, and the other way round.
static void unknown_ids(orch_engine *engine, uint64_t terminal) {
    const uint64_t ids[] = {0, 1, terminal + 1, terminal ^ (1ull << 40), UINT64_MAX};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        uint64_t id = ids[i], reader;
        size_t accepted;
        orch_terminal_state state, before;
        check_fill(&reader, sizeof reader);
        check_fill(&accepted, sizeof accepted);
        check_fill(&state, sizeof state);
        state.size = sizeof state;
        memcpy(&before, &state, sizeof state);
        CHECK_STATUS(orch_terminal_write(engine, id, "x", 1, &accepted), ORCH_E_STALE_ID);
        CHECK_ERROR(engine, ORCH_E_STALE_ID, "terminal");
        CHECK_STATUS(orch_terminal_write(engine, id, NULL, 0, &accepted), ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_control(engine, id, ORCH_CONTROL_EOF), ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_resize(engine, id, cells(1, 1)), ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_set(engine, id, ORCH_TERMINAL_OPTION_MODE, ORCH_MODE_RAW),
                     ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_set(engine, id, ORCH_TERMINAL_OPTION_SIZE_POLICY,
                                       ORCH_SIZE_POLICY_FIXED), ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_signal(engine, id, SIGTERM, ORCH_SIGNAL_LEADER),
                     ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_close(engine, id, 0), ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_set(engine, id, ORCH_TERMINAL_OPTION_PAUSED, 1),
                     ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_set(engine, id, ORCH_TERMINAL_OPTION_PAUSED, 0),
                     ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_attach(engine, id, NULL, &reader), ORCH_E_STALE_ID);
        CHECK_STATUS(orch_terminal_get_state(engine, id, &state), ORCH_E_STALE_ID);
        CHECK_STATUS(orch_reader_detach(engine, id), ORCH_E_STALE_ID);
        CHECK_ERROR(engine, ORCH_E_STALE_ID, "reader");
        CHECK_STATUS(orch_reader_set(engine, id, ORCH_READER_OPTION_PAUSED, 1), ORCH_E_STALE_ID);
        CHECK_STATUS(orch_reader_set(engine, id, ORCH_READER_OPTION_PAUSED, 0), ORCH_E_STALE_ID);
        screen_check_refused(engine, id, id, ORCH_E_STALE_ID, 1);
        CHECK(check_is_filled(&reader, sizeof reader));
        CHECK(check_is_filled(&accepted, sizeof accepted));
        CHECK_INT(memcmp(&state, &before, sizeof state), 0);
    }
}

// Options and controls that there are not, and values that an option does not have.
static void bad_options(orch_engine *engine, uint64_t terminal) {
    uint64_t reader = screen_reader(engine, terminal);
    const uint32_t unknown[] = {0, 4, UINT32_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        CHECK_STATUS(orch_terminal_set(engine, terminal, unknown[i], 1), ORCH_E_INVALID);
        CHECK_ERROR(engine, ORCH_E_INVALID, "option");
        CHECK_STATUS(orch_reader_set(engine, reader, unknown[i], 1), ORCH_E_INVALID);
        CHECK_ERROR(engine, ORCH_E_INVALID, "option");
        CHECK_STATUS(orch_terminal_control(engine, terminal, unknown[i]), ORCH_E_INVALID);
        CHECK_ERROR(engine, ORCH_E_INVALID, "control");
    }
    CHECK_STATUS(orch_terminal_control(engine, terminal, 3), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 2), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "ORCH_TERMINAL_OPTION_PAUSED is 2");
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_PAUSED, 2), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "ORCH_READER_OPTION_PAUSED is 2");
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, 9), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "ORCH_READER_OPTION_DELIVERY is 9");
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_NONE),
                 ORCH_E_INVALID);
    CHECK_INT(host_state(engine, terminal).flags & ORCH_TERMINAL_PAUSED_BY_HOST, 0);
    CHECK_INT(host_state(engine, terminal).readers->paused, 0);
}

// The helpers of the library.
static void helpers(void) {
    const char text[] = "hello";
    orch_bytes bytes = orch_str(text);
    CHECK(bytes.data == text);
    CHECK_INT(bytes.len, 5);
    bytes = orch_str("");
    CHECK_INT(bytes.len, 0);
    bytes = orch_str(NULL);
    CHECK_INT(bytes.len, 0);
    CHECK(bytes.data == NULL);
    const char elements[6][3] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 6; i++) CHECK(orch_element_at(elements, 3, i) == elements[i]);
    CHECK(orch_element_at(elements, 6, 2) == elements[4]);
    CHECK(orch_element_at(elements, 0, 5) == elements[0]);
    CHECK(orch_element_at(NULL, 48, 0) == NULL);
}

static void bad_input(orch_engine *engine, uint64_t terminal) {
    size_t accepted = 77;
    CHECK_STATUS(orch_terminal_write(engine, terminal, NULL, 1, &accepted), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_write(engine, terminal, "x", SIZE_MAX, &accepted), ORCH_E_INVALID);
    CHECK_INT(accepted, 77);
    CHECK_INT(host_state(engine, terminal).input_bytes, 0);
}

static void bad_attach(orch_engine *engine, uint64_t terminal) {
    orch_attach_options options;
    uint64_t reader = 77;
    host_init(&options, sizeof options);
    options.delivery = ORCH_DELIVERY_NONE;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &reader), ORCH_E_INVALID);
    options.delivery = 99;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &reader), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_attach_options.delivery is 99");
    host_init(&options, sizeof options);
    options.start = 6;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &reader), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_attach_options.start is 6");
    host_init(&options, sizeof options);
    options.flags = 2;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &reader), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_attach_options.flags");
    host_init(&options, sizeof options);
    options.reserved = 1;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &reader), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "orch_attach_options.reserved");
    host_init(&options, sizeof options);
    options.start = ORCH_START_OFFSET;
    options.offset = UINT64_MAX;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &reader), ORCH_E_INVALID);
    CHECK_INT(reader, 77);
    CHECK_INT(host_state(engine, terminal).reader_count, 1);
}

static void check_spawn_refused(orch_engine *engine, const orch_spawn_options *options) {
    uint64_t terminal = 77;
    CHECK_STATUS(orch_terminal_spawn(engine, options, &terminal), ORCH_E_INVALID);
    CHECK_INT(terminal, 77);
    orch_error error;
    error.size = sizeof error;
    CHECK_OK(orch_error_get(engine, &error));
    CHECK(error.message.len > 0);
}

static void bad_spawn(orch_engine *engine) {
    orch_bytes argv[2] = {orch_str("true"), orch_str("x")};
    const orch_spawn_options good = host_options(argv, 2);
    orch_spawn_options bad;
#define REFUSED(assignment) (bad = good, assignment, check_spawn_refused(engine, &bad))
    REFUSED(bad.argv = NULL);
    REFUSED(bad.argv_len = SIZE_MAX);
    REFUSED(bad.argv = (const orch_bytes *)(const void *)((const char *)argv + 1));
    REFUSED(bad.env_len = 1);
    REFUSED(bad.cwd.len = 1);
    REFUSED(bad.delivery = 4);
    REFUSED(bad.delivery = UINT32_MAX);
    REFUSED((bad.window.cols = 0, bad.window.rows = 24));
    REFUSED((bad.window.cols = 80, bad.window.rows = 0));
    REFUSED(bad.log_bytes = 65535);
    REFUSED(bad.log_bytes = SIZE_MAX);
    orch_bytes entry = orch_str("");
    REFUSED((bad.env = &entry, bad.env_len = 1));
    entry = orch_str("=value");
    REFUSED((bad.env = &entry, bad.env_len = 1));
    entry.data = "A=\0B";
    entry.len = 4;
    REFUSED((bad.env = &entry, bad.env_len = 1));
    argv[1] = entry;
    REFUSED(bad.tag = 1);
    argv[1].data = NULL;
    REFUSED(bad.tag = 1);
    argv[1] = orch_str("x");
    argv[0] = orch_str("");
    REFUSED(bad.tag = 1);
#undef REFUSED
}

// The error of an engine and that of the thread are kept apart, and success keeps both.
static void kept_errors(orch_engine *engine, uint64_t terminal) {
    orch_engine *fresh = host_engine();
    orch_error error;
    check_fill(&error, sizeof error);
    error.size = sizeof error;
    CHECK_OK(orch_error_get(fresh, &error));
    CHECK_STATUS(error.status, ORCH_OK);
    CHECK_INT(error.os_error, 0);
    CHECK_INT(error.message.len, 0);
    CHECK_OK(orch_engine_destroy(fresh));

    CHECK_STATUS(orch_engine_turn(NULL, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_close(engine, 1, 0), ORCH_E_STALE_ID);
    CHECK_OK(orch_engine_turn(engine, 0));
    CHECK_OK(orch_terminal_write(engine, terminal, NULL, 0, NULL));
    CHECK_ERROR(engine, ORCH_E_STALE_ID, "terminal");
    CHECK_ERROR(NULL, ORCH_E_INVALID, "engine is NULL");
    // Reading an error in a wrong way is no error to be kept.
    error.size = 1;
    CHECK_STATUS(orch_error_get(engine, &error), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_STALE_ID, "terminal");
}

int main(void) {
    check_start();
    null_engine();
    helpers();
    orch_engine *engine = host_engine();
    uint64_t terminal = host_sh(engine, "exec cat");
    null_outputs(engine, terminal);
    unknown_ids(engine, terminal);
    bad_options(engine, terminal);
    bad_input(engine, terminal);
    bad_attach(engine, terminal);
    bad_spawn(engine);
    kept_errors(engine, terminal);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
