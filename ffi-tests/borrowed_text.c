// The text of a completion that failed is lent like the bytes of output: good until the next event or
// turn, and overwritten then by a debug build (see borrowed.c for ORCHFLOW_DEBUG_LIBRARY).

#include "host.h"

static void check_loan(orch_engine *engine, const orch_sender *sender, int with_turn) {
    CHECK_OK(host_post_close(sender, UINT64_MAX, 0, 3));
    orch_event event = host_event(), next = host_event();
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_COMPLETED);
    const orch_event_completed *completed = event.payload.completed;
    CHECK_STATUS(completed->status, ORCH_E_STALE_ID);
    CHECK_INT(completed->terminal, 0);
    const orch_bytes message = completed->message;
    char text[256];
    CHECK(message.len > 0 && message.len < sizeof text);
    memcpy(text, message.data, message.len);
    text[message.len] = '\0';
    CHECK_STATUS(orch_terminal_close(engine, 1, 0), ORCH_E_STALE_ID);
    host_sh(engine, "exec cat");
    CHECK_BYTES(message.data, message.len, text);
    CHECK_STATUS(completed->status, ORCH_E_STALE_ID);
    if (with_turn) {
        CHECK_OK(orch_engine_turn(engine, 0));
    } else {
        CHECK_STATUS(orch_engine_next_event(engine, &next), ORCH_DONE);
    }
    if (getenv("ORCHFLOW_DEBUG_LIBRARY") == NULL) return;
    for (size_t i = 0; i < message.len; i++) {
        CHECK_INT(((const unsigned char *)message.data)[i], 0xDB);
    }
    // The payload itself was lent as well.
    for (size_t i = 0; i < sizeof *completed; i++) {
        CHECK_INT(((const unsigned char *)completed)[i], 0xDB);
    }
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    check_loan(engine, sender, 0);
    check_loan(engine, sender, 1);
    CHECK_OK(orch_sender_destroy(sender));
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
