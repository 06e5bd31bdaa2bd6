// Readers with ORCH_DELIVERY_SCREEN: what they draw from updates is what the terminal shows, at their
// pace, scrolled back or not; and how readers become viewers and bytes again.

#include "screen.h"

static uint64_t attach(orch_engine *engine, uint64_t terminal, const orch_attach_options *options) {
    uint64_t reader = 0;
    CHECK_OK(orch_terminal_attach(engine, terminal, options, &reader));
    return reader;
}

// A viewer without an interval on a terminal.
static uint64_t attach_viewer(orch_engine *engine, uint64_t terminal) {
    orch_attach_options options = screen_attach_options(ORCH_DELIVERY_SCREEN);
    options.flags = ORCH_ATTACH_NO_INTERVAL;
    return attach(engine, terminal, &options);
}

// Output of many kinds is drawn right, with and without an interval.
static void draws(orch_engine *engine) {
    uint64_t terminal = screen_sh(
        engine,
        "printf ready; read x; seq 1 500; printf '\\033[3;3Hinside\\033[2;6r\\033[6;1H\\n\\n\\033[r';"
        "printf '\\033[1;1H\\033[L\\033[2Ptop\\033]2;t\\007'; read x; seq 501 600; sleep 0.05;"
        "printf '\\033[2J\\033[5;5H'; printf '\\346\\227\\245\\346\\234\\254 end'; read x",
        ORCH_DELIVERY_SCREEN, NULL);
    static screen_view views[2];
    memset(views, 0, sizeof views);
    uint64_t readers[2];
    readers[0] = screen_reader(engine, terminal);
    readers[1] = attach_viewer(engine, terminal);
    orch_event event = host_event();
    static const char *const marks[] = {"ready", "top", "end"};
    for (size_t i = 0; i < 3; i++) {
        while (!screen_shows(&views[0], marks[i]) || !screen_shows(&views[1], marks[i])) {
            host_next(engine, &event);
            if (event.kind == ORCH_EVENT_TITLE) continue;
            CHECK_INT(event.kind, ORCH_EVENT_SCREEN);
            CHECK_INT(event.source, terminal);
            const orch_event_screen *screen = event.payload.screen;
            CHECK(screen->reader == readers[0] || screen->reader == readers[1]);
            screen_apply(&views[screen->reader == readers[1]], screen->update);
        }
        // What is on its way, and nothing after it.
        CHECK_SYS(usleep(30000));
        do {
            while (orch_engine_next_event(engine, &event) == ORCH_OK) {
                if (event.kind != ORCH_EVENT_SCREEN) continue;
                const orch_event_screen *screen = event.payload.screen;
                screen_apply(&views[screen->reader == readers[1]], screen->update);
            }
            CHECK_OK(orch_engine_turn(engine, 0));
        } while (host_is_readable(engine));
        for (size_t v = 0; v < 2; v++) {
            screen_check_view(engine, terminal, &views[v]);
            CHECK_INT(views[v].generation, screen_get(engine, terminal, 0).generation);
        }
        host_type(engine, terminal, "\n");
    }
    CHECK(views[0].updates >= 3 && views[1].updates >= 3);
    CHECK_BYTES(views[0].title, strlen(views[0].title), "t");
    CHECK_INT(views[1].cursor.row, 4);
    CHECK_INT(host_state(engine, terminal).readers->delivery, ORCH_DELIVERY_SCREEN);
}

// A long interval makes few updates of much output, and the last one is there in the end.
static void interval(orch_engine *engine) {
    uint64_t terminal =
        screen_sh(engine, "read x; i=0; while [ $i -lt 50 ]; do echo $i; sleep 0.004; i=$((i+1)); done;"
                          "printf end; read x",
                  ORCH_DELIVERY_NONE, NULL);
    orch_attach_options options = screen_attach_options(ORCH_DELIVERY_SCREEN);
    options.interval_us = 10000000;
    uint64_t slow = attach(engine, terminal, &options);
    options.interval_us = 0;
    uint64_t usual = attach(engine, terminal, &options);
    static screen_view of_slow, of_usual;
    orch_event event = host_event();
    host_type(engine, terminal, "\n");
    while (!screen_shows(&of_usual, "end")) {
        host_next(engine, &event);
        CHECK_INT(event.kind, ORCH_EVENT_SCREEN);
        const orch_event_screen *screen = event.payload.screen;
        screen_apply(screen->reader == slow ? &of_slow : &of_usual, screen->update);
    }
    CHECK_INT(event.payload.screen->reader, usual);
    CHECK(of_slow.updates >= 1 && of_slow.updates <= 2);
    CHECK(!screen_shows(&of_slow, "end"));
    // It comes at once when the program ends.
    host_type(engine, terminal, "\n");
    screen_until(engine, slow, &of_slow, "end");
}

static void scrolls_back(orch_engine *engine) {
    uint64_t terminal = screen_ready(
        engine, "stty -echo; seq 1 100; printf ready; read x; seq 101 105; printf more; read x", NULL);
    uint64_t viewer = attach_viewer(engine, terminal);
    static screen_view view;
    memset(&view, 0, sizeof view);
    screen_until(engine, viewer, &view, "ready");
    CHECK_INT(view.history, 91);
    CHECK_INT(view.viewport, 0);

    CHECK_OK(orch_reader_set(engine, viewer, ORCH_READER_OPTION_SCROLL, 5));
    screen_until(engine, viewer, &view, "87");
    CHECK_INT(view.viewport, 5);
    CHECK_BYTES(view.rows[0], strlen(view.rows[0]), "87");
    CHECK_BYTES(view.rows[9], strlen(view.rows[9]), "96");
    // Further output leaves the view where it is.
    host_type(engine, terminal, "\n");
    host_text text;
    text.len = 0;
    orch_event event = host_event();
    while (!check_contains(text.data, text.len, "more")) {
        host_next(engine, &event);
        if (event.kind == ORCH_EVENT_OUTPUT) host_append(&text, &event);
        if (event.kind == ORCH_EVENT_SCREEN) screen_apply(&view, event.payload.screen->update);
    }
    while (view.viewport != 10) {
        host_next(engine, &event);
        if (event.kind == ORCH_EVENT_SCREEN) screen_apply(&view, event.payload.screen->update);
    }
    CHECK_BYTES(view.rows[0], strlen(view.rows[0]), "87");
    // At most as far as there are rows.
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = terminal;
    op.kind = ORCH_OP_SCROLL_TO;
    op.reader = viewer;
    op.value = UINT32_MAX;
    int32_t status = 9;
    CHECK_OK(orch_terminal_batch(engine, &op, 1, sizeof op, &status, NULL));
    CHECK_OK(status);
    screen_until_kind(engine, viewer, ORCH_EVENT_SCREEN, &event, &view);
    CHECK_INT(view.viewport, 96);
    CHECK_BYTES(view.rows[0], strlen(view.rows[0]), "1");
    CHECK_OK(orch_reader_set(engine, viewer, ORCH_READER_OPTION_SCROLL, 0));
    screen_until(engine, viewer, &view, "more");
    CHECK_INT(view.viewport, 0);
    screen_check_view(engine, terminal, &view);

    // Clearing reaches viewers as an update.
    op.kind = ORCH_OP_CLEAR;
    CHECK_OK(orch_terminal_batch(engine, &op, 1, sizeof op, &status, NULL));
    CHECK_OK(status);
    screen_until_kind(engine, viewer, ORCH_EVENT_SCREEN, &event, &view);
    CHECK_INT(view.history, 0);
    CHECK_BYTES(view.rows[0], strlen(view.rows[0]), "more");
    CHECK_BYTES(view.rows[1], strlen(view.rows[1]), "");
    screen_check_view(engine, terminal, &view);
}

// Pasted text is harmless, and bracketed for a program that asked for it; the same as an operation,
// and from a sender.
static void pastes(orch_engine *engine) {
    uint64_t terminal = screen_sh(
        engine, "stty raw -echo; printf 'ready\\033[?2004h'; exec cat -v", ORCH_DELIVERY_LOSSLESS, NULL);
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "\033[?2004h");
    static const char pasted[] = "a\r\nb\033[201~\003c";
    CHECK_OK(orch_terminal_paste(engine, terminal, pasted, strlen(pasted)));
    host_until_text(engine, terminal, &text, 0, "^[[200~a^Mbc^[[201~");
    orch_op op;
    memset(&op, 0, sizeof op);
    op.terminal = terminal;
    op.kind = ORCH_OP_PASTE;
    op.data = "batch";
    op.len = 5;
    int32_t status = 9;
    CHECK_OK(orch_terminal_batch(engine, &op, 1, sizeof op, &status, NULL));
    CHECK_OK(status);
    host_until_text(engine, terminal, &text, 0, "^[[200~batch^[[201~");
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    op.data = "posted";
    op.len = 6;
    CHECK_OK(host_post_op(sender, &op, sizeof op, 1));
    CHECK_OK(orch_sender_destroy(sender));
    host_until_text(engine, terminal, &text, 0, "^[[200~posted^[[201~");

    // Without a screen nothing is known of brackets.
    terminal = host_sh(engine, "stty raw -echo; printf '\\033[?2004h'; exec cat -v");
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "\033[?2004h");
    CHECK_OK(orch_terminal_paste(engine, terminal, pasted, strlen(pasted)));
    host_until_text(engine, terminal, &text, 0, "a^Mbc");
}

static void changes_delivery(orch_engine *engine) {
    uint64_t terminal = screen_ready(engine, "stty -echo; printf ready; exec cat", NULL);
    uint64_t reader = screen_reader(engine, terminal);
    static screen_view view;
    memset(&view, 0, sizeof view);
    orch_event event = host_event();
    // To the screen: all of it comes.
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_SCREEN));
    CHECK_INT(host_state(engine, terminal).readers->delivery, ORCH_DELIVERY_SCREEN);
    screen_until(engine, reader, &view, "ready");
    host_type(engine, terminal, "typed\n");
    screen_until(engine, reader, &view, "typed");
    // To bytes: a snapshot comes, and they go on from there.
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_LOSSLESS));
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_SNAPSHOT);
    const orch_event_snapshot *snapshot = event.payload.snapshot;
    CHECK_INT(snapshot->offset, strlen("readytyped\r\n"));
    CHECK(check_contains(snapshot->data, snapshot->len, "readytyped"));
    host_type(engine, terminal, "on\n");
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_OUTPUT);
    CHECK_BYTES(event.payload.output->data, event.payload.output->len, "on\r\n");
    // Between kinds of bytes nothing comes between.
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_LOSSY));
    CHECK_INT(host_state(engine, terminal).readers->delivery, ORCH_DELIVERY_LOSSY);
    CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
}

// A reader that reads nothing becomes a viewer: by bytes, by age.
static void downgrades(orch_engine *engine, uint64_t bytes, uint32_t age_ms) {
    uint64_t terminal =
        screen_sh(engine, "read x; seq 1 1000; printf end; read x", ORCH_DELIVERY_NONE, NULL);
    orch_attach_options options = screen_attach_options(ORCH_DELIVERY_LOSSLESS);
    options.downgrade_bytes = bytes;
    options.downgrade_age_ms = age_ms;
    uint64_t reader = attach(engine, terminal, &options);
    host_type(engine, terminal, "\n");
    orch_terminal_state state;
    do {
        CHECK_OK(orch_engine_turn(engine, 1));
        state = host_state(engine, terminal);
    } while (state.readers->delivery == ORCH_DELIVERY_LOSSLESS);
    CHECK_INT(state.readers->delivery, ORCH_DELIVERY_SCREEN);
    orch_event event = host_event();
    do {
        check_fill(&event, sizeof event);
        event.size = sizeof event;
        host_next(engine, &event);
    } while (event.kind == ORCH_EVENT_OUTPUT);
    CHECK_INT(event.kind, ORCH_EVENT_DELIVERY_CHANGED);
    CHECK_INT(event.payload.delivery_changed->reader, reader);
    CHECK_INT(event.payload.delivery_changed->delivery, ORCH_DELIVERY_SCREEN);
    CHECK_INT(event.payload.delivery_changed->reserved, 0);
    static screen_view view;
    memset(&view, 0, sizeof view);
    screen_until(engine, reader, &view, "end");
    screen_check_view(engine, terminal, &view);
    CHECK_OK(orch_terminal_close(engine, terminal, 0));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    draws(engine);
    CHECK_OK(orch_engine_destroy(engine));
    engine = host_engine();
    interval(engine);
    scrolls_back(engine);
    pastes(engine);
    changes_delivery(engine);
    CHECK_OK(orch_engine_destroy(engine));
    engine = host_engine();
    downgrades(engine, 1000, 0);
    downgrades(engine, 0, 1);
    downgrades(engine, UINT64_MAX, 20);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
