// The binary interface of the application state and of the server in numbers; see layout.c. Their events,
// statuses and limits are there.

#include "layout.h"

SIZE(orch_state_version, 16);
FIELD(orch_state_version, epoch, 0, 8);
FIELD(orch_state_version, n, 8, 8);

SIZE(orch_key_value, 32);
FIELD(orch_key_value, key, 0, 16);
FIELD(orch_key_value, value, 16, 16);

SIZE(orch_session, 80);
FIELD(orch_session, size, 0, 8);
FIELD(orch_session, id, 8, 16);
FIELD(orch_session, version, 24, 8);
FIELD(orch_session, name, 32, 16);
FIELD(orch_session, panes, 48, 8);
FIELD(orch_session, pane_count, 56, 8);
FIELD(orch_session, metadata, 64, 8);
FIELD(orch_session, metadata_count, 72, 8);

SIZE(orch_pane, 112);
FIELD(orch_pane, size, 0, 8);
FIELD(orch_pane, id, 8, 16);
FIELD(orch_pane, version, 24, 8);
FIELD(orch_pane, session, 32, 16);
FIELD(orch_pane, title, 48, 16);
FIELD(orch_pane, content, 64, 4);
FIELD(orch_pane, reserved, 68, 4);
FIELD(orch_pane, terminal, 72, 8);
FIELD(orch_pane, data, 80, 16);
FIELD(orch_pane, metadata, 96, 8);
FIELD(orch_pane, metadata_count, 104, 8);

SIZE(orch_state_terminal, 104);
FIELD(orch_state_terminal, size, 0, 8);
FIELD(orch_state_terminal, terminal, 8, 8);
FIELD(orch_state_terminal, version, 16, 8);
FIELD(orch_state_terminal, title, 24, 16);
FIELD(orch_state_terminal, cwd, 40, 16);
FIELD(orch_state_terminal, cols, 56, 2);
FIELD(orch_state_terminal, rows, 58, 2);
FIELD(orch_state_terminal, flags, 60, 4);
FIELD(orch_state_terminal, pid, 64, 4);
FIELD(orch_state_terminal, exit_kind, 68, 4);
FIELD(orch_state_terminal, exit_value, 72, 4);
FIELD(orch_state_terminal, reserved, 76, 4);
FIELD(orch_state_terminal, program, 80, 16);
FIELD(orch_state_terminal, last_exit_code, 96, 4);
FIELD(orch_state_terminal, size_policy, 100, 4);

SIZE(orch_state_file, 88);
FIELD(orch_state_file, size, 0, 8);
FIELD(orch_state_file, watch, 8, 8);
FIELD(orch_state_file, id, 16, 8);
FIELD(orch_state_file, version, 24, 8);
FIELD(orch_state_file, parent, 32, 8);
FIELD(orch_state_file, name, 40, 16);
FIELD(orch_state_file, bytes, 56, 8);
FIELD(orch_state_file, modified_us, 64, 8);
FIELD(orch_state_file, file_type, 72, 4);
FIELD(orch_state_file, flags, 76, 4);
FIELD(orch_state_file, mode, 80, 4);
FIELD(orch_state_file, reserved, 84, 4);

SIZE(orch_state_key, 40);
FIELD(orch_state_key, collection, 0, 4);
FIELD(orch_state_key, reserved, 4, 4);
FIELD(orch_state_key, text, 8, 16);
FIELD(orch_state_key, id, 24, 8);
FIELD(orch_state_key, watch, 32, 8);

SIZE(orch_state_entry, 48);
FIELD(orch_state_entry, size, 0, 8);
FIELD(orch_state_entry, collection, 8, 4);
FIELD(orch_state_entry, reserved, 12, 4);
FIELD(orch_state_entry, session, 16, 8);
FIELD(orch_state_entry, pane, 24, 8);
FIELD(orch_state_entry, terminal, 32, 8);
FIELD(orch_state_entry, file, 40, 8);

SIZE(orch_state_op, 48);
FIELD(orch_state_op, kind, 0, 4);
FIELD(orch_state_op, flags, 4, 4);
FIELD(orch_state_op, base, 8, 8);
FIELD(orch_state_op, id, 16, 16);
FIELD(orch_state_op, session, 32, 8);
FIELD(orch_state_op, pane, 40, 8);

SIZE(orch_state_refusal, 32);
FIELD(orch_state_refusal, size, 0, 8);
FIELD(orch_state_refusal, index, 8, 8);
FIELD(orch_state_refusal, version, 16, 8);
FIELD(orch_state_refusal, collection, 24, 4);
FIELD(orch_state_refusal, reserved, 28, 4);

SIZE(orch_event_review, 40);
FIELD(orch_event_review, review, 0, 8);
FIELD(orch_event_review, client, 8, 8);
FIELD(orch_event_review, ops, 16, 8);
FIELD(orch_event_review, op_count, 24, 8);
FIELD(orch_event_review, op_stride, 32, 8);

SIZE(orch_state_cursor, 80);
FIELD(orch_state_cursor, epoch, 0, 8);
FIELD(orch_state_cursor, n, 8, 8);
FIELD(orch_state_cursor, rest, 16, 64);

SIZE(orch_state_changes, 152);
FIELD(orch_state_changes, size, 0, 8);
FIELD(orch_state_changes, version, 8, 16);
FIELD(orch_state_changes, full, 24, 4);
FIELD(orch_state_changes, more, 28, 4);
FIELD(orch_state_changes, removed, 32, 8);
FIELD(orch_state_changes, removed_count, 40, 8);
FIELD(orch_state_changes, removed_stride, 48, 8);
FIELD(orch_state_changes, sessions, 56, 8);
FIELD(orch_state_changes, session_count, 64, 8);
FIELD(orch_state_changes, session_stride, 72, 8);
FIELD(orch_state_changes, panes, 80, 8);
FIELD(orch_state_changes, pane_count, 88, 8);
FIELD(orch_state_changes, pane_stride, 96, 8);
FIELD(orch_state_changes, terminals, 104, 8);
FIELD(orch_state_changes, terminal_count, 112, 8);
FIELD(orch_state_changes, terminal_stride, 120, 8);
FIELD(orch_state_changes, files, 128, 8);
FIELD(orch_state_changes, file_count, 136, 8);
FIELD(orch_state_changes, file_stride, 144, 8);

SIZE(orch_resource, 48);
FIELD(orch_resource, path, 0, 16);
FIELD(orch_resource, media_type, 16, 16);
FIELD(orch_resource, content, 32, 16);

SIZE(orch_listener_state, 48);
FIELD(orch_listener_state, size, 0, 8);
FIELD(orch_listener_state, accepting, 8, 4);
FIELD(orch_listener_state, error, 12, 4);
FIELD(orch_listener_state, os_error, 16, 4);
FIELD(orch_listener_state, reserved, 20, 4);
FIELD(orch_listener_state, since_ns, 24, 8);
FIELD(orch_listener_state, retry_in_ns, 32, 8);
FIELD(orch_listener_state, outages, 40, 8);

SIZE(orch_listener_options, 120);
FIELD(orch_listener_options, size, 0, 8);
FIELD(orch_listener_options, address, 8, 16);
FIELD(orch_listener_options, hosts, 24, 8);
FIELD(orch_listener_options, host_count, 32, 8);
FIELD(orch_listener_options, origins, 40, 8);
FIELD(orch_listener_options, origin_count, 48, 8);
FIELD(orch_listener_options, allow_remote, 56, 4);
FIELD(orch_listener_options, reserved, 60, 4);
FIELD(orch_listener_options, resources, 64, 8);
FIELD(orch_listener_options, resource_count, 72, 8);
FIELD(orch_listener_options, resource_stride, 80, 8);
FIELD(orch_listener_options, resource_directory, 88, 16);
FIELD(orch_listener_options, adopts_fd, 104, 4);
FIELD(orch_listener_options, fd, 108, 4);
FIELD(orch_listener_options, reports, 112, 4);
FIELD(orch_listener_options, reserved_reports, 116, 4);

SIZE(orch_token_options, 56);
FIELD(orch_token_options, size, 0, 8);
FIELD(orch_token_options, scopes, 8, 4);
FIELD(orch_token_options, reserved, 12, 4);
FIELD(orch_token_options, expires_in_ms, 16, 8);
FIELD(orch_token_options, secret, 24, 16);
FIELD(orch_token_options, label, 40, 16);

SIZE(orch_client_state, 64);
FIELD(orch_client_state, size, 0, 8);
FIELD(orch_client_state, client, 8, 8);
FIELD(orch_client_state, name, 16, 16);
FIELD(orch_client_state, scopes, 32, 4);
FIELD(orch_client_state, reserved, 36, 4);
FIELD(orch_client_state, terminals, 40, 8);
FIELD(orch_client_state, queued_bytes, 48, 8);
FIELD(orch_client_state, memory_bytes, 56, 8);

VALUE(ORCH_COLLECTION_SESSIONS, 1);
VALUE(ORCH_COLLECTION_PANES, 2);
VALUE(ORCH_COLLECTION_TERMINALS, 4);
VALUE(ORCH_COLLECTION_FILES, 8);
VALUE(ORCH_COLLECTION_ALL, 15);
VALUE(ORCH_PANE_EMPTY, 0);
VALUE(ORCH_PANE_TERMINAL, 1);
VALUE(ORCH_PANE_FILE, 2);
VALUE(ORCH_PANE_CUSTOM, 3);
VALUE(ORCH_STATE_OP_HAS_BASE, 1);
VALUE(ORCH_STATE_OP_SET_SESSION, 1);
VALUE(ORCH_STATE_OP_REMOVE_SESSION, 2);
VALUE(ORCH_STATE_OP_SET_PANE, 3);
VALUE(ORCH_STATE_OP_REMOVE_PANE, 4);
VALUE(ORCH_SCOPE_OBSERVE, 1);
VALUE(ORCH_SCOPE_TYPE, 2);
VALUE(ORCH_SCOPE_MANAGE, 4);
VALUE(ORCH_SCOPE_CLIPBOARD, 8);
VALUE(ORCH_SCOPE_ALL, 15);
VALUE(ORCH_TOKEN_BYTES, 43);

// An enumeration's type has the size of the fields that hold it.
SIZE(orch_collections, 4);
SIZE(orch_pane_content, 4);
SIZE(orch_state_op_kind, 4);
SIZE(orch_state_op_flags, 4);
SIZE(orch_scopes, 4);

int main(void) {
    return 0;
}
