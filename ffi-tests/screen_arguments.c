// Bad arguments of the calls about screens: no screen, NULL, sizes, numbers and flags that mean nothing,
// patterns, limits. Nothing is changed by any of them. Stale ids are in bad_arguments.c and stale_ids.c.

#include "pty.h"
#include "screen.h"

// A screen options struct of a newer host.
typedef struct wide_options {
    orch_screen_options known;
    uint64_t tail;
} wide_options;

static void refuse_spawn(orch_engine *engine, const orch_screen_options *screen, int32_t status,
                         const char *part) {
    orch_bytes argv[1];
    argv[0] = orch_str("true");
    orch_spawn_options spawn = host_options(argv, 1);
    spawn.screen = screen;
    uint64_t terminal = 77;
    CHECK_STATUS(orch_terminal_spawn(engine, &spawn, &terminal), status);
    CHECK_ERROR(engine, status, part);
    int slave;
    int master = pty_open(&slave);
    orch_adopt_options adopt = pty_adopt_options();
    adopt.screen = screen;
    CHECK_STATUS(orch_terminal_adopt(engine, master, &adopt, &terminal), status);
    PTY_CHECK_UNTOUCHED(master, slave);
    CHECK_SYS(close(master));
    CHECK_SYS(close(slave));
    if (status == ORCH_E_INVALID) {
        orch_sender *sender = NULL;
        CHECK_OK(orch_sender_create(engine, &sender));
        CHECK_STATUS(host_post_spawn(sender, &spawn, 1),
                     check_contains(part, strlen(part), "scrollback") ? ORCH_OK : status);
        CHECK_OK(orch_sender_destroy(sender));
    }
    CHECK_INT(terminal, 77);
}

static void options(orch_engine *engine) {
    orch_screen_options bad;
    wide_options wide;
#define REFUSED(assignment, part) \
    (bad = screen_options(), assignment, refuse_spawn(engine, &bad, ORCH_E_INVALID, part))
    REFUSED(bad.size = sizeof bad - 1, "orch_screen_options.size is");
    REFUSED(bad.size = 0, "orch_screen_options.size is 0");
    REFUSED(bad.flags = 16, "orch_screen_options.flags");
    REFUSED(bad.flags = UINT32_MAX, "orch_screen_options.flags");
    REFUSED(bad.foreground = 0x112233, "orch_screen_options.foreground");
    REFUSED(bad.foreground = ORCH_COLOR_INDEXED, "orch_screen_options.foreground");
    REFUSED(bad.background = UINT32_MAX, "orch_screen_options.background");
    REFUSED(bad.cursor = 0x01FFFFFF, "orch_screen_options.cursor");
    REFUSED(bad.cursor = ORCH_COLOR_RGB + 0x1000000, "orch_screen_options.cursor");
    REFUSED(bad.scrollback = 100001, "scrollback");
    REFUSED(bad.scrollback = SIZE_MAX, "scrollback");
#undef REFUSED
    memset(&wide, 0, sizeof wide);
    host_init(&wide.known, sizeof wide);
    wide.tail = 1;
    refuse_spawn(engine, &wide.known, ORCH_E_INVALID, "does not know");
    wide.tail = 0;
    uint64_t terminal = screen_sh(engine, "exec cat", ORCH_DELIVERY_NONE, &wide.known);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    CHECK_STATUS(orch_struct_init(NULL, sizeof bad), ORCH_E_INVALID);
    CHECK_STATUS(orch_struct_init(NULL, sizeof(orch_search_options)), ORCH_E_INVALID);
}

// A terminal without a screen refuses what is about one, and only that.
static void no_screen(orch_engine *engine) {
    uint64_t terminal = host_cat(engine);
    uint64_t reader = screen_reader(engine, terminal);
    screen_check_refused(engine, terminal, reader, ORCH_E_NO_SCREEN, 0);
    CHECK_ERROR(engine, ORCH_E_NO_SCREEN, "without a screen");
    orch_attach_options options = screen_attach_options(ORCH_DELIVERY_SCREEN);
    uint64_t other = 77;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &other), ORCH_E_NO_SCREEN);
    options = screen_attach_options(ORCH_DELIVERY_LOSSLESS);
    options.start = ORCH_START_SNAPSHOT;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &other), ORCH_E_NO_SCREEN);
    options.start = ORCH_START_OLDEST;
    options.downgrade_age_ms = 1;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &other), ORCH_E_NO_SCREEN);
    CHECK_INT(other, 77);
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = terminal;
    op.kind = ORCH_OP_CLEAR;
    int32_t status = 9;
    CHECK_OK(orch_terminal_batch(engine, &op, 1, sizeof op, &status, NULL));
    CHECK_STATUS(status, ORCH_E_NO_SCREEN);
    orch_bytes argv[1];
    argv[0] = orch_str("true");
    orch_spawn_options spawn = host_options(argv, 1);
    spawn.delivery = ORCH_DELIVERY_SCREEN;
    CHECK_STATUS(orch_terminal_spawn(engine, &spawn, &other), ORCH_E_NO_SCREEN);
    CHECK_INT(other, 77);
    CHECK_INT(host_state(engine, terminal).reader_count, 1);
    // Without a screen a resumed reader is one with an offset.
    options = screen_attach_options(ORCH_DELIVERY_LOSSLESS);
    options.start = ORCH_START_RESUME;
    CHECK_OK(orch_terminal_attach(engine, terminal, &options, &other));
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_LOSSY));
    CHECK_OK(orch_terminal_paste(engine, terminal, "x", 1));
}

static void outputs(orch_engine *engine, uint64_t terminal) {
    struct {
        orch_screen_update known;
        uint64_t tail[2];
    } update;
    struct {
        orch_snapshot known;
        uint64_t tail[2];
    } snapshot;
    struct {
        orch_matches known;
        uint64_t tail[2];
    } matches;
    const orch_search_options search = screen_search("ready", 0);
    CHECK_STATUS(orch_terminal_get_screen(engine, terminal, 0, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_rows(engine, terminal, 0, 1, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_text(engine, terminal, 0, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_snapshot(engine, terminal, 0, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_search(engine, terminal, &search, NULL), ORCH_E_INVALID);
#define CHECK_SIZES(out, first_size, call)                                           \
    do {                                                                             \
        check_fill(&out, sizeof out);                                                \
        out.known.size = first_size - 1;                                             \
        CHECK_STATUS(call, ORCH_E_INVALID);                                          \
        out.known.size = 0;                                                          \
        CHECK_STATUS(call, ORCH_E_INVALID);                                          \
        CHECK(check_is_filled((char *)&out + sizeof(size_t), sizeof out - sizeof(size_t))); \
        out.known.size = sizeof out.known + 8;                                       \
        CHECK_OK(call);                                                              \
        CHECK_INT(out.known.size, sizeof out.known + 8);                             \
        CHECK_INT(out.tail[0], 0);                                                   \
        CHECK(check_is_filled(&out.tail[1], 8));                                     \
    } while (0)
    CHECK_SIZES(update, HOST_FIRST_SCREEN_UPDATE, orch_terminal_get_screen(engine, terminal, 0, &update.known));
    CHECK_SIZES(snapshot, HOST_FIRST_SNAPSHOT, orch_terminal_get_snapshot(engine, terminal, 0, &snapshot.known));
    CHECK_SIZES(matches, HOST_FIRST_MATCHES, orch_terminal_search(engine, terminal, &search, &matches.known));
#undef CHECK_SIZES
    CHECK_INT(matches.known.match_count, 1);
}

static void patterns(orch_engine *engine, uint64_t terminal) {
    static char text[20000];
    memset(text, 'x', sizeof text);
    orch_matches found, before;
    check_fill(&found, sizeof found);
    found.size = sizeof found;
    before = found;
    orch_search_options bad;
    CHECK_STATUS(orch_terminal_search(engine, terminal, NULL, &found), ORCH_E_INVALID);
#define REFUSED(assignment, part)                                                              \
    (bad = screen_search("ready", 0), assignment,                                              \
     CHECK_STATUS(orch_terminal_search(engine, terminal, &bad, &found), ORCH_E_INVALID));      \
    CHECK_ERROR(engine, ORCH_E_INVALID, part)
    REFUSED(bad.size = HOST_FIRST_SEARCH - 1, "orch_search_options.size is 47");
    REFUSED(bad.flags = 16, "orch_search_options.flags");
    REFUSED(bad.reserved = 1, "orch_search_options.reserved");
    REFUSED(bad.pattern.len = 0, "pattern");
    REFUSED(bad.pattern.data = NULL, "NULL");
    REFUSED(bad.pattern.len = SIZE_MAX, "memory");
    REFUSED((bad.pattern.data = text, bad.pattern.len = 16385), "16,384");
    REFUSED((bad.pattern.data = text, bad.pattern.len = 2049, bad.flags = ORCH_SEARCH_IGNORE_CASE),
            "2,048");
    REFUSED((bad.pattern = orch_str("(a{1,100}){1,100}"), bad.flags = ORCH_SEARCH_REGEX), "large");
    REFUSED(bad.pattern = orch_str("\xFF"), "UTF-8");
    REFUSED((bad.pattern = orch_str("("), bad.flags = ORCH_SEARCH_REGEX), "pattern");
    REFUSED((bad.pattern = orch_str("(?=x)"), bad.flags = ORCH_SEARCH_REGEX), "look");
    REFUSED((bad.pattern = orch_str("(\\w{1000}){1000}"), bad.flags = ORCH_SEARCH_REGEX), "pattern");
#undef REFUSED
    CHECK_INT(memcmp(&found, &before, sizeof found), 0);
    bad = screen_search("x", 0);
    bad.pattern.data = text;
    bad.pattern.len = 16384;
    CHECK_OK(orch_terminal_search(engine, terminal, &bad, &found));
}

static void readers(orch_engine *engine, uint64_t terminal) {
    uint64_t reader = screen_reader(engine, terminal);
    // A reader of bytes has no viewport; a viewer gets no snapshots.
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_SCROLL, 1), ORCH_E_INVALID);
    orch_attach_options options = screen_attach_options(ORCH_DELIVERY_SCREEN);
    uint64_t viewer = 0;
    CHECK_OK(orch_terminal_attach(engine, terminal, &options, &viewer));
    CHECK_STATUS(orch_reader_request_snapshot(engine, viewer, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_NONE),
                 ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "ORCH_READER_OPTION_DELIVERY is 2");
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, 4), ORCH_E_INVALID);
    CHECK_INT(host_state(engine, terminal).readers->delivery, ORCH_DELIVERY_LOSSLESS);
    CHECK_STATUS(orch_terminal_paste(engine, terminal, NULL, 1), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_paste(engine, terminal, "x", SIZE_MAX), ORCH_E_INVALID);
    CHECK_OK(orch_terminal_paste(engine, terminal, NULL, 0));

    // In an operation the reader has to be one of the terminal.
    uint64_t other = screen_ready(engine, "printf ready; exec cat", NULL);
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = other;
    op.kind = ORCH_OP_SCROLL_TO;
    op.reader = viewer;
    int32_t status = 9;
    CHECK_OK(orch_terminal_batch(engine, &op, 1, sizeof op, &status, NULL));
    CHECK_STATUS(status, ORCH_E_STALE_ID);
    op.terminal = terminal;
    CHECK_OK(orch_terminal_batch(engine, &op, 1, sizeof op, &status, NULL));
    CHECK_OK(status);
}

// Limits of the configuration: cells, rows of scrollback, room for pasted text.
static void limits(void) {
    orch_config config = host_config();
    config.screen_cells = SCREEN_COLS * SCREEN_ROWS;
    config.scrollback_rows = 5;
    config.input_bytes = 4096;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    orch_screen_options screen = screen_options();
    screen.scrollback = 6;
    refuse_spawn(engine, &screen, ORCH_E_INVALID, "scrollback");
    screen.scrollback = 5;
    orch_bytes argv[1];
    argv[0] = orch_str("cat");
    orch_spawn_options spawn = host_options(argv, 1);
    spawn.screen = &screen;
    uint64_t terminal = 77;
    CHECK_STATUS(orch_terminal_spawn(engine, &spawn, &terminal), ORCH_E_LIMIT);
    CHECK_ERROR(engine, ORCH_E_LIMIT, "cells");
    CHECK_INT(terminal, 77);
    terminal = screen_sh(engine, "exec sleep 1000", ORCH_DELIVERY_LOSSLESS, &screen);
    orch_size size = {SCREEN_COLS + 1, SCREEN_ROWS, 0, 0};
    CHECK_STATUS(orch_terminal_resize(engine, terminal, size), ORCH_E_LIMIT);
    CHECK_INT(host_state(engine, terminal).window.cols, SCREEN_COLS);
    static char text[5000];
    memset(text, 'x', sizeof text);
    CHECK_STATUS(orch_terminal_paste(engine, terminal, text, sizeof text), ORCH_E_LIMIT);
    CHECK_INT(host_state(engine, terminal).input_waiting, 0);
    CHECK_OK(orch_engine_destroy(engine));
}

// While a terminal is being closed, its screen can be looked at, and not be changed.
static void closing(orch_engine *engine) {
    uint64_t terminal = screen_ready(engine, "printf ready; exec cat", NULL);
    uint64_t reader = screen_reader(engine, terminal);
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_SCREEN));
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    CHECK_STATUS(orch_terminal_control(engine, terminal, ORCH_CONTROL_CLEAR), ORCH_E_CLOSING);
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_SCROLL, 1), ORCH_E_CLOSING);
    CHECK_STATUS(orch_terminal_paste(engine, terminal, "x", 1), ORCH_E_CLOSING);
    orch_bytes shown = screen_text(engine, terminal, 0);
    CHECK(check_contains(shown.data, shown.len, "ready"));
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    options(engine);
    no_screen(engine);
    uint64_t terminal = screen_ready(engine, "printf ready; exec cat", NULL);
    outputs(engine, terminal);
    patterns(engine, terminal);
    readers(engine, terminal);
    closing(engine);
    CHECK_OK(orch_engine_destroy(engine));
    limits();
    return 0;
}
