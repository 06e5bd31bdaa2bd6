// The binary interface in numbers: sizes and offsets of every struct, values of every constant. They
// are what a compiled host relies on, so a change of one of them breaks hosts, and has to break this.

#include "check.h"

#include <orchflow.h>
#include <stddef.h>

// A static assertion that C99 has as well: an array of a negative size does not compile.
#define JOIN_AGAIN(a, b) a##b
#define JOIN(a, b) JOIN_AGAIN(a, b)
#define HOLDS(condition) extern char JOIN(holds_, __LINE__)[(condition) ? 1 : -1]

#define SIZE(type, bytes) HOLDS(sizeof(type) == (bytes))
#define FIELD(type, field, at, bytes) \
    HOLDS(offsetof(type, field) == (at) && sizeof(((type *)0)->field) == (bytes))
#define VALUE(name, number) HOLDS((name) == (number))

SIZE(orch_config, 192);
FIELD(orch_config, size, 0, 8);
FIELD(orch_config, log_level, 8, 4);
FIELD(orch_config, reserved, 12, 4);
FIELD(orch_config, terminals, 16, 8);
FIELD(orch_config, readers_per_terminal, 24, 8);
FIELD(orch_config, log_bytes, 32, 8);
FIELD(orch_config, log_bytes_max, 40, 8);
FIELD(orch_config, log_bytes_total, 48, 8);
FIELD(orch_config, input_bytes, 56, 8);
FIELD(orch_config, inbox_commands, 64, 8);
FIELD(orch_config, inbox_bytes, 72, 8);
FIELD(orch_config, events, 80, 8);
FIELD(orch_config, turn_bytes_per_terminal, 88, 8);
FIELD(orch_config, turn_bytes, 96, 8);
FIELD(orch_config, turn_time_us, 104, 4);
FIELD(orch_config, turn_time_typing_us, 108, 4);
FIELD(orch_config, typing_window_ms, 112, 4);
FIELD(orch_config, resize_interval_ms, 116, 4);
FIELD(orch_config, screen_cells, 120, 8);
FIELD(orch_config, scrollback_rows, 128, 8);
FIELD(orch_config, screen_bytes_total, 136, 8);
FIELD(orch_config, watches, 144, 8);
FIELD(orch_config, watch_entries, 152, 8);
FIELD(orch_config, watch_dirty_names, 160, 8);
FIELD(orch_config, watch_batch_events, 168, 8);
FIELD(orch_config, watch_read_bytes, 176, 8);
FIELD(orch_config, watch_tombstones, 184, 8);

SIZE(orch_bytes, 16);
FIELD(orch_bytes, data, 0, 8);
FIELD(orch_bytes, len, 8, 8);

SIZE(orch_error, 32);
FIELD(orch_error, size, 0, 8);
FIELD(orch_error, status, 8, 4);
FIELD(orch_error, os_error, 12, 4);
FIELD(orch_error, message, 16, 16);

SIZE(orch_size, 8);
FIELD(orch_size, cols, 0, 2);
FIELD(orch_size, rows, 2, 2);
FIELD(orch_size, pixel_width, 4, 2);
FIELD(orch_size, pixel_height, 6, 2);

SIZE(orch_screen_options, 40);
FIELD(orch_screen_options, size, 0, 8);
FIELD(orch_screen_options, scrollback, 8, 8);
FIELD(orch_screen_options, flags, 16, 4);
FIELD(orch_screen_options, foreground, 20, 4);
FIELD(orch_screen_options, background, 24, 4);
FIELD(orch_screen_options, cursor, 28, 4);
FIELD(orch_screen_options, hibernate_after_ms, 32, 4);
FIELD(orch_screen_options, reserved, 36, 4);

SIZE(orch_spawn_options, 96);
FIELD(orch_spawn_options, size, 0, 8);
FIELD(orch_spawn_options, argv, 8, 8);
FIELD(orch_spawn_options, argv_len, 16, 8);
FIELD(orch_spawn_options, env, 24, 8);
FIELD(orch_spawn_options, env_len, 32, 8);
FIELD(orch_spawn_options, env_clear, 40, 4);
FIELD(orch_spawn_options, delivery, 44, 4);
FIELD(orch_spawn_options, cwd, 48, 16);
FIELD(orch_spawn_options, window, 64, 8);
FIELD(orch_spawn_options, log_bytes, 72, 8);
FIELD(orch_spawn_options, tag, 80, 8);
FIELD(orch_spawn_options, screen, 88, 8);

SIZE(orch_adopt_options, 48);
FIELD(orch_adopt_options, size, 0, 8);
FIELD(orch_adopt_options, pid, 8, 4);
FIELD(orch_adopt_options, delivery, 12, 4);
FIELD(orch_adopt_options, window, 16, 8);
FIELD(orch_adopt_options, log_bytes, 24, 8);
FIELD(orch_adopt_options, tag, 32, 8);
FIELD(orch_adopt_options, screen, 40, 8);

SIZE(orch_attach_options, 48);
FIELD(orch_attach_options, size, 0, 8);
FIELD(orch_attach_options, delivery, 8, 4);
FIELD(orch_attach_options, start, 12, 4);
FIELD(orch_attach_options, offset, 16, 8);
FIELD(orch_attach_options, interval_us, 24, 4);
FIELD(orch_attach_options, downgrade_age_ms, 28, 4);
FIELD(orch_attach_options, downgrade_bytes, 32, 8);
FIELD(orch_attach_options, scrollback, 40, 8);

SIZE(orch_op, 56);
FIELD(orch_op, terminal, 0, 8);
FIELD(orch_op, kind, 8, 4);
FIELD(orch_op, value, 12, 4);
FIELD(orch_op, signal, 16, 4);
FIELD(orch_op, reserved, 20, 4);
FIELD(orch_op, data, 24, 8);
FIELD(orch_op, len, 32, 8);
FIELD(orch_op, window, 40, 8);
FIELD(orch_op, reader, 48, 8);

SIZE(orch_batch_result, 40);
FIELD(orch_batch_result, size, 0, 8);
FIELD(orch_batch_result, total, 8, 8);
FIELD(orch_batch_result, succeeded, 16, 8);
FIELD(orch_batch_result, failed, 24, 8);
FIELD(orch_batch_result, duration_ns, 32, 8);

SIZE(orch_cursor, 12);
FIELD(orch_cursor, row, 0, 2);
FIELD(orch_cursor, col, 2, 2);
FIELD(orch_cursor, shape, 4, 4);
FIELD(orch_cursor, flags, 8, 4);

SIZE(orch_scroll, 8);
FIELD(orch_scroll, top, 0, 2);
FIELD(orch_scroll, bottom, 2, 2);
FIELD(orch_scroll, rows, 4, 4);

SIZE(orch_link, 32);
FIELD(orch_link, id, 0, 16);
FIELD(orch_link, uri, 16, 16);

SIZE(orch_run, 48);
FIELD(orch_run, text, 0, 16);
FIELD(orch_run, link, 16, 8);
FIELD(orch_run, foreground, 24, 4);
FIELD(orch_run, background, 28, 4);
FIELD(orch_run, underline_color, 32, 4);
FIELD(orch_run, underline, 36, 2);
FIELD(orch_run, attributes, 38, 2);
FIELD(orch_run, cols, 40, 2);
FIELD(orch_run, flags, 42, 2);
FIELD(orch_run, reserved, 44, 4);

SIZE(orch_row, 24);
FIELD(orch_row, index, 0, 4);
FIELD(orch_row, flags, 4, 4);
FIELD(orch_row, runs, 8, 8);
FIELD(orch_row, run_count, 16, 8);

SIZE(orch_rows, 32);
FIELD(orch_rows, rows, 0, 8);
FIELD(orch_rows, row_count, 8, 8);
FIELD(orch_rows, row_stride, 16, 8);
FIELD(orch_rows, run_stride, 24, 8);

SIZE(orch_screen_update, 136);
FIELD(orch_screen_update, size, 0, 8);
FIELD(orch_screen_update, generation, 8, 8);
FIELD(orch_screen_update, offset, 16, 8);
FIELD(orch_screen_update, flags, 24, 4);
FIELD(orch_screen_update, modes, 28, 4);
FIELD(orch_screen_update, window, 32, 8);
FIELD(orch_screen_update, history, 40, 4);
FIELD(orch_screen_update, viewport, 44, 4);
FIELD(orch_screen_update, cursor, 48, 12);
FIELD(orch_screen_update, reserved, 60, 4);
FIELD(orch_screen_update, title, 64, 16);
FIELD(orch_screen_update, scrolls, 80, 8);
FIELD(orch_screen_update, scroll_count, 88, 8);
FIELD(orch_screen_update, scroll_stride, 96, 8);
FIELD(orch_screen_update, rows, 104, 32);

SIZE(orch_event, 168);
FIELD(orch_event, size, 0, 8);
FIELD(orch_event, kind, 8, 4);
FIELD(orch_event, level, 12, 4);
FIELD(orch_event, terminal, 16, 8);
FIELD(orch_event, reader, 24, 8);
FIELD(orch_event, tag, 32, 8);
FIELD(orch_event, offset, 40, 8);
FIELD(orch_event, end, 48, 8);
FIELD(orch_event, data, 56, 8);
FIELD(orch_event, len, 64, 8);
FIELD(orch_event, status, 72, 4);
FIELD(orch_event, exit_kind, 76, 4);
FIELD(orch_event, exit_value, 80, 4);
FIELD(orch_event, core_dumped, 84, 4);
FIELD(orch_event, update, 88, 8);
FIELD(orch_event, title, 96, 16);
FIELD(orch_event, duration_ns, 112, 8);
FIELD(orch_event, window, 120, 8);
FIELD(orch_event, value, 128, 4);
FIELD(orch_event, reserved, 132, 4);
FIELD(orch_event, watch, 136, 8);
FIELD(orch_event, version, 144, 16);
FIELD(orch_event, batch, 160, 8);

SIZE(orch_reader_state, 32);
FIELD(orch_reader_state, reader, 0, 8);
FIELD(orch_reader_state, delivery, 8, 4);
FIELD(orch_reader_state, paused, 12, 4);
FIELD(orch_reader_state, offset, 16, 8);
FIELD(orch_reader_state, backlog, 24, 8);

SIZE(orch_terminal_state, 240);
FIELD(orch_terminal_state, size, 0, 8);
FIELD(orch_terminal_state, terminal, 8, 8);
FIELD(orch_terminal_state, tag, 16, 8);
FIELD(orch_terminal_state, pid, 24, 4);
FIELD(orch_terminal_state, foreground_pid, 28, 4);
FIELD(orch_terminal_state, foreground_name, 32, 16);
FIELD(orch_terminal_state, cwd, 48, 16);
FIELD(orch_terminal_state, window, 64, 8);
FIELD(orch_terminal_state, flags, 72, 4);
FIELD(orch_terminal_state, exit_kind, 76, 4);
FIELD(orch_terminal_state, exit_value, 80, 4);
FIELD(orch_terminal_state, core_dumped, 84, 4);
FIELD(orch_terminal_state, log_start, 88, 8);
FIELD(orch_terminal_state, log_end, 96, 8);
FIELD(orch_terminal_state, input_bytes, 104, 8);
FIELD(orch_terminal_state, input_waiting, 112, 8);
FIELD(orch_terminal_state, since_input_ns, 120, 8);
FIELD(orch_terminal_state, since_output_ns, 128, 8);
FIELD(orch_terminal_state, readers, 136, 8);
FIELD(orch_terminal_state, reader_count, 144, 8);
FIELD(orch_terminal_state, reader_stride, 152, 8);
FIELD(orch_terminal_state, title, 160, 16);
FIELD(orch_terminal_state, told_cwd, 176, 16);
FIELD(orch_terminal_state, cursor, 192, 12);
FIELD(orch_terminal_state, modes, 204, 4);
FIELD(orch_terminal_state, history, 208, 8);
FIELD(orch_terminal_state, command_for_ns, 216, 8);
FIELD(orch_terminal_state, screen_bytes, 224, 8);
FIELD(orch_terminal_state, screen_failures, 232, 4);
FIELD(orch_terminal_state, last_exit_code, 236, 4);

SIZE(orch_snapshot, 40);
FIELD(orch_snapshot, size, 0, 8);
FIELD(orch_snapshot, offset, 8, 8);
FIELD(orch_snapshot, data, 16, 8);
FIELD(orch_snapshot, len, 24, 8);
FIELD(orch_snapshot, window, 32, 8);

SIZE(orch_search, 48);
FIELD(orch_search, size, 0, 8);
FIELD(orch_search, pattern, 8, 16);
FIELD(orch_search, flags, 24, 4);
FIELD(orch_search, from, 28, 4);
FIELD(orch_search, rows_max, 32, 8);
FIELD(orch_search, matches_max, 40, 8);

SIZE(orch_match, 16);
FIELD(orch_match, start_row, 0, 4);
FIELD(orch_match, start_col, 4, 4);
FIELD(orch_match, end_row, 8, 4);
FIELD(orch_match, end_col, 12, 4);

SIZE(orch_matches, 40);
FIELD(orch_matches, size, 0, 8);
FIELD(orch_matches, matches, 8, 8);
FIELD(orch_matches, match_count, 16, 8);
FIELD(orch_matches, match_stride, 24, 8);
FIELD(orch_matches, has_more, 32, 4);
FIELD(orch_matches, next, 36, 4);

VALUE(ORCH_OK, 0);
VALUE(ORCH_DONE, 1);
VALUE(ORCH_E_INVALID, -1);
VALUE(ORCH_E_STALE_ID, -2);
VALUE(ORCH_E_LIMIT, -3);
VALUE(ORCH_E_NO_PROGRAM, -4);
VALUE(ORCH_E_NOT_EXECUTABLE, -5);
VALUE(ORCH_E_NO_DIRECTORY, -6);
VALUE(ORCH_E_NO_PTY, -7);
VALUE(ORCH_E_NO_FD, -8);
VALUE(ORCH_E_CLOSING, -9);
VALUE(ORCH_E_ENDED, -10);
VALUE(ORCH_E_SKIPPED, -11);
VALUE(ORCH_E_FORKED, -12);
VALUE(ORCH_E_GONE, -13);
VALUE(ORCH_E_SYSTEM, -14);
VALUE(ORCH_E_WRONG_THREAD, -15);
VALUE(ORCH_E_PANIC, -16);
VALUE(ORCH_E_POISONED, -17);
VALUE(ORCH_E_BUSY, -18);
VALUE(ORCH_E_NO_SCREEN, -19);
VALUE(ORCH_LOG_ERROR, 1);
VALUE(ORCH_LOG_WARN, 2);
VALUE(ORCH_LOG_INFO, 3);
VALUE(ORCH_DELIVERY_LOSSLESS, 0);
VALUE(ORCH_DELIVERY_LOSSY, 1);
VALUE(ORCH_DELIVERY_NONE, 2);
VALUE(ORCH_DELIVERY_SCREEN, 3);
VALUE(ORCH_START_OLDEST, 0);
VALUE(ORCH_START_NOW, 1);
VALUE(ORCH_START_OFFSET, 2);
VALUE(ORCH_START_RESUME, 3);
VALUE(ORCH_START_SNAPSHOT, 4);
VALUE(ORCH_INTERVAL_NONE, 0xFFFFFFFF);
VALUE(ORCH_OP_INPUT, 1);
VALUE(ORCH_OP_RESIZE, 2);
VALUE(ORCH_OP_SET_MODE, 3);
VALUE(ORCH_OP_SIGNAL, 4);
VALUE(ORCH_OP_PASTE, 5);
VALUE(ORCH_OP_CLEAR, 6);
VALUE(ORCH_OP_SCROLL_TO, 7);
VALUE(ORCH_MODE_RAW, 1);
VALUE(ORCH_MODE_COOKED, 2);
VALUE(ORCH_MODE_ECHO, 3);
VALUE(ORCH_MODE_NO_ECHO, 4);
VALUE(ORCH_SIGNAL_FOREGROUND, 0);
VALUE(ORCH_SIGNAL_LEADER, 1);
VALUE(ORCH_COLOR_DEFAULT, 0);
VALUE(ORCH_COLOR_INDEXED, 0x01000000);
VALUE(ORCH_COLOR_RGB, 0x02000000);
VALUE(ORCH_UNDERLINE_NONE, 0);
VALUE(ORCH_UNDERLINE_SINGLE, 1);
VALUE(ORCH_UNDERLINE_DOUBLE, 2);
VALUE(ORCH_UNDERLINE_CURLY, 3);
VALUE(ORCH_UNDERLINE_DOTTED, 4);
VALUE(ORCH_UNDERLINE_DASHED, 5);
VALUE(ORCH_ATTRIBUTE_BOLD, 1);
VALUE(ORCH_ATTRIBUTE_DIM, 2);
VALUE(ORCH_ATTRIBUTE_ITALIC, 4);
VALUE(ORCH_ATTRIBUTE_INVERSE, 8);
VALUE(ORCH_ATTRIBUTE_HIDDEN, 16);
VALUE(ORCH_ATTRIBUTE_STRIKEOUT, 32);
VALUE(ORCH_RUN_WIDE, 1);
VALUE(ORCH_ROW_WRAPPED, 1);
VALUE(ORCH_CURSOR_BLOCK, 0);
VALUE(ORCH_CURSOR_UNDERLINE, 1);
VALUE(ORCH_CURSOR_BAR, 2);
VALUE(ORCH_CURSOR_VISIBLE, 1);
VALUE(ORCH_CURSOR_BLINKING, 2);
VALUE(ORCH_SCREEN_MODE_ALTERNATE, 1);
VALUE(ORCH_SCREEN_MODE_APPLICATION_CURSOR, 2);
VALUE(ORCH_SCREEN_MODE_APPLICATION_KEYPAD, 4);
VALUE(ORCH_SCREEN_MODE_BRACKETED_PASTE, 8);
VALUE(ORCH_SCREEN_MODE_MOUSE_CLICKS, 16);
VALUE(ORCH_SCREEN_MODE_MOUSE_DRAGS, 32);
VALUE(ORCH_SCREEN_MODE_MOUSE_MOTION, 64);
VALUE(ORCH_SCREEN_MODE_MOUSE_SGR, 128);
VALUE(ORCH_SCREEN_MODE_MOUSE_UTF8, 256);
VALUE(ORCH_SCREEN_MODE_FOCUS_REPORTS, 512);
VALUE(ORCH_SCREEN_MODE_ALTERNATE_SCROLL, 1024);
VALUE(ORCH_SCREEN_MODE_AUTO_WRAP, 2048);
VALUE(ORCH_SCREEN_MODE_ORIGIN, 4096);
VALUE(ORCH_SCREEN_MODE_INSERT, 8192);
VALUE(ORCH_SCREEN_MODE_LINE_FEED_NEW_LINE, 16384);
VALUE(ORCH_SCREEN_MODES_KEYBOARD, 0x1F000000);
VALUE(ORCH_SCREEN_MODES_OTHER_KEYS, 0x60000000);
VALUE(ORCH_UPDATE_FULL, 1);
VALUE(ORCH_EVENT_OUTPUT, 1);
VALUE(ORCH_EVENT_GAP, 2);
VALUE(ORCH_EVENT_INPUT_READY, 3);
VALUE(ORCH_EVENT_INPUT_TRUNCATED, 4);
VALUE(ORCH_EVENT_EXITED, 5);
VALUE(ORCH_EVENT_EOF, 6);
VALUE(ORCH_EVENT_CLOSED, 7);
VALUE(ORCH_EVENT_COMPLETED, 8);
VALUE(ORCH_EVENT_LOG, 9);
VALUE(ORCH_EVENT_SHUTDOWN_COMPLETE, 10);
VALUE(ORCH_EVENT_SCREEN, 11);
VALUE(ORCH_EVENT_SNAPSHOT, 12);
VALUE(ORCH_EVENT_CLEARED, 13);
VALUE(ORCH_EVENT_DELIVERY_CHANGED, 14);
VALUE(ORCH_EVENT_TITLE, 15);
VALUE(ORCH_EVENT_CWD, 16);
VALUE(ORCH_EVENT_BELL, 17);
VALUE(ORCH_EVENT_NOTIFICATION, 18);
VALUE(ORCH_EVENT_CLIPBOARD, 19);
VALUE(ORCH_EVENT_COMMAND_STARTED, 20);
VALUE(ORCH_EVENT_COMMAND_FINISHED, 21);
VALUE(ORCH_EXIT_CODE, 1);
VALUE(ORCH_EXIT_SIGNAL, 2);
VALUE(ORCH_EXIT_UNKNOWN, 3);
VALUE(ORCH_TERMINALS_ALL, 0);
VALUE(ORCH_TERMINALS_ACTIVE, 1);
VALUE(ORCH_STATE_RUNNING, 1);
VALUE(ORCH_STATE_HUNG_UP, 2);
VALUE(ORCH_STATE_CLOSING, 4);
VALUE(ORCH_STATE_PAUSED_BY_HOST, 8);
VALUE(ORCH_STATE_PAUSED_BY_READER, 16);
VALUE(ORCH_STATE_PAUSED_BY_MEMORY, 32);
VALUE(ORCH_STATE_HAS_SCREEN, 64);
VALUE(ORCH_STATE_HAS_EXIT_CODE, 128);
VALUE(ORCH_STATE_HIBERNATES, 256);
VALUE(ORCH_SCREEN_NO_ANSWERS, 1);
VALUE(ORCH_SCREEN_CLIPBOARD, 2);
VALUE(ORCH_HIBERNATE_NEVER, 0xFFFFFFFF);
VALUE(ORCH_SEARCH_REGEX, 1);
VALUE(ORCH_SEARCH_IGNORE_CASE, 2);
VALUE(ORCH_SEARCH_OLDEST, -2147483647 - 1);

// The library takes the structs, and those that have grown in their first size, but no smaller ones.
int main(void) {
    check_start();
    orch_config config;
    orch_spawn_options spawn_options;
    orch_adopt_options adopt_options;
    orch_attach_options attach_options;
    orch_screen_options screen_options;
    orch_search search;
    CHECK_INT(orch_config_init(&config, 120), ORCH_OK);
    CHECK_INT(orch_config_init(&config, 119), ORCH_E_INVALID);
    CHECK_INT(orch_spawn_options_init(&spawn_options, 88), ORCH_OK);
    CHECK_INT(orch_spawn_options_init(&spawn_options, 87), ORCH_E_INVALID);
    CHECK_INT(orch_adopt_options_init(&adopt_options, 40), ORCH_OK);
    CHECK_INT(orch_adopt_options_init(&adopt_options, 39), ORCH_E_INVALID);
    CHECK_INT(orch_attach_options_init(&attach_options, 24), ORCH_OK);
    CHECK_INT(orch_attach_options_init(&attach_options, 23), ORCH_E_INVALID);
    CHECK_INT(orch_screen_options_init(&screen_options, 40), ORCH_OK);
    CHECK_INT(orch_screen_options_init(&screen_options, 39), ORCH_E_INVALID);
    CHECK_INT(orch_search_init(&search, 48), ORCH_OK);
    CHECK_INT(orch_search_init(&search, 47), ORCH_E_INVALID);
    return 0;
}
