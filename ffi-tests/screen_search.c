// Search in a screen and its scrollback: text and expressions, wrapped lines, wide characters, bounds.

#include "screen.h"

static orch_matches find(orch_engine *engine, uint64_t terminal, const orch_search_options *search) {
    orch_matches found;
    check_fill(&found, sizeof found);
    found.size = sizeof found;
    CHECK_OK(orch_terminal_search(engine, terminal, search, &found));
    CHECK_INT(found.size, sizeof found);
    return found;
}

static void check_match(const orch_matches *found, size_t index, int32_t start_row,
                        uint32_t start_col, int32_t end_row, uint32_t end_col) {
    CHECK(index < found->match_count);
    const orch_match *match = host_match_at(found, index);
    CHECK_INT(match->start_row, start_row);
    CHECK_INT(match->start_col, start_col);
    CHECK_INT(match->end_row, end_row);
    CHECK_INT(match->end_col, end_col);
}

static const char prints[] =
    "seq 1 20; printf 'One one ONE\\n';"
    "printf 'a long line of text that goes on beyond the edge of the screen\\n';"
    "printf '\\346\\227\\245\\346\\234\\254 x \\346\\227\\245\\n'";

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    uint64_t terminal = screen_sh(engine, prints, ORCH_DELIVERY_LOSSLESS, NULL);
    host_until_exit(engine, terminal, 0, NULL);
    CHECK_INT(host_state(engine, terminal).history, 15);

    orch_search_options search = screen_search("one", 0);
    orch_matches found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 1);
    CHECK_INT(found.has_more, 0);
    CHECK_INT(found.next, 0);
    check_match(&found, 0, 5, 4, 5, 7);
    search.flags = ORCH_SEARCH_IGNORE_CASE;
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 3);
    check_match(&found, 2, 5, 8, 5, 11);

    // An expression; literal text is none.
    search = screen_search("^1.$", ORCH_SEARCH_REGEX);
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 10);
    check_match(&found, 0, -6, 0, -6, 2);
    search.flags = 0;
    CHECK_INT(find(engine, terminal, &search).match_count, 0);
    search = screen_search("O(n)E", ORCH_SEARCH_REGEX | ORCH_SEARCH_IGNORE_CASE);
    CHECK_INT(find(engine, terminal, &search).match_count, 3);

    // In a wrapped line, and behind wide characters.
    search = screen_search("beyond the", 0);
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 1);
    check_match(&found, 0, 6, 33, 7, 3);
    search = screen_search("\xE6\x97\xA5", 0);
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 2);
    check_match(&found, 0, 8, 0, 8, 2);
    check_match(&found, 1, 8, 7, 8, 9);

    // Bounds, and going on from where they ended.
    search = screen_search("1", 0);
    search.rows_max = 10;
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 2);
    CHECK_INT(found.has_more, 1);
    CHECK_INT(found.next, -5);
    search.flags = ORCH_SEARCH_FROM_ROW;
    search.from = found.next;
    search.rows_max = 0;
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 10);
    CHECK_INT(found.has_more, 0);
    check_match(&found, 0, -5, 0, -5, 1);
    // The bound is exact, also within a line: "11" has two, and the second one is where it goes on.
    search.matches_max = 1;
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 1);
    CHECK_INT(found.has_more, 1);
    CHECK_INT(found.next, -5);
    CHECK_INT(found.next_col, 1);
    search.from_col = found.next_col;
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 1);
    check_match(&found, 0, -5, 1, -5, 2);
    CHECK_INT(found.next, -4);
    CHECK_INT(found.next_col, 0);
    // A host that knows no columns gets on all the same.
    search.size = HOST_FIRST_SEARCH;
    found.size = HOST_FIRST_MATCHES;
    found.next_col = 7;
    CHECK_OK(orch_terminal_search(engine, terminal, &search, &found));
    check_match(&found, 0, -5, 0, -5, 1);
    CHECK_INT(found.next, -4);
    CHECK_INT(found.next_col, 7);
    host_init(&search, sizeof search);
    search.pattern = orch_str("1");

    search.flags = ORCH_SEARCH_FROM_ROW;
    search.from = 100;
    found = find(engine, terminal, &search);
    CHECK_INT(found.match_count, 0);
    CHECK_INT(found.has_more, 0);
    // Without a flag the fields that say where do not count: the search starts at the oldest row.
    search.flags = 0;
    search.from_line.line = 3;
    found = find(engine, terminal, &search);
    CHECK(found.match_count > 10);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
