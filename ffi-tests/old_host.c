// A host that was compiled against the first version of the header: its structs are smaller, and the
// library neither reads nor writes behind them.

#include "host.h"

// What an old host has in its memory behind a struct is its own.
#define CHECK_BEHIND(value, first_size) \
    CHECK(check_is_filled((char *)&(value) + (first_size), sizeof(value) - (first_size)))

static uint64_t old_spawn(orch_engine *engine, const char *script) {
    orch_bytes argv[3];
    host_sh_argv(argv, script);
    orch_spawn_options options;
    check_fill(&options, sizeof options);
    CHECK_OK(orch_struct_init(&options, HOST_FIRST_SPAWN_OPTIONS));
    CHECK_INT(options.size, HOST_FIRST_SPAWN_OPTIONS);
    CHECK_BEHIND(options, HOST_FIRST_SPAWN_OPTIONS);
    options.argv = argv;
    options.argv_len = 3;
    uint64_t terminal = 0;
    int32_t status = 9;
    CHECK_OK(orch_terminal_spawn_many(engine, &options, 1, HOST_FIRST_SPAWN_OPTIONS, &terminal,
                                      &status));
    CHECK_OK(status);
    return terminal;
}

static void old_config(void) {
    orch_config config;
    check_fill(&config, sizeof config);
    CHECK_OK(orch_struct_init(&config, HOST_FIRST_CONFIG));
    CHECK_BEHIND(config, HOST_FIRST_CONFIG);
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    CHECK_OK(orch_engine_destroy(engine));
}

static void old_op(orch_engine *engine, uint64_t terminal) {
    orch_op op;
    check_fill(&op, sizeof op);
    memset(&op, 0, HOST_FIRST_OP);
    op.terminal = terminal;
    op.kind = ORCH_OP_INPUT;
    op.data = "typed\n";
    op.len = 6;
    int32_t status = 9;
    CHECK_OK(orch_terminal_batch(engine, &op, 1, HOST_FIRST_OP, &status, NULL));
    CHECK_OK(status);
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    CHECK_OK(host_post_op(sender, &op, HOST_FIRST_OP, 1));
    CHECK_OK(orch_sender_destroy(sender));
}

static uint64_t old_attach(orch_engine *engine, uint64_t terminal) {
    orch_attach_options options;
    check_fill(&options, sizeof options);
    CHECK_OK(orch_struct_init(&options, HOST_FIRST_ATTACH_OPTIONS));
    CHECK_BEHIND(options, HOST_FIRST_ATTACH_OPTIONS);
    uint64_t reader = 0;
    CHECK_OK(orch_terminal_attach(engine, terminal, &options, &reader));
    return reader;
}

static void old_adopt(orch_engine *engine) {
    orch_adopt_options options;
    check_fill(&options, sizeof options);
    CHECK_OK(orch_struct_init(&options, HOST_FIRST_ADOPT_OPTIONS));
    CHECK_BEHIND(options, HOST_FIRST_ADOPT_OPTIONS);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK_SYS(master);
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_adopt(engine, master, &options, &terminal));
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
}

static void old_state(orch_engine *engine, uint64_t terminal) {
    orch_terminal_state state;
    check_fill(&state, sizeof state);
    state.size = HOST_FIRST_STATE;
    CHECK_OK(orch_terminal_get_state(engine, terminal, &state));
    CHECK_INT(state.terminal, terminal);
    CHECK_INT(state.reader_count, 2);
    CHECK_INT(state.size, HOST_FIRST_STATE);
    CHECK_BEHIND(state, HOST_FIRST_STATE);
}

// Reads the output of a reader into an old event until it contains `part`.
static void old_events(orch_engine *engine, uint64_t reader, const char *part) {
    host_text text;
    text.len = 0;
    while (!check_contains(text.data, text.len, part)) {
        orch_event event;
        check_fill(&event, sizeof event);
        event.size = HOST_FIRST_EVENT;
        int32_t status = orch_engine_next_event(engine, &event);
        CHECK_BEHIND(event, HOST_FIRST_EVENT);
        if (status == ORCH_DONE) {
            host_turn(engine);
            continue;
        }
        CHECK_OK(status);
        CHECK_INT(event.size, HOST_FIRST_EVENT);
        if (event.kind == ORCH_EVENT_OUTPUT && event.payload.output->reader == reader) {
            host_append(&text, &event);
        }
    }
}

int main(void) {
    check_start();
    old_config();
    orch_engine *engine = host_engine();
    uint64_t terminal = old_spawn(engine, "stty -echo; echo ready; exec cat");
    uint64_t reader = old_attach(engine, terminal);
    old_events(engine, reader, "ready\r\n");
    old_op(engine, terminal);
    old_events(engine, reader, "typed\r\ntyped\r\n");
    old_state(engine, terminal);
    old_adopt(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
