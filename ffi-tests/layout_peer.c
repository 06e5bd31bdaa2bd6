// The binary interface of peers in numbers; see layout.c. The event and the statuses are there.

#include "layout.h"

SIZE(orch_peer_options, 120);
FIELD(orch_peer_options, size, 0, 8);
FIELD(orch_peer_options, address, 8, 16);
FIELD(orch_peer_options, token, 24, 16);
FIELD(orch_peer_options, name, 40, 16);
FIELD(orch_peer_options, host, 56, 16);
FIELD(orch_peer_options, collections, 72, 4);
FIELD(orch_peer_options, flags, 76, 4);
FIELD(orch_peer_options, retry_initial_ms, 80, 4);
FIELD(orch_peer_options, retry_max_ms, 84, 4);
FIELD(orch_peer_options, retry_attempts, 88, 4);
FIELD(orch_peer_options, breaker_failures, 92, 4);
FIELD(orch_peer_options, breaker_successes, 96, 4);
FIELD(orch_peer_options, breaker_open_ms, 100, 4);
FIELD(orch_peer_options, tag, 104, 8);
FIELD(orch_peer_options, notices, 112, 4);
FIELD(orch_peer_options, reserved, 116, 4);

SIZE(orch_peer_state, 144);
FIELD(orch_peer_state, size, 0, 8);
FIELD(orch_peer_state, peer, 8, 8);
FIELD(orch_peer_state, tag, 16, 8);
FIELD(orch_peer_state, status, 24, 4);
FIELD(orch_peer_state, breaker, 28, 4);
FIELD(orch_peer_state, attempts, 32, 4);
FIELD(orch_peer_state, scopes, 36, 4);
FIELD(orch_peer_state, server, 40, 16);
FIELD(orch_peer_state, last_error, 56, 16);
FIELD(orch_peer_state, profiles, 72, 8);
FIELD(orch_peer_state, profile_count, 80, 8);
FIELD(orch_peer_state, terminals, 88, 8);
FIELD(orch_peer_state, terminal_count, 96, 8);
FIELD(orch_peer_state, retry_in_ms, 104, 8);
FIELD(orch_peer_state, round_trip_ns, 112, 8);
FIELD(orch_peer_state, received_bytes, 120, 8);
FIELD(orch_peer_state, queued_bytes, 128, 8);
FIELD(orch_peer_state, mismatches, 136, 8);

SIZE(orch_peer_attach_options, 48);
FIELD(orch_peer_attach_options, size, 0, 8);
FIELD(orch_peer_attach_options, mode, 8, 4);
FIELD(orch_peer_attach_options, start, 12, 4);
FIELD(orch_peer_attach_options, offset, 16, 8);
FIELD(orch_peer_attach_options, window, 24, 8);
FIELD(orch_peer_attach_options, scrollback, 32, 4);
FIELD(orch_peer_attach_options, reserved, 36, 4);
FIELD(orch_peer_attach_options, grid, 40, 8);

SIZE(orch_peer_file_version, 32);
FIELD(orch_peer_file_version, device, 0, 8);
FIELD(orch_peer_file_version, inode, 8, 8);
FIELD(orch_peer_file_version, size, 16, 8);
FIELD(orch_peer_file_version, changed_ns, 24, 8);

SIZE(orch_peer_slice, 64);
FIELD(orch_peer_slice, data, 0, 16);
FIELD(orch_peer_slice, offset, 16, 8);
FIELD(orch_peer_slice, version, 24, 32);
FIELD(orch_peer_slice, changed, 56, 4);
FIELD(orch_peer_slice, end, 60, 4);

SIZE(orch_request, 208);
FIELD(orch_request, size, 0, 8);
FIELD(orch_request, kind, 8, 4);
FIELD(orch_request, flags, 12, 4);
FIELD(orch_request, terminal, 16, 8);
FIELD(orch_request, ops, 24, 8);
FIELD(orch_request, op_count, 32, 8);
FIELD(orch_request, op_stride, 40, 8);
FIELD(orch_request, changes, 48, 8);
FIELD(orch_request, change_count, 56, 8);
FIELD(orch_request, change_stride, 64, 8);
FIELD(orch_request, profile, 72, 16);
FIELD(orch_request, cwd, 88, 16);
FIELD(orch_request, window, 104, 8);
FIELD(orch_request, pattern, 112, 16);
FIELD(orch_request, path, 128, 16);
FIELD(orch_request, watch, 144, 8);
FIELD(orch_request, matches_max, 152, 4);
FIELD(orch_request, reserved, 156, 4);
FIELD(orch_request, offset, 160, 8);
FIELD(orch_request, base, 168, 8);
FIELD(orch_request, bytes_max, 176, 4);
FIELD(orch_request, reserved_read, 180, 4);
FIELD(orch_request, from, 184, 16);
FIELD(orch_request, above, 200, 4);
FIELD(orch_request, rows_max, 204, 4);

SIZE(orch_remote_result, 24);
FIELD(orch_remote_result, status, 0, 4);
FIELD(orch_remote_result, reserved, 4, 4);
FIELD(orch_remote_result, message, 8, 16);

SIZE(orch_peer_terminal, 112);
FIELD(orch_peer_terminal, size, 0, 8);
FIELD(orch_peer_terminal, terminal, 8, 8);
FIELD(orch_peer_terminal, foreground_pid, 16, 4);
FIELD(orch_peer_terminal, paused, 20, 4);
FIELD(orch_peer_terminal, foreground_name, 24, 16);
FIELD(orch_peer_terminal, cwd, 40, 16);
FIELD(orch_peer_terminal, log_start, 56, 8);
FIELD(orch_peer_terminal, log_end, 64, 8);
FIELD(orch_peer_terminal, input_bytes, 72, 8);
FIELD(orch_peer_terminal, input_waiting, 80, 8);
FIELD(orch_peer_terminal, since_input_ms, 88, 8);
FIELD(orch_peer_terminal, since_output_ms, 96, 8);
FIELD(orch_peer_terminal, history, 104, 4);
FIELD(orch_peer_terminal, reserved, 108, 4);

SIZE(orch_peer_stats, 56);
FIELD(orch_peer_stats, size, 0, 8);
FIELD(orch_peer_stats, uptime_ms, 8, 8);
FIELD(orch_peer_stats, turns, 16, 8);
FIELD(orch_peer_stats, longest_turn_us, 24, 8);
FIELD(orch_peer_stats, clients, 32, 4);
FIELD(orch_peer_stats, terminals, 36, 4);
FIELD(orch_peer_stats, watches, 40, 4);
FIELD(orch_peer_stats, reserved, 44, 4);
FIELD(orch_peer_stats, queued_bytes, 48, 8);

SIZE(orch_event_peer_connected, 4);
FIELD(orch_event_peer_connected, resumed, 0, 4);

SIZE(orch_event_peer_disconnected, 24);
FIELD(orch_event_peer_disconnected, retry_in_ms, 0, 8);
FIELD(orch_event_peer_disconnected, reason, 8, 16);

SIZE(orch_event_peer_state, 24);
FIELD(orch_event_peer_state, version, 0, 16);
FIELD(orch_event_peer_state, full, 16, 4);
FIELD(orch_event_peer_state, reserved, 20, 4);

SIZE(orch_event_peer_attached, 16);
FIELD(orch_event_peer_attached, terminal, 0, 8);
FIELD(orch_event_peer_attached, offset, 8, 8);

SIZE(orch_event_peer_detached, 8);
FIELD(orch_event_peer_detached, terminal, 0, 8);

SIZE(orch_event_peer_output, 32);
FIELD(orch_event_peer_output, terminal, 0, 8);
FIELD(orch_event_peer_output, offset, 8, 8);
FIELD(orch_event_peer_output, data, 16, 8);
FIELD(orch_event_peer_output, len, 24, 8);

SIZE(orch_event_peer_gap, 24);
FIELD(orch_event_peer_gap, terminal, 0, 8);
FIELD(orch_event_peer_gap, start, 8, 8);
FIELD(orch_event_peer_gap, end, 16, 8);

SIZE(orch_event_peer_snapshot, 64);
FIELD(orch_event_peer_snapshot, terminal, 0, 8);
FIELD(orch_event_peer_snapshot, offset, 8, 8);
FIELD(orch_event_peer_snapshot, data, 16, 8);
FIELD(orch_event_peer_snapshot, len, 24, 8);
FIELD(orch_event_peer_snapshot, window, 32, 8);
FIELD(orch_event_peer_snapshot, line, 40, 16);
FIELD(orch_event_peer_snapshot, has_more, 56, 4);
FIELD(orch_event_peer_snapshot, reserved, 60, 4);

SIZE(orch_event_peer_screen, 16);
FIELD(orch_event_peer_screen, terminal, 0, 8);
FIELD(orch_event_peer_screen, update, 8, 8);

SIZE(orch_event_peer_exited, 24);
FIELD(orch_event_peer_exited, terminal, 0, 8);
FIELD(orch_event_peer_exited, end, 8, 8);
FIELD(orch_event_peer_exited, exit_kind, 16, 4);
FIELD(orch_event_peer_exited, exit_value, 20, 4);

SIZE(orch_peer_rows, 80);
FIELD(orch_peer_rows, size, 0, 8);
FIELD(orch_peer_rows, rows, 8, 32);
FIELD(orch_peer_rows, kept_start, 40, 16);
FIELD(orch_peer_rows, kept_end, 56, 16);
FIELD(orch_peer_rows, history, 72, 4);
FIELD(orch_peer_rows, cols, 76, 4);

SIZE(orch_event_peer_reply, 136);
FIELD(orch_event_peer_reply, request, 0, 8);
FIELD(orch_event_peer_reply, kind, 8, 4);
FIELD(orch_event_peer_reply, status, 12, 4);
FIELD(orch_event_peer_reply, message, 16, 16);
FIELD(orch_event_peer_reply, terminal, 32, 8);
FIELD(orch_event_peer_reply, watch, 40, 8);
FIELD(orch_event_peer_reply, results, 48, 8);
FIELD(orch_event_peer_reply, result_count, 56, 8);
FIELD(orch_event_peer_reply, result_stride, 64, 8);
FIELD(orch_event_peer_reply, matches, 72, 8);
FIELD(orch_event_peer_reply, match_count, 80, 8);
FIELD(orch_event_peer_reply, match_stride, 88, 8);
FIELD(orch_event_peer_reply, has_more, 96, 4);
FIELD(orch_event_peer_reply, reserved, 100, 4);
FIELD(orch_event_peer_reply, detail, 104, 8);
FIELD(orch_event_peer_reply, slice, 112, 8);
FIELD(orch_event_peer_reply, stats, 120, 8);
FIELD(orch_event_peer_reply, rows, 128, 8);

SIZE(orch_event_peer_applied, 16);
FIELD(orch_event_peer_applied, request, 0, 8);
FIELD(orch_event_peer_applied, version_n, 8, 8);

SIZE(orch_event_peer_rejected, 32);
FIELD(orch_event_peer_rejected, request, 0, 8);
FIELD(orch_event_peer_rejected, status, 8, 4);
FIELD(orch_event_peer_rejected, reserved, 12, 4);
FIELD(orch_event_peer_rejected, message, 16, 16);

SIZE(orch_event_peer_problem, 24);
FIELD(orch_event_peer_problem, message, 0, 16);
FIELD(orch_event_peer_problem, terminal, 16, 8);

SIZE(orch_event_peer_delivery_changed, 24);
FIELD(orch_event_peer_delivery_changed, terminal, 0, 8);
FIELD(orch_event_peer_delivery_changed, offset, 8, 8);
FIELD(orch_event_peer_delivery_changed, delivery, 16, 4);
FIELD(orch_event_peer_delivery_changed, reserved, 20, 4);

SIZE(orch_event_peer_notice, 88);
FIELD(orch_event_peer_notice, terminal, 0, 8);
FIELD(orch_event_peer_notice, seq, 8, 8);
FIELD(orch_event_peer_notice, kind, 16, 4);
FIELD(orch_event_peer_notice, count, 20, 4);
FIELD(orch_event_peer_notice, title, 24, 16);
FIELD(orch_event_peer_notice, text, 40, 16);
FIELD(orch_event_peer_notice, is_primary, 56, 4);
FIELD(orch_event_peer_notice, progress, 60, 4);
FIELD(orch_event_peer_notice, percent, 64, 4);
FIELD(orch_event_peer_notice, has_exit_code, 68, 4);
FIELD(orch_event_peer_notice, exit_code, 72, 4);
FIELD(orch_event_peer_notice, reserved, 76, 4);
FIELD(orch_event_peer_notice, duration_ns, 80, 8);

VALUE(ORCH_NOTICES_BELL, 1);
VALUE(ORCH_NOTICES_NOTIFICATION, 2);
VALUE(ORCH_NOTICES_CLIPBOARD, 4);
VALUE(ORCH_NOTICES_PROGRESS, 8);
VALUE(ORCH_NOTICES_COMMAND, 16);
VALUE(ORCH_NOTICES_TITLE, 32);
VALUE(ORCH_NOTICES_CWD, 64);
VALUE(ORCH_NOTICES_ALL, 127);
VALUE(ORCH_NOTICE_BELL, 1);
VALUE(ORCH_NOTICE_NOTIFICATION, 2);
VALUE(ORCH_NOTICE_CLIPBOARD, 3);
VALUE(ORCH_NOTICE_PROGRESS, 4);
VALUE(ORCH_NOTICE_COMMAND_STARTED, 5);
VALUE(ORCH_NOTICE_COMMAND_FINISHED, 6);
VALUE(ORCH_NOTICE_TITLE, 7);
VALUE(ORCH_NOTICE_CWD, 8);
VALUE(ORCH_REPLY_DONE, 1);
VALUE(ORCH_REPLY_FAILED, 2);
VALUE(ORCH_REPLY_RESULTS, 3);
VALUE(ORCH_REPLY_SPAWNED, 4);
VALUE(ORCH_REPLY_WATCHING, 5);
VALUE(ORCH_REPLY_MATCHES, 6);
VALUE(ORCH_REPLY_TERMINAL, 7);
VALUE(ORCH_REPLY_ROWS, 8);
VALUE(ORCH_REPLY_SLICE, 9);
VALUE(ORCH_REPLY_STATS, 10);
VALUE(ORCH_REMOTE_OK, 0);
VALUE(ORCH_REMOTE_INVALID, 1);
VALUE(ORCH_REMOTE_FORBIDDEN, 2);
VALUE(ORCH_REMOTE_NOT_FOUND, 3);
VALUE(ORCH_REMOTE_LIMIT, 4);
VALUE(ORCH_REMOTE_CONFLICT, 5);
VALUE(ORCH_REMOTE_REFUSED, 6);
VALUE(ORCH_REMOTE_ENDED, 7);
VALUE(ORCH_REMOTE_SKIPPED, 8);
VALUE(ORCH_REMOTE_NO_SCREEN, 9);
VALUE(ORCH_REMOTE_SYSTEM, 10);
VALUE(ORCH_REMOTE_DISCONNECTED, 11);
VALUE(ORCH_REMOTE_CANCELLED, 12);
VALUE(ORCH_CONNECT_COMPRESS, 1);
VALUE(ORCH_CONNECT_JSON, 2);
VALUE(ORCH_CONNECT_NO_RETRY, 4);
VALUE(ORCH_PEER_STATUS_CONNECTING, 1);
VALUE(ORCH_PEER_STATUS_CONNECTED, 2);
VALUE(ORCH_PEER_STATUS_WAITING, 3);
VALUE(ORCH_PEER_STATUS_FAILED, 4);
VALUE(ORCH_BREAKER_CLOSED, 0);
VALUE(ORCH_BREAKER_OPEN, 1);
VALUE(ORCH_BREAKER_HALF_OPEN, 2);
VALUE(ORCH_OP_INTERRUPT, 8);
VALUE(ORCH_OP_EOF, 9);
VALUE(ORCH_OP_CLOSE, 10);
VALUE(ORCH_REQUEST_BATCH, 1);
VALUE(ORCH_REQUEST_SPAWN, 2);
VALUE(ORCH_REQUEST_SEARCH, 3);
VALUE(ORCH_REQUEST_QUERY, 4);
VALUE(ORCH_REQUEST_WATCH, 5);
VALUE(ORCH_REQUEST_UNWATCH, 6);
VALUE(ORCH_REQUEST_CHANGE, 7);
VALUE(ORCH_REQUEST_ROWS, 8);
VALUE(ORCH_REQUEST_READ, 9);
VALUE(ORCH_REQUEST_STATS, 10);

// An enumeration's type has the size of the fields that hold it.
SIZE(orch_connect_flags, 4);
SIZE(orch_peer_status, 4);
SIZE(orch_breaker_state, 4);
SIZE(orch_request_kind, 4);
SIZE(orch_remote_status, 4);
SIZE(orch_reply_kind, 4);

int main(void) {
    check_start();
    // The defaults of the limits: 16 peers, and unfinished messages may have as many bytes as the largest one.
    orch_peer_options options = ORCH_PEER_OPTIONS_INIT;
    orch_config config = ORCH_CONFIG_INIT;
    orch_engine *engine = NULL;
    uint64_t peer = 0;
    CHECK_INT(orch_engine_create(NULL, &engine), ORCH_OK);
    options.address = orch_str("unix:/nonexistent/socket");
    options.token = orch_str("token");
    for (int peers = 0; peers < 16; peers++) {
        CHECK_INT(orch_peer_connect(engine, &options, &peer), ORCH_OK);
    }
    CHECK_INT(orch_peer_connect(engine, &options, &peer), ORCH_E_LIMIT);
    CHECK_INT(orch_engine_destroy(engine), ORCH_OK);
    config.client_message_bytes = 64 << 20;
    CHECK_INT(orch_engine_create(&config, &engine), ORCH_OK);
    CHECK_INT(orch_engine_destroy(engine), ORCH_OK);
    config.client_partial_bytes_total = (64 << 20) - 1;
    CHECK_INT(orch_engine_create(&config, &engine), ORCH_E_INVALID);
    return 0;
}
