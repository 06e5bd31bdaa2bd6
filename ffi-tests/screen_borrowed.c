// What events about screens and questions to them lend: good until the call that the header names,
// independent of each other. See borrowed.c for ORCHFLOW_DEBUG_LIBRARY.

#include "screen.h"

static int is_debug(void) {
    return getenv("ORCHFLOW_DEBUG_LIBRARY") != NULL;
}

static void check_overwritten(const void *data, size_t len) {
    for (size_t i = 0; i < len; i++) CHECK_INT(((const unsigned char *)data)[i], 0xDB);
}

// Every kind of question to another terminal.
static void ask(orch_engine *engine, uint64_t terminal) {
    orch_rows rows;
    orch_snapshot snapshot;
    orch_matches found;
    snapshot.size = sizeof snapshot;
    found.size = sizeof found;
    const orch_search_options search = screen_search("e", 0);
    screen_get(engine, terminal, 0);
    screen_text(engine, terminal, 100);
    CHECK_OK(orch_terminal_get_rows(engine, terminal, -10, 100, &rows));
    CHECK_OK(orch_terminal_get_snapshot(engine, terminal, 100, &snapshot));
    CHECK_OK(orch_terminal_search(engine, terminal, &search, &found));
    host_state(engine, terminal);
}

static const char script[] =
    "stty -echo; printf '\\033]2;title\\007\\033[31mred\\033]8;;http://a.b/\\007link\\033]8;;\\007"
    "\\033[0m ready'; exec cat";

static void check_update(const orch_screen_update *update, const char *text) {
    char shown[128];
    const orch_row *row = host_row_at(&update->rows, 0);
    screen_row_text(&update->rows, row, shown, sizeof shown);
    CHECK_BYTES(shown, strlen(shown), text);
    const orch_link *link = host_run_at(&update->rows, row, 1)->link;
    CHECK_BYTES(link->uri.data, link->uri.len, "http://a.b/");
    CHECK_BYTES(update->title.data, update->title.len, "title");
}

// The update of an event stays while questions are asked, and goes with the next event or turn.
static void event_update(orch_engine *engine, int with_turn) {
    uint64_t other = screen_ready(engine, "stty -echo; seq 1 50; printf ready; exec cat", NULL);
    uint64_t terminal = screen_ready(engine, script, NULL);
    orch_attach_options options = screen_attach_options(ORCH_DELIVERY_SCREEN);
    uint64_t viewer = 0;
    CHECK_OK(orch_terminal_attach(engine, terminal, &options, &viewer));
    orch_event event = host_event(), next = host_event();
    screen_until_kind(engine, viewer, ORCH_EVENT_SCREEN, &event, NULL);
    const orch_screen_update *update = event.payload.screen->update;
    check_update(update, "redlink ready");
    ask(engine, other);
    ask(engine, terminal);
    host_type(engine, terminal, "x\n");
    CHECK_OK(orch_terminal_control(engine, other, ORCH_CONTROL_CLEAR));
    CHECK_OK(orch_terminal_close(engine, other, 0));
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    check_update(update, "redlink ready");
    const orch_row *row = host_row_at(&update->rows, 0);
    const void *text = host_run_at(&update->rows, row, 0)->text.data;
    if (with_turn) {
        CHECK_OK(orch_engine_turn(engine, 0));
    } else {
        int32_t status = orch_engine_next_event(engine, &next);
        CHECK(status == ORCH_OK || status == ORCH_DONE);
        if (status == ORCH_OK && next.kind == ORCH_EVENT_SCREEN) return;
    }
    if (!is_debug()) return;
    check_overwritten(update, sizeof *update);
    check_overwritten(row, sizeof *row);
    check_overwritten(text, 3);
}

// What a question has lent stays through events and turns, until the next question with an answer.
static void questions(orch_engine *engine) {
    uint64_t terminal = screen_ready(engine, script, NULL);
    uint64_t stale = host_cat(engine);
    orch_event event = host_event();
    CHECK_OK(orch_terminal_close(engine, stale, 0));
    host_until(engine, stale, ORCH_EVENT_CLOSED, &event, NULL);
    orch_screen_update update = screen_get(engine, terminal, 0);
    host_type(engine, terminal, "\033[H\033]2;other\007gone gone gone\n");
    host_until(engine, terminal, ORCH_EVENT_TITLE, &event, NULL);
    const orch_bytes *title = &event.payload.title->title;
    CHECK_BYTES(title->data, title->len, "other");
    orch_bytes text;
    CHECK_STATUS(orch_terminal_get_text(engine, stale, 0, &text), ORCH_E_STALE_ID);
    CHECK_STATUS(orch_terminal_get_text(engine, terminal, 0, NULL), ORCH_E_INVALID);
    host_state(engine, terminal);
    check_update(&update, "redlink ready");
    const orch_row *row = host_row_at(&update.rows, 0);
    const void *red = host_run_at(&update.rows, row, 0)->text.data;
    // The text of the title's event is not touched by a question.
    text = screen_text(engine, terminal, 0);
    CHECK_BYTES(title->data, title->len, "other");
    CHECK(check_contains(text.data, text.len, "gone gone gone"));
    if (is_debug()) {
        check_overwritten(row, sizeof *row);
        check_overwritten(red, 3);
    }

    // Bytes and matches.
    char copy[1 << 12];
    CHECK(text.len < sizeof copy);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_BYTES(text.data, text.len, copy);

    terminal = screen_ready(engine, script, NULL);
    orch_matches found;
    found.size = sizeof found;
    const orch_search_options search = screen_search("link", 0);
    CHECK_OK(orch_terminal_search(engine, terminal, &search, &found));
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_INT(found.match_count, 1);
    CHECK_INT(host_match_at(&found, 0)->start_col, 3);
}

// Both texts of a notification are lent, and go together.
static void notification(orch_engine *engine) {
    uint64_t terminal = screen_sh(engine, "printf '\\033]777;notify;A title;A body\\007'; read x",
                                  ORCH_DELIVERY_NONE, NULL);
    orch_event event = host_event(), next = host_event();
    host_until(engine, terminal, ORCH_EVENT_NOTIFICATION, &event, NULL);
    ask(engine, terminal);
    const orch_event_notification *lent = event.payload.notification;
    const orch_bytes title = lent->title, body = lent->body;
    CHECK_BYTES(title.data, title.len, "A title");
    CHECK_BYTES(body.data, body.len, "A body");
    CHECK_STATUS(orch_engine_next_event(engine, &next), ORCH_DONE);
    if (!is_debug()) return;
    check_overwritten(lent, sizeof *lent);
    check_overwritten(title.data, title.len);
    check_overwritten(body.data, body.len);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    notification(engine);
    questions(engine);
    event_update(engine, 0);
    event_update(engine, 1);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
