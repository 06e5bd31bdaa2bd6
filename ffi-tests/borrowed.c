// Memory that the library lends: good until the call that the header names, and not an instant less.
//
// A debug build overwrites the bytes of an event when the loan ends. That is tested only where
// ORCHFLOW_DEBUG_LIBRARY is set; looking at them then is allowed only because nothing was freed.

#include "host.h"

// Every call that does not end the loan of an event.
static void use_engine(orch_engine *engine, uint64_t terminal) {
    orch_size size = {100, 30, 0, 0};
    uint64_t reader = 0, other = 0;
    size_t count = 0;
    int32_t timeout_ms = 0;
    orch_sender *sender = NULL;
    host_type(engine, terminal, "typed");
    CHECK_OK(orch_terminal_resize(engine, terminal, size));
    CHECK_OK(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 1));
    CHECK_OK(orch_terminal_set(engine, terminal, ORCH_TERMINAL_OPTION_PAUSED, 0));
    CHECK_OK(orch_terminal_attach(engine, terminal, NULL, &reader));
    CHECK_OK(orch_reader_set(engine, reader, ORCH_READER_OPTION_PAUSED, 1));
    CHECK_OK(orch_reader_detach(engine, reader));
    CHECK_OK(orch_engine_list(engine, ORCH_LIST_TERMINALS, NULL, 0, &count));
    CHECK_OK(orch_engine_get_timeout(engine, &timeout_ms));
    host_stats(engine);
    CHECK_OK(orch_engine_reset_stats(engine));
    CHECK_OK(orch_sender_create(engine, &sender));
    CHECK_OK(host_notify(sender, 1));
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_STATUS(orch_terminal_spawn(engine, NULL, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_close(engine, UINT64_MAX, 0), ORCH_E_STALE_ID);
    CHECK_ERROR(engine, ORCH_E_STALE_ID, "terminal");
    host_state(engine, terminal);
    other = host_sh(engine, "exec cat");
    CHECK_OK(orch_terminal_close(engine, other, 0));
    // Closing the very terminal that the bytes came from.
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    CHECK_STATUS(orch_engine_next_event(engine, NULL), ORCH_E_INVALID);
}

static void event_bytes(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = host_sh(engine, "stty -echo; echo hello; exec cat");
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, NULL);
    host_text copy;
    copy.len = 0;
    host_append(&copy, &event);
    use_engine(engine, terminal);
    const orch_event_output *output = event.payload.output;
    CHECK_INT(output->len, copy.len);
    CHECK_INT(output->offset, 0);
    CHECK_INT(memcmp(output->data, copy.data, copy.len), 0);
    CHECK_OK(orch_engine_destroy(engine));
}

// Output whose loan has ended: its bytes and the payload that named them.
static void check_overwritten(const orch_event *event, orch_bytes bytes) {
    if (getenv("ORCHFLOW_DEBUG_LIBRARY") == NULL) return;
    const unsigned char *data = (const unsigned char *)bytes.data;
    const unsigned char *payload = (const unsigned char *)event->payload.any;
    for (size_t i = 0; i < bytes.len; i++) CHECK_INT(data[i], 0xDB);
    for (size_t i = 0; i < sizeof(orch_event_output); i++) CHECK_INT(payload[i], 0xDB);
}

static orch_bytes output_of(const orch_event *event) {
    orch_bytes bytes;
    bytes.data = event->payload.output->data;
    bytes.len = event->payload.output->len;
    return bytes;
}

// The next event, even when there is none, and the next turn end the loan.
static void loan_ends(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = host_sh(engine, "stty -echo; echo hello; exec cat");
    orch_event event = host_event(), next = host_event();
    host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, NULL);
    orch_bytes bytes = output_of(&event);
    CHECK_STATUS(orch_engine_next_event(engine, &next), ORCH_DONE);
    check_overwritten(&event, bytes);
    host_type(engine, terminal, "more\n");
    host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, NULL);
    bytes = output_of(&event);
    CHECK_OK(orch_engine_turn(engine, 0));
    check_overwritten(&event, bytes);
    CHECK_OK(orch_engine_destroy(engine));
}

// Texts of a state stay until the next query; the message of an error until the next failure.
static void states_and_errors(void) {
    orch_engine *engine = host_engine();
    uint64_t terminal = host_sh(engine, "cd /usr; echo ready; exec cat");
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_OUTPUT, &event, NULL);
    orch_terminal_state state = host_state(engine, terminal);
    uint64_t reader = state.readers->reader;
    CHECK_STATUS(orch_terminal_close(engine, UINT64_MAX, 0), ORCH_E_STALE_ID);
    orch_error error;
    error.size = sizeof error;
    CHECK_OK(orch_error_get(engine, &error));
    char message[256];
    CHECK(error.message.len < sizeof message);
    memcpy(message, error.message.data, error.message.len);
    message[error.message.len] = '\0';

    host_type(engine, terminal, "x");
    CHECK_OK(orch_engine_turn(engine, 0));
    while (orch_engine_next_event(engine, &event) == ORCH_OK) continue;
    CHECK_OK(orch_terminal_close(engine, terminal, 10000));
    host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
    CHECK_BYTES(state.cwd.data, state.cwd.len, "/usr");
    CHECK_INT(state.reader_count, 1);
    CHECK_INT(state.readers->reader, reader);
    CHECK_BYTES(error.message.data, error.message.len, message);
    CHECK_OK(orch_engine_destroy(engine));
}

// All states of one query are good together.
static void many_states(void) {
    orch_engine *engine = host_engine();
    uint64_t ids[30];
    int32_t statuses[30];
    orch_terminal_state states[30];
    orch_bytes argv[3];
    host_sh_argv(argv, "echo ready; read x");
    for (size_t i = 0; i < 30; i++) {
        orch_spawn_options options = host_options(argv, 3);
        options.cwd = orch_str(i % 2 == 0 ? "/usr" : "/etc");
        CHECK_OK(orch_terminal_spawn(engine, &options, &ids[i]));
        states[i].size = sizeof states[i];
        host_text text;
        text.len = 0;
        host_until_text(engine, ids[i], &text, 0, "ready\r\n");
    }
    CHECK_OK(orch_terminal_get_states(engine, ids, 30, states, sizeof states[0], statuses));
    for (size_t i = 0; i < 30; i++) {
        CHECK_OK(statuses[i]);
        CHECK_BYTES(states[i].cwd.data, states[i].cwd.len, i % 2 == 0 ? "/usr" : "/etc");
        CHECK_BYTES(states[i].foreground_name.data, states[i].foreground_name.len, "sh");
        CHECK_INT(states[i].reader_count, 1);
        CHECK_INT(states[i].readers->backlog, 0);
    }
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    event_bytes();
    loan_ends();
    states_and_errors();
    many_states();
    return 0;
}
