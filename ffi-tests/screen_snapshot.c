// Snapshots: another terminal shows the same after one, and readers begin, resume and go on with one.

#include "pty.h"
#include "screen.h"

static orch_snapshot snapshot_of(orch_engine *engine, uint64_t terminal, size_t scrollback) {
    orch_snapshot snapshot;
    check_fill(&snapshot, sizeof snapshot);
    snapshot.size = sizeof snapshot;
    CHECK_OK(orch_terminal_get_snapshot(engine, terminal, scrollback, &snapshot));
    CHECK(snapshot.data != NULL && snapshot.len > 0);
    CHECK_INT(snapshot.window.cols, SCREEN_COLS);
    CHECK_INT(snapshot.window.rows, SCREEN_ROWS);
    return snapshot;
}

// Another terminal of the size of a snapshot that was fed with it; `slave` gets the other end.
static uint64_t fed(orch_engine *engine, const void *data, size_t len, orch_size window,
                    int *slave) {
    const orch_screen_options screen = screen_options();
    int master = pty_open(slave);
    orch_adopt_options options = pty_adopt_options();
    options.window = window;
    options.screen = &screen;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_adopt(engine, master, &options, &terminal));
    CHECK(len < 4096);
    CHECK_INT(write(*slave, data, len), len);
    orch_event event = host_event();
    for (uint64_t end = 0; end < len; end = host_end(&event)) {
        host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, NULL);
    }
    return terminal;
}

// Both terminals show the same, down to the snapshots of them.
static void check_same(orch_engine *engine, uint64_t first, uint64_t second) {
    static char text[1 << 14], snapshot[1 << 14];
    orch_bytes shown = screen_text(engine, first, 100);
    CHECK(shown.len < sizeof text);
    memcpy(text, shown.data, shown.len);
    text[shown.len] = '\0';
    shown = screen_text(engine, second, 100);
    CHECK_BYTES(shown.data, shown.len, text);
    orch_snapshot of = snapshot_of(engine, first, 100);
    CHECK(of.len < sizeof snapshot);
    memcpy(snapshot, of.data, of.len);
    size_t len = of.len;
    of = snapshot_of(engine, second, 100);
    CHECK_INT(of.len, len);
    CHECK_INT(memcmp(of.data, snapshot, len), 0);
    orch_terminal_state a = host_state(engine, first), b = host_state(engine, second);
    CHECK_INT(a.history, b.history);
    CHECK_INT(a.modes, b.modes);
    CHECK_INT(memcmp(&a.cursor, &b.cursor, sizeof a.cursor), 0);
}

static const char paints[] =
    "stty -echo; seq 1 30; printf '\\033[1;31mred\\033[0m \\033[48;2;1;2;3mdeep\\033[0m\\n';"
    "printf '\\346\\227\\245\\346\\234\\254 e\\314\\201\\n\\033]2;named\\007\\033[?2004h';"
    "printf '\\033[2;5r\\033[6n\\033[?1049h\\033[Hfull screen\\033[4;4Hready'; exec cat";

static void fed_to_another(orch_engine *engine) {
    uint64_t first = screen_ready(engine, paints, NULL);
    orch_snapshot snapshot = snapshot_of(engine, first, 100);
    CHECK_INT(snapshot.offset, host_state(engine, first).log_end);
    int slave;
    uint64_t second = fed(engine, snapshot.data, snapshot.len, snapshot.window, &slave);
    check_same(engine, first, second);
    orch_terminal_state state = host_state(engine, second);
    CHECK(state.modes & ORCH_SCREEN_MODE_ALTERNATE);
    CHECK_BYTES(state.title.data, state.title.len, "named");
    // With what is under it, which comes back when the program leaves its screen.
    CHECK_INT(write(slave, "\033[?1049l", 8), 8);
    CHECK_SYS(close(slave));
    orch_event event = host_event();
    host_until(engine, second, ORCH_EVENT_EOF, &event, NULL);
    orch_bytes shown = screen_text(engine, second, 100);
    CHECK(check_contains(shown.data, shown.len, "1\n2\n3\n"));
    CHECK(check_contains(shown.data, shown.len, "\nred deep\n"));
}

// A reader that begins with a snapshot gets it first, and then the bytes behind it.
static void starts_with_one(orch_engine *engine) {
    uint64_t terminal = screen_ready(engine, "stty -echo; seq 1 30; printf ready; exec cat", NULL);
    uint64_t offset = host_state(engine, terminal).log_end;
    orch_attach_options options = screen_attach_options(ORCH_DELIVERY_LOSSY);
    options.start = ORCH_START_SNAPSHOT;
    options.scrollback = 3;
    uint64_t reader = 0;
    CHECK_OK(orch_terminal_attach(engine, terminal, &options, &reader));
    orch_event event = host_event();
    check_fill(&event, sizeof event);
    event.size = sizeof event;
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_SNAPSHOT);
    const orch_event_snapshot *snapshot = event.payload.snapshot;
    CHECK_INT(event.reserved, 0);
    CHECK_INT(snapshot->reader, reader);
    CHECK_INT(snapshot->offset, offset);
    CHECK_INT(snapshot->window.cols, SCREEN_COLS);
    CHECK_INT(snapshot->window.rows, SCREEN_ROWS);
    CHECK(snapshot->line.line > 0);
    CHECK(check_contains(snapshot->data, snapshot->len, "\r\n30\r\n"));
    CHECK(check_contains(snapshot->data, snapshot->len, "19\r\n"));
    CHECK(!check_contains(snapshot->data, snapshot->len, "18\r\n"));
    int slave;
    uint64_t second = fed(engine, (const char *)snapshot->data, snapshot->len, snapshot->window, &slave);
    // The same scrollback as the snapshot had.
    CHECK_INT(host_state(engine, second).history, 3);
    host_type(engine, terminal, "more\n");
    screen_until_kind(engine, reader, ORCH_EVENT_OUTPUT, &event, NULL);
    CHECK_INT(event.payload.output->offset, offset);
    CHECK_SYS(close(slave));
}

// A reader that was here before goes on at its offset, or with a snapshot when that is gone.
static void resumes(orch_engine *engine) {
    const orch_screen_options screen = screen_options();
    orch_bytes argv[3];
    host_sh_argv(argv, "stty -echo; printf ready; read x; seq 1 30000; printf done; read x");
    orch_spawn_options spawn = host_options(argv, 3);
    spawn.log_bytes = 65536;
    spawn.delivery = ORCH_DELIVERY_LOSSY;
    spawn.screen = &screen;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &spawn, &terminal));
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "ready");

    orch_attach_options options = screen_attach_options(ORCH_DELIVERY_LOSSLESS);
    options.start = ORCH_START_RESUME;
    options.offset = 2;
    uint64_t reader = 0;
    orch_event event = host_event();
    CHECK_OK(orch_terminal_attach(engine, terminal, &options, &reader));
    screen_until_kind(engine, reader, ORCH_EVENT_OUTPUT, &event, NULL);
    CHECK_INT(event.payload.output->offset, 2);
    CHECK_BYTES(event.payload.output->data, event.payload.output->len, "ady");
    CHECK_OK(orch_reader_detach(engine, reader));
    options.offset = 6;
    CHECK_STATUS(orch_terminal_attach(engine, terminal, &options, &reader), ORCH_E_INVALID);

    host_type(engine, terminal, "\n");
    const uint64_t end = strlen("ready") + 168894 + 30000 + strlen("done");
    do {
        host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, NULL);
    } while (host_end(&event) < end);
    options.offset = 5;
    CHECK(host_state(engine, terminal).log_start > 5);
    CHECK_OK(orch_terminal_attach(engine, terminal, &options, &reader));
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_SNAPSHOT);
    const orch_event_snapshot *snapshot = event.payload.snapshot;
    CHECK_INT(snapshot->reader, reader);
    CHECK_INT(snapshot->offset, end);
    CHECK(check_contains(snapshot->data, snapshot->len, "30000\r\ndone"));
}

// A reader that asks for a snapshot gets it next, and goes on behind it.
static void asked_for(orch_engine *engine) {
    uint64_t terminal = screen_ready(engine, "stty -echo; printf ready; exec cat", NULL);
    uint64_t reader = screen_reader(engine, terminal);
    host_type(engine, terminal, "not read yet\n");
    while (host_state(engine, terminal).log_end < strlen("readynot read yet\r\n")) host_turn(engine);
    CHECK_OK(orch_reader_request_snapshot(engine, reader, 0));
    orch_event event = host_event();
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_SNAPSHOT);
    CHECK_INT(event.payload.snapshot->reader, reader);
    CHECK_INT(event.payload.snapshot->offset, strlen("readynot read yet\r\n"));
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    host_type(engine, terminal, "on\n");
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_OUTPUT);
    CHECK_BYTES(event.payload.output->data, event.payload.output->len, "on\r\n");
}

// The host clears the screen: readers learn where.
static void cleared(orch_engine *engine) {
    uint64_t terminal = screen_ready(engine, "stty -echo; seq 1 30; printf ready; exec cat", NULL);
    uint64_t reader = screen_reader(engine, terminal);
    uint64_t end = host_state(engine, terminal).log_end;
    CHECK_INT(host_state(engine, terminal).history, 21);
    CHECK_OK(orch_terminal_control(engine, terminal, ORCH_CONTROL_CLEAR));
    orch_event event = host_event();
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_CLEARED);
    CHECK_INT(event.payload.cleared->reader, reader);
    CHECK_INT(event.payload.cleared->offset, end);
    CHECK_INT(host_state(engine, terminal).history, 0);
    orch_bytes text = screen_text(engine, terminal, 100);
    CHECK_BYTES(text.data, text.len, "ready\n\n\n\n\n\n\n\n\n\n");
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    fed_to_another(engine);
    starts_with_one(engine);
    resumes(engine);
    asked_for(engine);
    cleared(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
