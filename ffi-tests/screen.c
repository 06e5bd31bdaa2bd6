// What a screen shows: colours, attributes, wide characters, links, the cursor, modes, the title; as an
// update, as rows, as text, in the state.

#include "screen.h"

static void check_run(const orch_rows *rows, const orch_row *row, size_t index, const char *text,
                      uint16_t cols, uint16_t flags) {
    CHECK(index < row->run_count);
    const orch_run *run = host_run_at(rows, row, index);
    CHECK_BYTES(run->text.data, run->text.len, text);
    CHECK_INT(run->cols, cols);
    CHECK_INT(run->flags, flags);
}

static void check_plain(const orch_rows *rows, const orch_row *row, size_t index) {
    const orch_run *run = host_run_at(rows, row, index);
    CHECK_INT(run->foreground, ORCH_COLOR_DEFAULT);
    CHECK_INT(run->background, ORCH_COLOR_DEFAULT);
    CHECK_INT(run->underline_color, ORCH_COLOR_DEFAULT);
    CHECK_INT(run->underline, ORCH_UNDERLINE_NONE);
    CHECK_INT(run->attributes, 0);
    CHECK(run->link == NULL);
}

static const char script[] =
    "printf '\\033[1;3;4:3;31;44;58:5:9mbold\\033[0m plain \\033[38;2;1;2;3;4mrgb\\033[0m\\n';"
    "printf '\\346\\227\\245\\346\\234\\254e\\314\\201x\\n';"
    "printf '\\033]8;id=me;http://example.org/\\033\\\\link\\033]8;;\\033\\\\ none\\n';"
    "printf '123456789012345678901234567890123456789012345\\n';"
    "printf '\\033[2;7;8;9;48;5;200;4:2mx\\033[0m\\n';"
    "printf '\\033]2;the title\\007\\033[8;7H\\033[4 q\\033[?2004h\\033[?1h\\033[?25l'";

static void styled_rows(const orch_rows *rows) {
    CHECK_INT(rows->row_count, SCREEN_ROWS);
    for (size_t i = 0; i < rows->row_count; i++) {
        const orch_row *row = host_row_at(rows, i);
        CHECK_INT(row->index, i);
        CHECK_INT(row->flags, i == 3 ? ORCH_ROW_WRAPPED : 0);
        if (i > 5) CHECK_INT(row->run_count, 0);
    }
    const orch_row *row = host_row_at(rows, 0);
    CHECK_INT(row->run_count, 3);
    check_run(rows, row, 0, "bold", 4, 0);
    const orch_run *run = host_run_at(rows, row, 0);
    CHECK_INT(run->foreground, ORCH_COLOR_INDEXED + 1);
    CHECK_INT(run->background, ORCH_COLOR_INDEXED + 4);
    CHECK_INT(run->underline_color, ORCH_COLOR_INDEXED + 9);
    CHECK_INT(run->underline, ORCH_UNDERLINE_CURLY);
    CHECK_INT(run->attributes, ORCH_ATTRIBUTE_BOLD + ORCH_ATTRIBUTE_ITALIC);
    check_run(rows, row, 1, " plain ", 7, 0);
    check_plain(rows, row, 1);
    check_run(rows, row, 2, "rgb", 3, 0);
    run = host_run_at(rows, row, 2);
    CHECK_INT(run->foreground, ORCH_COLOR_RGB + 0x010203);
    CHECK_INT(run->underline, ORCH_UNDERLINE_SINGLE);

    // Wide characters, and a cell with a combining character.
    row = host_row_at(rows, 1);
    CHECK_INT(row->run_count, 3);
    check_run(rows, row, 0, "\xE6\x97\xA5\xE6\x9C\xAC", 4, ORCH_RUN_WIDE);
    check_run(rows, row, 1, "e\xCC\x81", 1, 0);
    check_run(rows, row, 2, "x", 1, 0);

    row = host_row_at(rows, 2);
    CHECK_INT(row->run_count, 2);
    check_run(rows, row, 0, "link", 4, 0);
    const orch_link *link = host_run_at(rows, row, 0)->link;
    CHECK(link != NULL);
    CHECK_BYTES(link->id.data, link->id.len, "me");
    CHECK_BYTES(link->uri.data, link->uri.len, "http://example.org/");
    check_run(rows, row, 1, " none", 5, 0);
    check_plain(rows, row, 1);

    row = host_row_at(rows, 4);
    check_run(rows, row, 0, "12345", 5, 0);
    row = host_row_at(rows, 5);
    run = host_run_at(rows, row, 0);
    CHECK_INT(run->background, ORCH_COLOR_INDEXED + 200);
    CHECK_INT(run->underline, ORCH_UNDERLINE_DOUBLE);
    CHECK_INT(run->attributes, ORCH_ATTRIBUTE_DIM + ORCH_ATTRIBUTE_INVERSE + ORCH_ATTRIBUTE_HIDDEN +
                                   ORCH_ATTRIBUTE_STRIKEOUT);
}

static void check_cursor(const orch_screen_cursor *cursor) {
    CHECK_INT(cursor->row, 7);
    CHECK_INT(cursor->col, 6);
    CHECK_INT(cursor->shape, ORCH_CURSOR_SHAPE_UNDERLINE);
    CHECK_INT(cursor->flags, 0);
}

static void styled(orch_engine *engine) {
    uint64_t terminal = screen_sh(engine, script, ORCH_DELIVERY_LOSSLESS, NULL);
    host_until_exit(engine, terminal, 0, NULL);
    orch_terminal_state state = host_state(engine, terminal);
    const uint32_t modes = ORCH_SCREEN_MODE_BRACKETED_PASTE | ORCH_SCREEN_MODE_APPLICATION_CURSOR |
                           ORCH_SCREEN_MODE_AUTO_WRAP | ORCH_SCREEN_MODE_ALTERNATE_SCROLL;
    orch_screen_update update = screen_get(engine, terminal, 0);
    CHECK_INT(update.flags, ORCH_UPDATE_FULL);
    CHECK(update.generation > 0);
    CHECK_INT(update.offset, state.log_end);
    CHECK_INT(update.modes, modes);
    CHECK_INT(update.window.cols, SCREEN_COLS);
    CHECK_INT(update.window.rows, SCREEN_ROWS);
    CHECK_INT(update.history, 0);
    CHECK_INT(update.viewport, 0);
    CHECK_INT(update.scroll_count, 0);
    check_cursor(&update.cursor);
    CHECK_BYTES(update.title.data, update.title.len, "the title");
    styled_rows(&update.rows);

    // Nothing has changed since.
    orch_screen_update again = screen_get(engine, terminal, update.generation);
    CHECK_INT(again.flags, 0);
    CHECK_INT(again.generation, update.generation);
    CHECK_INT(again.rows.row_count, 0);
    CHECK(again.title.data == NULL);
    // A generation of the future is none that is known.
    again = screen_get(engine, terminal, UINT64_MAX);
    CHECK_INT(again.flags, ORCH_UPDATE_FULL);

    orch_rows rows;
    CHECK_OK(orch_terminal_get_rows(engine, terminal, 0, SCREEN_ROWS, &rows));
    styled_rows(&rows);

    CHECK_INT(state.flags, ORCH_TERMINAL_HAS_SCREEN | (state.flags & ORCH_TERMINAL_HUNG_UP));
    CHECK_BYTES(state.title.data, state.title.len, "the title");
    CHECK_INT(state.reported_cwd.len, 0);
    check_cursor(&state.cursor);
    CHECK_INT(state.modes, modes);
    CHECK_INT(state.history, 0);
    CHECK_INT(state.command_for_ns, -1);
    CHECK_INT(state.screen_failures, 0);
    CHECK_INT(state.last_exit_code, 0);
    CHECK(state.screen_bytes > 0);
    CHECK(host_stats(engine).screen_bytes > 0);
}

// What changed, and nothing else, comes for a generation that is known.
static void changes(orch_engine *engine) {
    uint64_t terminal = screen_ready(
        engine, "stty -echo; printf ready; read x; printf '\\033[5;1Hchanged\\033]2;new\\007!'; read x",
        NULL);
    orch_screen_update update = screen_get(engine, terminal, 0);
    CHECK_INT(update.title.len, 0);
    CHECK(update.title.data != NULL);
    uint64_t known = update.generation;
    host_type(engine, terminal, "\n");
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "!");
    update = screen_get(engine, terminal, known);
    CHECK_INT(update.flags, 0);
    CHECK(update.generation > known);
    CHECK_BYTES(update.title.data, update.title.len, "new");
    CHECK_INT(update.rows.row_count, 1);
    const orch_row *row = host_row_at(&update.rows, 0);
    CHECK_INT(row->index, 4);
    check_run(&update.rows, row, 0, "changed!", 8, 0);
}

static void scrollback(orch_engine *engine) {
    orch_screen_options options = screen_options();
    options.scrollback = 20;
    uint64_t terminal = screen_sh(engine, "seq 1 100", ORCH_DELIVERY_LOSSLESS, &options);
    host_until_exit(engine, terminal, 0, NULL);
    CHECK_INT(host_state(engine, terminal).history, 20);
    orch_bytes text = screen_text(engine, terminal, 0);
    CHECK_BYTES(text.data, text.len, "92\n93\n94\n95\n96\n97\n98\n99\n100\n\n");
    text = screen_text(engine, terminal, 2);
    CHECK(check_contains(text.data, text.len, "90\n91\n92\n"));
    CHECK(!check_contains(text.data, text.len, "89\n"));
    text = screen_text(engine, terminal, SIZE_MAX);
    CHECK_BYTES(text.data, 6, "72\n73\n");

    orch_rows rows;
    CHECK_OK(orch_terminal_get_rows(engine, terminal, -3, 5, &rows));
    CHECK_INT(rows.row_count, 5);
    for (int i = 0; i < 5; i++) {
        char expected[8], got[8];
        const orch_row *row = host_row_at(&rows, (size_t)i);
        snprintf(expected, sizeof expected, "%d", 89 + i);
        screen_row_text(&rows, row, got, sizeof got);
        CHECK_INT(row->index, i - 3);
        CHECK_BYTES(got, strlen(got), expected);
    }
    // As many as there are.
    CHECK_OK(orch_terminal_get_rows(engine, terminal, -1000, 1010, &rows));
    CHECK_INT(rows.row_count, 30);
    CHECK_OK(orch_terminal_get_rows(engine, terminal, -2, SIZE_MAX, &rows));
    CHECK_INT(rows.row_count, 12);
    CHECK_OK(orch_terminal_get_rows(engine, terminal, INT32_MAX, SIZE_MAX, &rows));
    CHECK_INT(rows.row_count, 0);
    CHECK_OK(orch_terminal_get_rows(engine, terminal, 0, 0, &rows));
    CHECK_INT(rows.row_count, 0);
}

// Programs get answers, and learn the colours of the options; or they get none.
static void answers(orch_engine *engine) {
    static const char asks[] =
        "stty raw -echo; printf '\\033[6n\\033]10;?\\007\\033]11;?\\007\\033]12;?\\007ready';"
        "exec cat -v";
    orch_screen_options options = screen_options();
    options.foreground = ORCH_COLOR_RGB + 0x112233;
    options.background = ORCH_COLOR_RGB + 0x445566;
    options.cursor = ORCH_COLOR_RGB + 0x778899;
    uint64_t terminal = screen_sh(engine, asks, ORCH_DELIVERY_LOSSLESS, &options);
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "^[[1;1R");
    host_until_text(engine, terminal, &text, 0, "10;rgb:1111/2222/3333");
    host_until_text(engine, terminal, &text, 0, "11;rgb:4444/5555/6666");
    host_until_text(engine, terminal, &text, 0, "12;rgb:7777/8888/9999");
    CHECK(host_state(engine, terminal).input_bytes > 0);
    const uint32_t none = ORCH_COLOR_DEFAULT;
    CHECK_STATUS(orch_terminal_set_colors(engine, terminal, none, 0x010203, none), ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "background");
    CHECK_STATUS(orch_terminal_set_colors(engine, terminal, ORCH_COLOR_INDEXED + 1, none, none),
                 ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "foreground");
    CHECK_STATUS(orch_terminal_set_colors(engine, terminal, none, none, ORCH_COLOR_RGB + 0x1000000),
                 ORCH_E_INVALID);
    CHECK_ERROR(engine, ORCH_E_INVALID, "cursor");
    CHECK_STATUS(orch_terminal_set_colors(engine, 12345, none, none, none), ORCH_E_STALE_ID);
    CHECK_OK(orch_terminal_set_colors(engine, terminal, ORCH_COLOR_RGB + 0x010203,
                                      ORCH_COLOR_RGB + 0xFFEEDD, none));

    options.flags = ORCH_SCREEN_NO_REPLIES;
    terminal = screen_sh(engine, asks, ORCH_DELIVERY_LOSSLESS, &options);
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "ready");
    host_type(engine, terminal, "typed");
    host_until_text(engine, terminal, &text, 0, "typed");
    CHECK_INT(host_state(engine, terminal).input_bytes, 5);
    CHECK(!check_contains(text.data, text.len, "R"));
}

// What is on the screen and its titles are read back by programs that the host trusts, and by no other.
static void readback(orch_engine *engine) {
    static const char asks[] =
        "stty raw -echo; printf '\033]2;mine\007A\033[7;1;1;1;1;1*y\033[21tready'; exec cat -v";
    orch_screen_options options = screen_options();
    CHECK_INT(options.flags, 0);
    uint64_t terminal = screen_ready(engine, asks, &options);
    CHECK_INT(host_state(engine, terminal).input_bytes, 0);
    options.flags = ORCH_SCREEN_READBACK;
    terminal = screen_sh(engine, asks, ORCH_DELIVERY_LOSSLESS, &options);
    host_text text;
    text.len = 0;
    host_until_text(engine, terminal, &text, 0, "^[P7!~FFBF^[\\^[]lmine^[\\");
}

// A screen with little on it takes little memory; its scrollback takes what its text takes.
static void memory(orch_engine *engine) {
    orch_screen_options options = screen_options();
    uint64_t terminal = screen_ready(engine, "printf ready; exec cat", &options);
    CHECK(host_state(engine, terminal).screen_bytes < 16 * 1024);
    terminal = screen_ready(engine, "stty -echo; seq 1 500; printf ready; exec cat", &options);
    orch_terminal_state state = host_state(engine, terminal);
    CHECK(state.screen_bytes < 64 * 1024);
    CHECK_INT(state.history, 491);
    orch_bytes text = screen_text(engine, terminal, SIZE_MAX);
    CHECK(check_contains(text.data, text.len, "\n499\n500\nready\n"));
    CHECK_BYTES(text.data, 8, "1\n2\n3\n4\n");
}

// No scrollback at all; 0 is the default of 1,000 rows.
static void no_scrollback(orch_engine *engine) {
    orch_screen_options options = screen_options();
    options.scrollback = 20;
    options.flags = ORCH_SCREEN_NO_SCROLLBACK;
    uint64_t terminal = screen_ready(engine, "seq 1 50; printf ready; exec cat", &options);
    CHECK_INT(host_state(engine, terminal).history, 0);
    options = screen_options();
    terminal = screen_ready(engine, "seq 1 2000; printf ready; exec cat", &options);
    CHECK_INT(host_state(engine, terminal).history, 1000);
}

// A terminal without a screen says so.
static void none(orch_engine *engine) {
    uint64_t terminal = host_cat(engine);
    orch_terminal_state state = host_state(engine, terminal);
    CHECK_INT(state.flags & (ORCH_TERMINAL_HAS_SCREEN | ORCH_TERMINAL_HAS_EXIT_CODE), 0);
    CHECK_INT(state.title.len, 0);
    CHECK_INT(state.command_for_ns, -1);
    CHECK_INT(state.screen_bytes, 0);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    styled(engine);
    changes(engine);
    scrollback(engine);
    answers(engine);
    readback(engine);
    memory(engine);
    no_scrollback(engine);
    none(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
