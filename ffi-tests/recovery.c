// Retry and circuit breaker of a host, programs that are started again, and the state of a listener.

#include "host.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

static orch_retry start_retry(const orch_retry_options *options) {
    orch_retry retry;
    CHECK_OK(orch_retry_start(options, &retry));
    CHECK_INT(retry.attempts, 0);
    return retry;
}

// The largest random number gives the bound, 0 no delay.
static void check_delay(orch_retry *retry, uint64_t random, uint64_t expected_ns) {
    uint64_t delay_ns = 1;
    CHECK_OK(orch_retry_next_delay(retry, random, &delay_ns));
    CHECK_INT(delay_ns, expected_ns);
}

static void retries(void) {
    orch_retry retry = start_retry(NULL);
    check_delay(&retry, UINT64_MAX, 100 * MS);
    check_delay(&retry, UINT64_MAX, 200 * MS);
    check_delay(&retry, 0, 0);
    CHECK_INT(retry.attempts, 3);
    for (int i = 0; i < 100; i++) check_delay(&retry, 0, 0);
    check_delay(&retry, UINT64_MAX, 30 * SECOND);

    orch_retry_options options = ORCH_RETRY_OPTIONS_INIT;
    options.initial_ns = 10 * MS;
    options.max_ns = 50 * MS;
    options.multiplier = 3;
    options.attempts = 3;
    retry = start_retry(&options);
    for (int round = 0; round < 2; round++) {
        check_delay(&retry, UINT64_MAX, 10 * MS);
        check_delay(&retry, UINT64_MAX, 30 * MS);
        orch_retry copy = retry;
        check_delay(&retry, UINT64_MAX, 50 * MS);
        uint64_t delay_ns = 77;
        CHECK_STATUS(orch_retry_next_delay(&retry, 0, &delay_ns), ORCH_DONE);
        CHECK_INT(delay_ns, 77);
        CHECK_INT(retry.attempts, 3);
        check_delay(&copy, UINT64_MAX, 50 * MS);
        CHECK_OK(orch_retry_reset(&retry));
    }
}

static void bad_retries(void) {
    const orch_retry_options good = ORCH_RETRY_OPTIONS_INIT;
    orch_retry_options options[6];
    for (int i = 0; i < 6; i++) options[i] = good;
    options[0].size = sizeof good - 1;
    options[1].initial_ns = 2 * SECOND;
    options[1].max_ns = SECOND;
    options[2].max_ns = 366 * 86400 * SECOND;
    options[3].multiplier = 0.5;
    options[4].multiplier = -1;
    options[5].reserved = 1;
    orch_retry retry;
    check_fill(&retry, sizeof retry);
    for (int i = 0; i < 6; i++) {
        CHECK_STATUS(orch_retry_start(&options[i], &retry), ORCH_E_INVALID);
        CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_retry_options");
        CHECK(check_is_filled(&retry, sizeof retry));
    }
    CHECK_STATUS(orch_retry_start(NULL, NULL), ORCH_E_INVALID);
    // What nobody has started.
    uint64_t delay_ns = 77;
    memset(&retry, 0, sizeof retry);
    CHECK_STATUS(orch_retry_next_delay(&retry, 0, &delay_ns), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_retry_start");
    CHECK_STATUS(orch_retry_reset(&retry), ORCH_E_INVALID);
    retry = start_retry(NULL);
    retry.bound_ns = 1e300;
    CHECK_STATUS(orch_retry_next_delay(&retry, 0, &delay_ns), ORCH_E_INVALID);
    CHECK_STATUS(orch_retry_next_delay(NULL, 0, &delay_ns), ORCH_E_INVALID);
    CHECK_STATUS(orch_retry_reset(NULL), ORCH_E_INVALID);
    CHECK_INT(delay_ns, 77);
    retry = start_retry(NULL);
    CHECK_STATUS(orch_retry_next_delay(&retry, 0, NULL), ORCH_E_INVALID);
    CHECK_INT(retry.attempts, 0);
}

static void check_breaker(const orch_breaker *breaker, uint64_t now_ns, uint32_t state,
                          int64_t trial_in_ns) {
    uint32_t is = 77;
    int64_t in_ns = 77;
    CHECK_OK(orch_breaker_get_state(breaker, now_ns, &is, &in_ns));
    CHECK_INT(is, state);
    CHECK_INT(in_ns, trial_in_ns);
    CHECK_OK(orch_breaker_get_state(breaker, now_ns, NULL, NULL));
}

static void breakers(void) {
    orch_breaker_options options = ORCH_BREAKER_OPTIONS_INIT;
    options.failures = 2;
    options.open_ns = 10 * SECOND;
    orch_breaker breaker;
    CHECK_OK(orch_breaker_start(&options, &breaker));
    uint64_t now = 0;
    check_breaker(&breaker, now, ORCH_BREAKER_CLOSED, -1);
    CHECK_OK(orch_breaker_allow(&breaker, now));
    CHECK_OK(orch_breaker_record(&breaker, ORCH_OUTCOME_FAILURE, now));
    CHECK_OK(orch_breaker_record(&breaker, ORCH_OUTCOME_SUCCESS, now));
    CHECK_OK(orch_breaker_record(&breaker, ORCH_OUTCOME_FAILURE, now));
    check_breaker(&breaker, now, ORCH_BREAKER_CLOSED, -1);
    CHECK_OK(orch_breaker_record(&breaker, ORCH_OUTCOME_FAILURE, now));
    check_breaker(&breaker, now, ORCH_BREAKER_OPEN, 10 * SECOND);
    now = 10 * SECOND - 1;
    CHECK_STATUS(orch_breaker_allow(&breaker, now), ORCH_DONE);
    check_breaker(&breaker, now, ORCH_BREAKER_OPEN, 1);
    now++;
    check_breaker(&breaker, now, ORCH_BREAKER_HALF_OPEN, 0);
    // One trial at a time.
    CHECK_OK(orch_breaker_allow(&breaker, now));
    CHECK_STATUS(orch_breaker_allow(&breaker, now), ORCH_DONE);
    check_breaker(&breaker, now, ORCH_BREAKER_HALF_OPEN, -1);
    CHECK_OK(orch_breaker_record(&breaker, ORCH_OUTCOME_ABANDONED, now));
    CHECK_OK(orch_breaker_allow(&breaker, now));
    CHECK_OK(orch_breaker_record(&breaker, ORCH_OUTCOME_FAILURE, now));
    check_breaker(&breaker, now, ORCH_BREAKER_OPEN, 10 * SECOND);
    now = UINT64_MAX;
    CHECK_OK(orch_breaker_allow(&breaker, now));
    CHECK_OK(orch_breaker_record(&breaker, ORCH_OUTCOME_SUCCESS, now));
    check_breaker(&breaker, now, ORCH_BREAKER_CLOSED, -1);
}

static void bad_breakers(void) {
    orch_breaker_options options = ORCH_BREAKER_OPTIONS_INIT;
    options.open_ns = 366 * 86400 * SECOND;
    orch_breaker breaker;
    check_fill(&breaker, sizeof breaker);
    CHECK_STATUS(orch_breaker_start(&options, &breaker), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_breaker_options");
    CHECK_STATUS(orch_breaker_start(NULL, NULL), ORCH_E_INVALID);
    CHECK(check_is_filled(&breaker, sizeof breaker));
    memset(&breaker, 0, sizeof breaker);
    CHECK_STATUS(orch_breaker_allow(&breaker, 0), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "orch_breaker_start");
    CHECK_OK(orch_breaker_start(NULL, &breaker));
    CHECK_STATUS(orch_breaker_record(&breaker, 0, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_breaker_record(&breaker, 4, 0), ORCH_E_INVALID);
    check_breaker(&breaker, 0, ORCH_BREAKER_CLOSED, -1);
    breaker.state = 3;
    CHECK_STATUS(orch_breaker_get_state(&breaker, 0, NULL, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_breaker_allow(NULL, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_breaker_record(NULL, ORCH_OUTCOME_SUCCESS, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_breaker_get_state(NULL, 0, NULL, NULL), ORCH_E_INVALID);
}

static orch_restart_options at_once(const orch_retry_options *retry) {
    orch_restart_options again = ORCH_RESTART_OPTIONS_INIT;
    again.retry = retry;
    return again;
}

static void until_restart(orch_engine *engine, uint64_t terminal, uint32_t step,
                          orch_event *event) {
    do {
        host_until(engine, terminal, ORCH_EVENT_RESTART, event, NULL);
    } while (event->payload.restart->step != step);
}

// A program that crashes is started as often as it may, each time in a new terminal with the tag of the first.
static void restarts(void) {
    orch_engine *engine = host_engine();
    orch_retry_options retry = ORCH_RETRY_OPTIONS_INIT;
    retry.initial_ns = 1;
    retry.max_ns = MS;
    retry.attempts = 2;
    orch_restart_options again = at_once(&retry);
    again.flags = ORCH_RESTART_CLOSE_ENDED;
    orch_bytes argv[3];
    host_sh_argv(argv, "exit 3");
    orch_spawn_options options = host_options(argv, 3);
    options.tag = 9;
    options.restart = &again;
    uint64_t terminal = 0;
    CHECK_OK(orch_terminal_spawn(engine, &options, &terminal));
    CHECK_INT(host_state(engine, terminal).flags & ORCH_TERMINAL_RESTARTS, ORCH_TERMINAL_RESTARTS);
    orch_event event = host_event();
    for (uint32_t attempt = 1; attempt <= 2; attempt++) {
        until_restart(engine, terminal, ORCH_RESTART_STEP_WAITING, &event);
        CHECK_INT(event.payload.restart->attempts, attempt);
        CHECK(event.payload.restart->start_in_ns >= 0);
        CHECK_INT(event.payload.restart->breaker, ORCH_BREAKER_CLOSED);
        CHECK_INT(event.payload.restart->error, ORCH_OK);
        until_restart(engine, terminal, ORCH_RESTART_STEP_STARTED, &event);
        CHECK_INT(event.tag, 9);
        const uint64_t next = event.payload.restart->terminal;
        CHECK(next != 0 && next != terminal);
        host_until(engine, terminal, ORCH_EVENT_CLOSED, &event, NULL);
        terminal = next;
    }
    until_restart(engine, terminal, ORCH_RESTART_STEP_GIVEN_UP, &event);
    CHECK_INT(event.payload.restart->start_in_ns, -1);
    CHECK_INT(event.payload.restart->attempts, 2);
    const orch_terminal_state state = host_state(engine, terminal);
    CHECK_INT(state.flags & ORCH_TERMINAL_GIVEN_UP, ORCH_TERMINAL_GIVEN_UP);
    CHECK_INT(state.restart_attempts, 2);
    CHECK_INT(host_count(engine, ORCH_LIST_TERMINALS), 1);
    CHECK_OK(orch_engine_destroy(engine));
}

static void bad_restarts(void) {
    orch_engine *engine = host_engine();
    orch_bytes argv[3];
    host_sh_argv(argv, "exit 3");
    orch_retry_options retry = ORCH_RETRY_OPTIONS_INIT;
    retry.multiplier = 0.1;
    orch_restart_options bad[4] = {at_once(NULL), at_once(NULL), at_once(&retry), at_once(NULL)};
    bad[0].flags = 4;
    bad[1].flags = ORCH_RESTART_CLOSE_ENDED;
    bad[1].keep_ended = 1;
    bad[3].stable_after_ns = UINT64_MAX;
    for (int i = 0; i < 4; i++) {
        orch_spawn_options options = host_options(argv, 3);
        options.restart = &bad[i];
        uint64_t terminal = 77;
        CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), ORCH_E_INVALID);
        CHECK_INT(terminal, 77);
    }
    CHECK_OK(orch_engine_destroy(engine));
}

static void listeners(void) {
    orch_engine *engine = host_engine();
    orch_listener_options options = ORCH_LISTENER_OPTIONS_INIT;
    options.address = orch_str("127.0.0.1:0");
    uint64_t listener = 0;
    CHECK_OK(orch_listener_add(engine, &options, &listener));
    orch_listener_state state = ORCH_LISTENER_STATE_INIT;
    CHECK_OK(orch_listener_get_state(engine, listener, &state));
    CHECK_INT(state.accepting, 1);
    CHECK_INT(state.error, ORCH_OK);
    CHECK_INT(state.retry_in_ns, -1);
    CHECK_INT(state.outages, 0);
    CHECK_STATUS(orch_listener_get_state(engine, listener, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_listener_get_state(engine, listener + 1, &state), ORCH_E_STALE_ID);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    retries();
    bad_retries();
    breakers();
    bad_breakers();
    restarts();
    bad_restarts();
    listeners();
    return 0;
}
