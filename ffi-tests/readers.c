// Readers: attaching, detaching, pausing, flow control, and gaps of a lossy reader.

#include "host.h"

#define LOG_BYTES 131072

static uint64_t attach(orch_engine *engine, uint64_t terminal, uint32_t delivery, uint32_t start,
                       uint64_t offset) {
    orch_attach_options options;
    host_init(&options, sizeof options);
    options.delivery = delivery;
    options.start = start;
    options.offset = offset;
    uint64_t reader = 0;
    CHECK_OK(orch_terminal_attach(engine, terminal, &options, &reader));
    CHECK(reader != 0);
    return reader;
}

// Starts a script with a small log, and with a reader of this delivery.
static uint64_t spawn(orch_engine *engine, const char *script, uint32_t delivery) {
    orch_bytes argv[3];
    host_sh_argv(argv, script);
    orch_spawn_options options = host_options(argv, 3);
    options.delivery = delivery;
    options.log_bytes = LOG_BYTES;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    return terminal;
}

static uint64_t only_reader(orch_engine *engine, uint64_t terminal) {
    orch_terminal_state state = host_state(engine, terminal);
    CHECK_INT(state.reader_count, 1);
    return state.readers->reader;
}

// Turns until `flag` of the terminal's state is set; the events stay unread.
static void until_flag(orch_engine *engine, uint64_t terminal, uint32_t flag) {
    while (!(host_state(engine, terminal).flags & flag)) host_turn(engine);
}

// Late readers get what is kept, from where they say.
static void starts(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = spawn(engine, "echo 0123456789; exec cat", ORCH_DELIVERY_LOSSLESS);
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "\n");
    uint64_t oldest = 0;
    CHECK_OK(orch_terminal_attach(engine, terminal, NULL, &oldest));
    uint64_t offset = attach(engine, terminal, ORCH_DELIVERY_LOSSLESS, ORCH_START_OFFSET, 4);
    uint64_t now = attach(engine, terminal, ORCH_DELIVERY_LOSSY, ORCH_START_NOW, 0);
    uint64_t end = attach(engine, terminal, ORCH_DELIVERY_LOSSY, ORCH_START_OFFSET, 12);
    CHECK(oldest != offset && offset != now && now != oldest && end != now);
    host_text of_oldest, of_offset;
    of_oldest.len = of_offset.len = 0;
    orch_event event = host_event();
    while (of_oldest.len < 12 || of_offset.len < 8) {
        host_next(engine, &event);
        CHECK_INT(event.kind, ORCH_EVENT_OUTPUT);
        const uint64_t reader = event.payload.output->reader;
        CHECK(reader == oldest || reader == offset);
        host_append(reader == oldest ? &of_oldest : &of_offset, &event);
    }
    CHECK_BYTES(of_oldest.data, of_oldest.len, "0123456789\r\n");
    CHECK_BYTES(of_offset.data, of_offset.len, "456789\r\n");
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);

    orch_attach_options options;
    host_init(&options, sizeof options);
    options.start = ORCH_START_OFFSET;
    options.offset = 13;
    uint64_t untouched = 77;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &untouched), ORCH_E_INVALID);
    CHECK_INT(untouched, 77);
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_OK(orch_engine_destroy(engine));
}

// A detached reader gets nothing more, and its id is stale.
static void detaching(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = spawn(engine, "stty -echo; echo ready; cat; exit 0", ORCH_DELIVERY_LOSSLESS);
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "ready\r\n");
    uint64_t first = only_reader(engine, terminal);
    uint64_t second = attach(engine, terminal, ORCH_DELIVERY_LOSSLESS, ORCH_START_NOW, 0);
    CHECK_OK(orch_reader_detach(engine, first));
    CHECK_STATUS(orch_reader_detach(engine, first), ORCH_E_STALE_ID);
    CHECK_STATUS(orch_reader_set(engine, first, ORCH_READER_OPTION_PAUSED, 1), ORCH_E_STALE_ID);
    CHECK_STATUS(orch_reader_set(engine, first, ORCH_READER_OPTION_PAUSED, 0), ORCH_E_STALE_ID);
    CHECK_INT(only_reader(engine, terminal), second);
    host_type(engine, terminal, "more\n");
    text.len = 0;
    orch_event event = host_event();
    while (text.len < strlen("more\r\n")) {
        host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, &text);
        CHECK_INT(event.payload.output->reader, second);
    }
    CHECK_BYTES(text.data, text.len, "more\r\n");
    // Without any reader the program runs on, and its exit is reported.
    CHECK_OK(orch_reader_detach(engine, second));
    host_type(engine, terminal, "unseen\n");
    CHECK_OK(orch_terminal_control(engine, terminal, ORCH_CONTROL_EOF));
    host_next(engine, &event);
    while (event.kind == ORCH_EVENT_EOF) host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_EXITED);
    CHECK_INT(event.payload.exited->end, strlen("ready\r\nmore\r\nunseen\r\n"));
    CHECK_OK(orch_engine_destroy(engine));
}

// A lossless reader that is paused stops the PTY, and loses nothing.
static void lossless_backpressure(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal =
        spawn(engine, "head -c 300000 /dev/zero | tr '\\0' x", ORCH_DELIVERY_LOSSLESS);
    uint64_t reader = only_reader(engine, terminal);
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_PAUSED, 1));
    until_flag(engine, terminal, ORCH_TERMINAL_PAUSED_BY_READER);
    orch_terminal_state state = host_state(engine, terminal);
    CHECK(state.log_end <= LOG_BYTES);
    CHECK_INT(state.readers->paused, 1);
    CHECK_INT(state.readers->offset, 0);
    CHECK_INT(state.readers->backlog, state.log_end);
    CHECK(state.flags & ORCH_TERMINAL_RUNNING);
    orch_event event = host_event();
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    CHECK(!host_is_readable(engine));
    CHECK(host_stats(engine).log_bytes >= state.log_end);

    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_PAUSED, 0));
    uint64_t seen = 0;
    for (host_next(engine, &event); event.kind != ORCH_EVENT_EXITED; host_next(engine, &event)) {
        if (event.kind == ORCH_EVENT_EOF) continue;
        CHECK_INT(event.kind, ORCH_EVENT_OUTPUT);
        CHECK_INT(event.payload.output->offset, seen);
        seen = host_end(&event);
    }
    CHECK_INT(seen, 300000);
    CHECK_OK(orch_engine_destroy(engine));
}

// A lossy reader never stops the program; what it missed is a gap, and the rest follows exactly.
static void lossy_gap(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = spawn(engine, "head -c 300000 /dev/zero | tr '\\0' x", ORCH_DELIVERY_LOSSY);
    uint64_t reader = only_reader(engine, terminal);
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_PAUSED, 1));
    while (host_state(engine, terminal).log_end < 300000) host_turn(engine);
    orch_terminal_state state = host_state(engine, terminal);
    CHECK(state.log_start >= 300000 - LOG_BYTES);
    CHECK_INT(state.readers->delivery, ORCH_DELIVERY_LOSSY);
    CHECK_INT(state.readers->backlog, 300000);
    uint64_t log_start = state.log_start;
    // One that attaches in what is gone gets a gap as well.
    uint64_t late = attach(engine, terminal, ORCH_DELIVERY_LOSSLESS, ORCH_START_OFFSET, 1000);
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_PAUSED, 0));

    uint64_t at = 0, late_at = 1000;
    int gaps = 0;
    orch_event event = host_event();
    for (host_next(engine, &event); event.kind != ORCH_EVENT_EXITED; host_next(engine, &event)) {
        if (event.kind == ORCH_EVENT_EOF) continue;
        CHECK(event.kind == ORCH_EVENT_OUTPUT || event.kind == ORCH_EVENT_GAP);
        const int is_gap = event.kind == ORCH_EVENT_GAP;
        const orch_event_gap *gap = event.payload.gap;
        const orch_event_output *output = event.payload.output;
        const uint64_t of = is_gap ? gap->reader : output->reader;
        uint64_t *position = of == reader ? &at : &late_at;
        CHECK(of == reader || of == late);
        CHECK_INT(is_gap ? gap->start : output->offset, *position);
        if (is_gap) {
            gaps++;
            CHECK_INT(gap->end, log_start);
        }
        *position = is_gap ? gap->end : host_end(&event);
    }
    CHECK_INT(gaps, 2);
    CHECK_INT(at, 300000);
    CHECK_INT(late_at, 300000);
    CHECK_OK(orch_engine_destroy(engine));
}

// A paused terminal is not read; its exit is reported after all of its output.
static void terminal_pause(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = spawn(engine, "echo hello; exit 3", ORCH_DELIVERY_LOSSLESS);
    CHECK_OK(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 1));
    CHECK_OK(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 1));
    while (host_state(engine, terminal).exit_kind == 0) host_turn(engine);
    CHECK(host_state(engine, terminal).flags & ORCH_TERMINAL_PAUSED_BY_HOST);
    CHECK_INT(host_state(engine, terminal).log_end, 0);
    orch_event event = host_event();
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    CHECK(!host_is_readable(engine));
    CHECK_OK(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 0));
    CHECK_INT(host_state(engine, terminal).flags & ORCH_TERMINAL_PAUSED_BY_HOST, 0);
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 3, &text);
    CHECK_BYTES(text.data, text.len, "hello\r\n");
    CHECK_OK(orch_engine_destroy(engine));
}

// No reader at all; one that comes later gets everything.
static void no_reader(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = spawn(engine, "echo hello", ORCH_DELIVERY_NONE);
    CHECK_INT(host_state(engine, terminal).reader_count, 0);
    host_until_exit(engine, terminal, 0, NULL);
    attach(engine, terminal, ORCH_DELIVERY_LOSSLESS, ORCH_START_OLDEST, 0);
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "\n");
    CHECK_BYTES(text.data, text.len, "hello\r\n");
    CHECK_OK(orch_engine_destroy(engine));
}

static void reader_limit(void) {
    orch_config config = host_config();
    config.readers_per_terminal = 2;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    uint64_t terminal = host_sh(engine, "exec cat");
    uint64_t reader = attach(engine, terminal, ORCH_DELIVERY_LOSSY, ORCH_START_OLDEST, 0);
    uint64_t untouched = 77;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, NULL, &untouched), ORCH_E_LIMIT);
    CHECK_INT(untouched, 77);
    CHECK_OK(orch_reader_detach(engine, reader));
    CHECK_OK(orch_terminal_attach(engine, terminal, NULL, &untouched));
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    starts();
    detaching();
    lossless_backpressure();
    lossy_gap();
    terminal_pause();
    no_reader();
    reader_limit();
    return 0;
}
