// Changes of clients that wait for the host's review: reported as an event, accepted, refused, overtaken.

#include "serve.h"
#include "state.h"

static char address[256], token[ORCH_TOKEN_BYTES + 1];

static orch_engine *reviewing_engine(size_t reviews) {
    orch_config config = host_config();
    orch_engine *engine = NULL;
    config.review_changes = 1;
    config.reviews = reviews;
    CHECK_OK(orch_engine_create(&config, &engine));
    serve_listen(engine, "127.0.0.1:0", address);
    serve_token(engine, ORCH_SCOPE_ALL, token);
    return engine;
}

static void check_overwritten(const void *data, size_t len) {
    if (getenv("ORCHFLOW_DEBUG_LIBRARY") == NULL) return;
    for (size_t i = 0; i < len; i++) CHECK_INT(((const unsigned char *)data)[i], 0xDB);
}

// The next event, which is a review.
static const orch_event_review *next_review(orch_engine *engine) {
    orch_event event = host_event();
    host_next(engine, &event);
    CHECK_INT(event.kind, ORCH_EVENT_REVIEW);
    CHECK_INT(event.source + event.tag, 0);
    CHECK(event.payload.review != NULL);
    CHECK(event.payload.review->review != 0);
    CHECK_INT(event.payload.review->op_stride, sizeof(orch_state_op));
    return event.payload.review;
}

static void check_ops(const orch_event_review *review) {
    CHECK_INT(review->op_count, 4);
    const orch_state_op *op = state_op_at(review, 0);
    CHECK_INT(op->kind, ORCH_STATE_OP_SET_SESSION);
    CHECK_INT(op->flags, ORCH_STATE_OP_HAS_BASE);
    CHECK_INT(op->base, 0);
    CHECK_BYTES(op->id.data, op->id.len, "s");
    CHECK(op->pane == NULL);
    CHECK_BYTES(op->session->id.data, op->session->id.len, "s");
    CHECK_BYTES(op->session->name.data, op->session->name.len, "Named there");
    state_check_panes(op->session, "p");
    CHECK_INT(op->session->metadata_count, 1);
    CHECK_BYTES(op->session->metadata->value.data, op->session->metadata->value.len, "v");
    op = state_op_at(review, 1);
    CHECK_INT(op->kind, ORCH_STATE_OP_SET_PANE);
    CHECK_INT(op->flags, 0);
    CHECK_INT(op->base, 0);
    CHECK(op->session == NULL);
    CHECK_BYTES(op->id.data, op->id.len, "p");
    CHECK_INT(op->pane->content, ORCH_PANE_FILE);
    CHECK_BYTES(op->pane->data.data, op->pane->data.len, "/etc/hosts");
    op = state_op_at(review, 2);
    CHECK_INT(op->kind, ORCH_STATE_OP_REMOVE_PANE);
    CHECK_BYTES(op->id.data, op->id.len, "q");
    CHECK(op->session == NULL && op->pane == NULL);
    op = state_op_at(review, 3);
    CHECK_INT(op->kind, ORCH_STATE_OP_REMOVE_SESSION);
    CHECK_BYTES(op->id.data, op->id.len, "t");
}

static void send_all_kinds(serve_client *client, int mutation) {
    serve_send(client,
               "{\"type\":\"change\",\"mutation\":%d,\"ops\":["
               "{\"base\":0,\"change\":{\"put_session\":{\"id\":\"s\",\"name\":\"Named there\","
               "\"panes\":[\"p\"],\"metadata\":{\"k\":\"v\"}}}},"
               "{\"change\":{\"put_pane\":{\"id\":\"p\",\"session\":\"s\","
               "\"content\":{\"file\":\"/etc/hosts\"}}}},"
               "{\"change\":{\"remove_pane\":{\"id\":\"q\"}}},"
               "{\"change\":{\"remove_session\":{\"id\":\"t\"}}}]}",
               mutation);
}

// What is lent with the event stays through questions and the answer, until the next event or turn.
static void accepted_and_refused(int with_turn) {
    static serve_client client;
    orch_client_state info;
    orch_event event = host_event();
    orch_engine *engine = reviewing_engine(0);
    serve_hello(&client, engine, address, token);
    CHECK_INT(serve_clients(engine, &info), 1);
    send_all_kinds(&client, 1);
    const orch_event_review *review = next_review(engine);
    CHECK_INT(review->client, info.client);
    check_ops(review);
    CHECK(!state_has_session(engine, "s"));
    CHECK_OK(orch_review_answer(engine, review->review, 0, orch_str("not here")));
    CHECK_STATUS(orch_review_answer(engine, review->review, 1, state_none), ORCH_E_STALE_ID);
    check_ops(review);
    const orch_state_op *op = state_op_at(review, 0);
    const orch_bytes name = op->session->name;
    const orch_session *session = op->session;
    if (with_turn) {
        CHECK_OK(orch_engine_turn(engine, 0));
    } else {
        CHECK_STATUS(orch_engine_next_event(engine, &event), ORCH_DONE);
    }
    check_overwritten(name.data, name.len);
    check_overwritten(session, sizeof *session);
    check_overwritten(op, sizeof *op);
    check_overwritten(review, sizeof *review);
    serve_until(&client, "\"rejected\"");
    CHECK(strstr(client.text, "\"mutation\":1") != NULL);
    CHECK(strstr(client.text, "not here") != NULL);
    CHECK(!state_has_session(engine, "s"));

    send_all_kinds(&client, 2);
    review = next_review(engine);
    CHECK_OK(orch_review_answer(engine, review->review, 1, state_none));
    CHECK(state_has_session(engine, "s") && state_has_pane(engine, "p"));
    serve_until(&client, "\"mutation\":2");
    CHECK(strstr(client.text, "\"rejected\"") == NULL);
    CHECK_SYS(close(client.fd));
    CHECK_OK(orch_engine_destroy(engine));
}

// The host changes the state while a change waits; accepted then, it is refused all the same.
static void overtaken(void) {
    static serve_client client;
    orch_engine *engine = reviewing_engine(0);
    serve_hello(&client, engine, address, token);
    send_all_kinds(&client, 1);
    const uint64_t review = next_review(engine)->review;
    state_put_session(engine, "s", "The host's");
    CHECK_OK(orch_review_answer(engine, review, 1, state_none));
    serve_until(&client, "\"rejected\"");
    CHECK(strstr(client.text, "\"conflict\"") != NULL);
    CHECK(strstr(client.text, "The host's") != NULL);
    CHECK(!state_has_pane(engine, "p"));
    CHECK_SYS(close(client.fd));
    CHECK_OK(orch_engine_destroy(engine));
}

// As many wait as are allowed; answers come in any order, also when the client is gone.
static void several(void) {
    static serve_client client;
    orch_engine *engine = reviewing_engine(2);
    uint64_t reviews[2];
    serve_hello(&client, engine, address, token);
    for (int i = 0; i < 3; i++) {
        serve_send(&client, "{\"type\":\"change\",\"mutation\":%d,\"ops\":[{\"change\":{\"put_session\":"
                            "{\"id\":\"s%d\",\"name\":\"\",\"panes\":[],\"metadata\":{}}}}]}", i, i);
    }
    for (int i = 0; i < 2; i++) reviews[i] = next_review(engine)->review;
    CHECK(reviews[0] != reviews[1]);
    serve_until(&client, "\"rejected\"");
    CHECK(strstr(client.text, "\"mutation\":2") != NULL && strstr(client.text, "\"limit\"") != NULL);
    CHECK_OK(orch_review_answer(engine, reviews[1], 1, state_none));
    CHECK(state_has_session(engine, "s1") && !state_has_session(engine, "s0"));
    CHECK_SYS(close(client.fd));
    orch_client_state info;
    while (serve_clients(engine, &info) > 0) host_turn(engine);
    // The change of one who is gone still waits, and counts.
    CHECK_OK(orch_review_answer(engine, reviews[0], 1, state_none));
    CHECK(state_has_session(engine, "s0"));
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    accepted_and_refused(0);
    accepted_and_refused(1);
    overtaken();
    several();
    return 0;
}
