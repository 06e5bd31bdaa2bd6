// Terminals with a screen, what a screen shows as text, and a viewer that draws from updates alone.

#ifndef ORCHFLOW_TEST_SCREEN_H
#define ORCHFLOW_TEST_SCREEN_H

#include "host.h"

#define SCREEN_COLS 40
#define SCREEN_ROWS 10

static inline orch_screen_options screen_options(void) {
    orch_screen_options options;
    host_init(&options, sizeof options);
    return options;
}

static inline orch_attach_options screen_attach_options(uint32_t delivery) {
    orch_attach_options options;
    host_init(&options, sizeof options);
    options.delivery = delivery;
    return options;
}

// Starts `sh -c SCRIPT` in a terminal of SCREEN_COLS by SCREEN_ROWS with a screen and such a reader.
static inline uint64_t screen_sh(orch_engine *engine, const char *script, uint32_t delivery,
                                 const orch_screen_options *screen) {
    const orch_screen_options defaults = screen_options();
    orch_bytes argv[3];
    host_sh_argv(argv, script);
    orch_spawn_options options = host_options(argv, 3);
    options.window.cols = SCREEN_COLS;
    options.window.rows = SCREEN_ROWS;
    options.delivery = delivery;
    options.screen = screen == NULL ? &defaults : screen;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    return terminal;
}

// Starts a script that says "ready" and waits for that.
static inline uint64_t screen_ready(orch_engine *engine, const char *script,
                                    const orch_screen_options *screen) {
    uint64_t terminal = screen_sh(engine, script, ORCH_DELIVERY_LOSSLESS, screen);
    static host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "ready");
    return terminal;
}

static inline uint64_t screen_reader(orch_engine *engine, uint64_t terminal) {
    return host_state(engine, terminal).readers->reader;
}

static inline orch_screen_update screen_get(orch_engine *engine, uint64_t terminal,
                                            uint64_t generation) {
    orch_screen_update update;
    check_fill(&update, sizeof update);
    update.size = sizeof update;
    CHECK_OK(orch_terminal_get_screen(engine, terminal, generation, &update));
    CHECK_INT(update.size, sizeof update);
    CHECK_INT(update.reserved, 0);
    return update;
}

static inline orch_bytes screen_text(orch_engine *engine, uint64_t terminal, size_t scrollback) {
    orch_bytes text;
    check_fill(&text, sizeof text);
    CHECK_OK(orch_terminal_get_text(engine, terminal, scrollback, &text));
    return text;
}

// The text of a row without trailing blanks, terminated. Checks that the columns of its runs fit.
static inline void screen_row_text(const orch_rows *rows, const orch_row *row, char *out,
                                   size_t capacity) {
    size_t len = 0, cols = 0;
    for (size_t i = 0; i < row->run_count; i++) {
        const orch_run *run = host_run_at(rows, row, i);
        CHECK(run->text.len > 0 && run->cols > 0);
        CHECK(len + run->text.len < capacity);
        memcpy(out + len, run->text.data, run->text.len);
        len += run->text.len;
        cols += run->cols;
        CHECK_INT(run->reserved, 0);
    }
    CHECK(cols <= UINT16_MAX);
    while (len > 0 && out[len - 1] == ' ') len--;
    out[len] = '\0';
}

// The reader that an event is for; 0 for one without a reader.
static inline uint64_t screen_reader_of(const orch_event *event) {
    switch (event->kind) {
    case ORCH_EVENT_OUTPUT:
        return event->payload.output->reader;
    case ORCH_EVENT_GAP:
        return event->payload.gap->reader;
    case ORCH_EVENT_SCREEN:
        return event->payload.screen->reader;
    case ORCH_EVENT_SNAPSHOT:
        return event->payload.snapshot->reader;
    case ORCH_EVENT_CLEARED:
        return event->payload.cleared->reader;
    case ORCH_EVENT_DELIVERY_CHANGED:
        return event->payload.delivery_changed->reader;
    default:
        return 0;
    }
}

// What somebody sees who has nothing but the updates.
typedef struct screen_view {
    char rows[64][512];
    size_t height;
    uint64_t generation;
    uint32_t history;
    uint32_t viewport;
    orch_screen_cursor cursor;
    char title[64];
    size_t updates;
} screen_view;

static inline void screen_move(screen_view *view, const orch_scroll *scroll) {
    CHECK(scroll->top < scroll->bottom && scroll->bottom <= view->height);
    CHECK(scroll->rows != 0 && abs(scroll->rows) < scroll->bottom - scroll->top);
    static char moved[64][512];
    memcpy(moved, view->rows, sizeof moved);
    for (int row = scroll->top; row < scroll->bottom; row++) {
        int from = row + scroll->rows;
        if (from < scroll->top || from >= scroll->bottom) continue;
        memcpy(view->rows[row], moved[from], sizeof moved[0]);
    }
}

static inline void screen_apply(screen_view *view, const orch_screen_update *update) {
    CHECK(update != NULL);
    CHECK(update->size >= sizeof *update);
    CHECK(update->window.rows <= 64);
    if (view->updates == 0) CHECK(update->flags & ORCH_UPDATE_FULL);
    if (update->flags & ORCH_UPDATE_FULL) {
        CHECK_INT(update->rows.row_count, update->window.rows);
        CHECK_INT(update->scroll_count, 0);
        CHECK(update->title.data != NULL);
        view->height = update->window.rows;
    }
    CHECK_INT(update->window.rows, view->height);
    for (size_t i = 0; i < update->scroll_count; i++) screen_move(view, host_scroll_at(update, i));
    for (size_t i = 0; i < update->rows.row_count; i++) {
        const orch_row *row = host_row_at(&update->rows, i);
        int place = row->index + (int)update->viewport;
        CHECK(place >= 0 && place < (int)view->height);
        screen_row_text(&update->rows, row, view->rows[place], sizeof view->rows[place]);
    }
    if (update->title.data != NULL) {
        CHECK(update->title.len < sizeof view->title);
        memcpy(view->title, update->title.data, update->title.len);
        view->title[update->title.len] = '\0';
    }
    CHECK(update->generation >= view->generation);
    view->generation = update->generation;
    view->history = update->history;
    view->viewport = update->viewport;
    view->cursor = update->cursor;
    view->updates++;
}

static inline int screen_shows(const screen_view *view, const char *part) {
    for (size_t i = 0; i < view->height; i++) {
        if (strstr(view->rows[i], part) != NULL) return 1;
    }
    return 0;
}

// Draws the updates of a reader until `part` is to be seen.
static inline void screen_until(orch_engine *engine, uint64_t reader, screen_view *view,
                                const char *part) {
    orch_event event = host_event();
    while (!screen_shows(view, part)) {
        host_next(engine, &event);
        if (event.kind == ORCH_EVENT_SCREEN && event.payload.screen->reader == reader) {
            screen_apply(view, event.payload.screen->update);
        }
    }
}

// The next event of this kind for this reader; the updates on the way are drawn if `view` is not NULL.
static inline void screen_until_kind(orch_engine *engine, uint64_t reader, uint32_t kind,
                                     orch_event *event, screen_view *view) {
    do {
        host_next(engine, event);
        if (view != NULL && event->kind == ORCH_EVENT_SCREEN &&
            event->payload.screen->reader == reader) {
            screen_apply(view, event->payload.screen->update);
        }
    } while (event->kind != kind || screen_reader_of(event) != reader);
}

// The viewer sees what the terminal shows.
static inline void screen_check_view(orch_engine *engine, uint64_t terminal,
                                     const screen_view *view) {
    orch_bytes text = screen_text(engine, terminal, 0);
    static char drawn[64 * 512];
    size_t len = 0;
    for (size_t i = 0; i < view->height; i++) {
        len += (size_t)snprintf(drawn + len, sizeof drawn - len, "%s\n", view->rows[i]);
    }
    CHECK_BYTES(text.data, text.len, drawn);
}

static inline orch_search_options screen_search(const char *pattern, uint32_t flags) {
    orch_search_options search;
    host_init(&search, sizeof search);
    search.pattern = orch_str(pattern);
    search.flags = flags;
    return search;
}

// Every call about a screen is refused with this status and leaves its output alone. `all`: also
// those that need no screen.
static inline void screen_check_refused(orch_engine *engine, uint64_t terminal, uint64_t reader,
                                        int32_t status, int all) {
    orch_screen_update update, no_update;
    orch_snapshot snapshot, no_snapshot;
    orch_matches matches, no_matches;
    orch_rows rows;
    orch_bytes text;
    check_fill(&update, sizeof update);
    check_fill(&snapshot, sizeof snapshot);
    check_fill(&matches, sizeof matches);
    check_fill(&rows, sizeof rows);
    check_fill(&text, sizeof text);
    update.size = sizeof update;
    snapshot.size = sizeof snapshot;
    matches.size = sizeof matches;
    no_update = update;
    no_snapshot = snapshot;
    no_matches = matches;
    const orch_search_options search = screen_search("x", 0);
    CHECK_STATUS(orch_terminal_control(engine, terminal, ORCH_CONTROL_CLEAR), status);
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_SCROLL, 1), status);
    CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY, ORCH_DELIVERY_SCREEN),
                 status);
    CHECK_STATUS(orch_reader_request_snapshot(engine, reader, 1), status);
    CHECK_STATUS(orch_terminal_get_screen(engine, terminal, 0, &update), status);
    CHECK_STATUS(orch_terminal_get_rows(engine, terminal, 0, 1, &rows), status);
    CHECK_STATUS(orch_terminal_get_text(engine, terminal, 0, &text), status);
    CHECK_STATUS(orch_terminal_get_snapshot(engine, terminal, 0, &snapshot), status);
    CHECK_STATUS(orch_terminal_search(engine, terminal, &search, &matches), status);
    if (all) {
        CHECK_STATUS(orch_terminal_paste(engine, terminal, "x", 1), status);
        CHECK_STATUS(orch_reader_set(engine, reader, ORCH_READER_OPTION_DELIVERY,
                                     ORCH_DELIVERY_LOSSY), status);
    }
    CHECK_INT(memcmp(&update, &no_update, sizeof update), 0);
    CHECK_INT(memcmp(&snapshot, &no_snapshot, sizeof snapshot), 0);
    CHECK_INT(memcmp(&matches, &no_matches, sizeof matches), 0);
    CHECK(check_is_filled(&rows, sizeof rows));
    CHECK(check_is_filled(&text, sizeof text));
}

#endif
