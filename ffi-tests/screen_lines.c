// Lines and their numbers: places that stay when rows scroll away and the size changes, and marks.

#include "screen.h"

static int32_t row_of(orch_engine *engine, uint64_t terminal, orch_line_position place) {
    int32_t row = INT32_MAX;
    uint32_t col = UINT32_MAX;
    CHECK_OK(orch_terminal_get_position(engine, terminal, place, &row, &col));
    orch_rows rows;
    CHECK_OK(orch_terminal_get_rows(engine, terminal, row, 1, &rows));
    CHECK_INT(rows.row_count, 1);
    const orch_row *found = host_row_at(&rows, 0);
    CHECK_INT(found->line.line, place.line);
    CHECK_INT(found->line.col + col, place.col);
    return row;
}

static orch_match only_match(orch_engine *engine, uint64_t terminal, const char *text) {
    const orch_search_options search = screen_search(text, 0);
    orch_matches found;
    found.size = sizeof found;
    CHECK_OK(orch_terminal_search(engine, terminal, &search, &found));
    CHECK_INT(found.match_count, 1);
    CHECK_INT(found.next_line.line, ORCH_LINE_NONE);
    return *host_match_at(&found, 0);
}

static void refused(orch_engine *engine, uint64_t terminal, orch_line_position place) {
    int32_t row = 7;
    uint32_t col = 8;
    CHECK_STATUS(orch_terminal_get_position(engine, terminal, place, &row, &col), ORCH_E_NOT_FOUND);
    CHECK_INT(row, 7);
    CHECK_INT(col, 8);
}

static const char prints[] =
    "stty raw -echo; seq 1 20 | sed 's/$/\\r/';"
    "printf '\\033]133;A\\007$ \\033]133;B\\007';"
    "printf 'a long line of text that goes on beyond the edge of the screen\\r\\n';"
    "printf ready; read x; printf '\\033[?1049hother'; read x; printf '\\033[?1049l\\033[3Jthe end'; exec cat";

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    uint64_t terminal = screen_ready(engine, prints, NULL);
    const orch_match match = only_match(engine, terminal, "beyond");
    CHECK_INT(match.start.line, 20);
    CHECK_INT(match.start.col, 35);
    CHECK_INT(match.end.line, 20);
    CHECK_INT(match.end.col, 41);
    CHECK_INT(row_of(engine, terminal, match.start), match.start_row);

    // The mark is at the beginning of the same line.
    orch_marks marks;
    check_fill(&marks, sizeof marks);
    marks.size = sizeof marks;
    CHECK_OK(orch_terminal_get_marks(engine, terminal, &marks));
    CHECK_INT(marks.size, sizeof marks);
    CHECK_INT(marks.mark_count, 2);
    CHECK_INT(host_mark_at(&marks, 0)->kind, ORCH_MARK_PROMPT_START);
    CHECK_INT(host_mark_at(&marks, 0)->position.line, 20);
    CHECK_INT(host_mark_at(&marks, 0)->position.col, 0);
    CHECK_INT(host_mark_at(&marks, 1)->kind, ORCH_MARK_COMMAND_START);
    CHECK_INT(host_mark_at(&marks, 1)->position.col, 2);

    // Narrower: the same place is in another row.
    orch_size narrow = {20, 6, 0, 0};
    CHECK_OK(orch_terminal_resize(engine, terminal, narrow));
    CHECK(row_of(engine, terminal, match.start) != match.start_row);

    // In slices, from place to place.
    orch_search_options search = screen_search("1", 0);
    search.matches_max = 3;
    size_t count = 0;
    for (;;) {
        orch_matches found;
        found.size = sizeof found;
        CHECK_OK(orch_terminal_search(engine, terminal, &search, &found));
        count += found.match_count;
        if (found.has_more == 0) break;
        CHECK(found.next_line.line != ORCH_LINE_NONE);
        search.flags = ORCH_SEARCH_FROM_LINE;
        search.from_line = found.next_line;
    }
    CHECK_INT(count, 12);

    orch_snapshot snapshot;
    snapshot.size = sizeof snapshot;
    CHECK_OK(orch_terminal_get_snapshot(engine, terminal, 1000, &snapshot));
    CHECK_INT(snapshot.line.line, 0);
    CHECK_OK(orch_terminal_get_snapshot(engine, terminal, 0, &snapshot));
    CHECK(snapshot.line.line > 0);

    // Hidden, gone, none at all.
    static host_text text;
    text.len = 0;
    host_type(engine, terminal, "\n");
    host_until_text(engine, terminal, &text, 0, "other");
    refused(engine, terminal, match.start);
    CHECK_INT(only_match(engine, terminal, "other").start.line, ORCH_LINE_NONE);
    host_type(engine, terminal, "\n");
    host_until_text(engine, terminal, &text, 0, "the end");
    orch_line_position place = {0, 0};
    refused(engine, terminal, place);
    place.line = ORCH_LINE_NONE;
    refused(engine, terminal, place);
    int32_t row;
    uint32_t col;
    CHECK_STATUS(orch_terminal_get_position(engine, terminal, place, NULL, &col), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_position(engine, terminal, place, &row, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_get_marks(engine, terminal, NULL), ORCH_E_INVALID);
    marks.size = sizeof marks - 1;
    CHECK_STATUS(orch_terminal_get_marks(engine, terminal, &marks), ORCH_E_INVALID);
    marks.size = sizeof marks;
    CHECK_STATUS(orch_terminal_get_marks(engine, terminal + 1, &marks), ORCH_E_STALE_ID);
    place.line = 0;
    CHECK_STATUS(orch_terminal_get_position(engine, terminal + 1, place, &row, &col), ORCH_E_STALE_ID);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
