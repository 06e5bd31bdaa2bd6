// The scrollback of a terminal of another engine: rows that are asked for, and a viewport.

#include "peer.h"
#include "screen.h"

static peer_pair pair;
static const orch_line_position top = {ORCH_LINE_NONE, 0};

// A terminal that has printed 1 to 500 in 5 rows and prints what is typed.
static uint64_t start(void) {
    orch_bytes argv[3];
    const orch_screen_options screen = ORCH_SCREEN_OPTIONS_INIT;
    host_sh_argv(argv, "stty -echo; seq 1 500; exec cat");
    orch_spawn_options spawn = host_options(argv, 3);
    spawn.screen = &screen;
    spawn.window.cols = 20;
    spawn.window.rows = 5;
    uint64_t terminal = 0;
    static host_text text;
    CHECK_OK(orch_terminal_spawn(pair.server, &spawn, &terminal));
    host_until_text(pair.server, terminal, &text, 0, "499\r\n500\r\n");
    return terminal;
}

static const orch_peer_rows *ask(uint64_t terminal, orch_line_position from, uint32_t above,
                                 uint32_t max) {
    uint64_t number = 0;
    CHECK_OK(peer_ask_rows(pair.mirror, pair.peer, terminal, from, above, max, &number));
    const orch_peer_rows *got = peer_reply(&pair, number, ORCH_REPLY_ROWS)->rows;
    CHECK(got->size == sizeof *got);
    CHECK_INT(got->cols, 20);
    CHECK_INT(got->history, 496);
    CHECK_INT(got->kept_start.line, 0);
    CHECK_INT(got->kept_end.line, 496);
    return got;
}

static void check_row(const orch_rows *rows, size_t at, int32_t index, int64_t line,
                      const char *text) {
    const orch_row *row = host_row_at(rows, at);
    char found[64];
    screen_row_text(rows, row, found, sizeof found);
    CHECK_INT(row->index, index);
    CHECK_INT(row->line.line, line);
    CHECK(strcmp(found, text) == 0);
}

static void rows(uint64_t terminal) {
    const orch_peer_rows *got = ask(terminal, top, 2, 2);
    CHECK_INT(got->rows.row_count, 4);
    check_row(&got->rows, 0, -2, 494, "495");
    check_row(&got->rows, 3, 1, 497, "498");
    got = ask(terminal, (orch_line_position){100, 0}, 1, 2);
    CHECK_INT(got->rows.row_count, 3);
    check_row(&got->rows, 0, -397, 99, "100");
    check_row(&got->rows, 2, -395, 101, "102");
    // All zeroes: from the oldest row on, of which none is asked for.
    got = ask(terminal, (orch_line_position){0, 0}, 0, 0);
    CHECK_INT(got->rows.row_count, 0);
    got = ask(terminal, (orch_line_position){0, 0}, 9, 1);
    CHECK_INT(got->rows.row_count, 1);
    check_row(&got->rows, 0, -496, 0, "1");
    uint64_t number = 0;
    CHECK_OK(peer_ask_rows(pair.mirror, pair.peer, 99, top, 0, 1, &number));
    CHECK_INT(peer_reply(&pair, number, ORCH_REPLY_FAILED)->status, ORCH_REMOTE_NOT_FOUND);
}

// The next update of the screen.
static const orch_screen_update *update(void) {
    return peer_until(&pair, ORCH_EVENT_PEER_SCREEN)->payload.peer_screen->update;
}

static void viewport(uint64_t terminal) {
    const orch_peer_attach_options options =
        peer_attach_options(ORCH_DELIVERY_SCREEN, ORCH_START_DEFAULT);
    CHECK_STATUS(orch_peer_scroll(pair.mirror, pair.peer, terminal, 1), ORCH_E_STALE_ID);
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, NULL));
    CHECK_STATUS(orch_peer_scroll(pair.mirror, pair.peer, terminal, 1), ORCH_E_INVALID);
    CHECK_OK(orch_peer_attach(pair.mirror, pair.peer, terminal, &options));
    CHECK_INT(update()->viewport, 0);
    CHECK_OK(orch_peer_scroll(pair.mirror, pair.peer, terminal, 100));
    const orch_screen_update *shown = update();
    CHECK_INT(shown->viewport, 100);
    CHECK_INT(shown->rows.row_count, 5);
    CHECK_INT(host_row_at(&shown->rows, 0)->index, -100);
    CHECK_INT(shown->line.line, 396);
    CHECK_OK(orch_peer_scroll(pair.mirror, pair.peer, terminal, UINT32_MAX));
    CHECK_INT(update()->viewport, 496);
    CHECK_OK(orch_peer_scroll(pair.mirror, pair.peer, terminal, 0));
    CHECK_INT(update()->viewport, 0);
}

int main(void) {
    check_start();
    peer_start(&pair, "127.0.0.1:0");
    uint64_t terminal = start();
    rows(terminal);
    viewport(terminal);
    // What has no number says which terminal it is about.
    CHECK_OK(orch_peer_write(pair.mirror, pair.peer, 99, "x", 1));
    const orch_event *event;
    do {
        event = peer_next(&pair);
    } while (event->kind != ORCH_EVENT_PEER_PROBLEM);
    CHECK_INT(event->payload.peer_problem->terminal, 99);
    peer_end(&pair);
    return 0;
}
