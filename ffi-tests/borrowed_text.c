// The text of a completion that failed is lent like the bytes of output: good until the next event or
// turn, and overwritten then by a debug build (see borrowed.c for ORCHFLOW_DEBUG_LIBRARY).

#include "host.h"

static void check_loan(orch_engine *engine, const orch_sender *sender, int with_turn) {
    CHECK_OK(orch_sender_close(sender, UINT64_MAX, 0, 3));
    orch_event event = host_event(), next = host_event();
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_COMPLETED);
    CHECK_STATUS(event.status, ORCH_E_STALE_ID);
    char text[256];
    CHECK(event.len > 0 && event.len < sizeof text);
    memcpy(text, event.data, event.len);
    text[event.len] = '\0';
    CHECK_STATUS(orch_terminal_close(engine, 1, 0), ORCH_E_STALE_ID);
    host_sh(engine, "exec cat");
    CHECK_BYTES(event.data, event.len, text);
    if (with_turn) {
        CHECK_OK(orch_engine_turn(engine, 0));
    } else {
        CHECK_STATUS(orch_engine_next_event(engine, &next), ORCH_DONE);
    }
    if (getenv("ORCHFLOW_DEBUG_LIBRARY") == NULL) return;
    for (size_t i = 0; i < event.len; i++) CHECK_INT(event.data[i], 0xDB);
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
