// One scenario for every kind of host loop. It needs all that can make an engine's descriptor
// readable: output, exits, a timer (a program that ignores the hangup), commands of another thread.
// A host waits in its own way, without a timeout, and calls loop_step when the descriptor is readable.
//
//     loop_scenario scenario;
//     loop_start(&scenario);
//     while (!loop_step(&scenario)) WAIT;
//     loop_end(&scenario);

#ifndef ORCHFLOW_TEST_LOOP_H
#define ORCHFLOW_TEST_LOOP_H

#include "host.h"

#include <pthread.h>

#define LOOP_OUTPUT_BYTES 400000
#define LOOP_POSTS 20

typedef struct loop_scenario {
    orch_engine *engine;
    orch_sender *sender;
    pthread_t thread;
    // Writes much and ends.
    uint64_t writer;
    uint64_t written;
    // Ignores the hangup.
    uint64_t stubborn;
    host_text said;
    int exited;
    int completed;
    int closed;
    int over;
} loop_scenario;

static inline void *loop_post(void *argument) {
    loop_scenario *scenario = (loop_scenario *)argument;
    for (uint64_t tag = 0; tag < LOOP_POSTS; tag++) {
        CHECK_OK(host_notify(scenario->sender, tag));
    }
    return NULL;
}

static inline void loop_start(loop_scenario *scenario) {
    memset(scenario, 0, sizeof *scenario);
    scenario->engine = host_engine();
    CHECK_OK(orch_sender_create(scenario->engine, &scenario->sender));
    scenario->writer = host_sh(scenario->engine, "head -c 400000 /dev/zero | tr '\\0' x; exit 3");
    scenario->stubborn =
        host_sh(scenario->engine, "trap '' HUP; echo ready; while :; do sleep 100; done");
    CHECK_INT(pthread_create(&scenario->thread, NULL, loop_post, scenario), 0);
}

static inline void loop_output(loop_scenario *scenario, const orch_event *event) {
    if (event->source == scenario->writer) {
        CHECK_INT(event->payload.output->offset, scenario->written);
        scenario->written = host_end(event);
        return;
    }
    int was_ready = check_contains(scenario->said.data, scenario->said.len, "ready");
    host_append(&scenario->said, event);
    if (!was_ready && check_contains(scenario->said.data, scenario->said.len, "ready")) {
        CHECK_OK(orch_terminal_close(scenario->engine, scenario->stubborn, 5));
    }
}

static inline void loop_event(loop_scenario *scenario, const orch_event *event) {
    switch (event->kind) {
    case ORCH_EVENT_OUTPUT:
        loop_output(scenario, event);
        break;
    case ORCH_EVENT_EXITED:
        scenario->exited++;
        if (event->source == scenario->writer) {
            CHECK_INT(scenario->written, LOOP_OUTPUT_BYTES);
            CHECK_INT(event->payload.exited->exit_value, 3);
        } else {
            CHECK_INT(event->payload.exited->exit_kind, ORCH_EXIT_SIGNAL);
            CHECK_INT(event->payload.exited->exit_value, SIGKILL);
        }
        break;
    case ORCH_EVENT_COMPLETED:
        CHECK_INT(event->tag, scenario->completed++);
        break;
    case ORCH_EVENT_CLOSED:
        scenario->closed++;
        break;
    case ORCH_EVENT_SHUTDOWN_COMPLETE:
        CHECK_INT(scenario->closed, 2);
        scenario->over = 1;
        break;
    case ORCH_EVENT_SLOW_TURN:
    case ORCH_EVENT_HEALTH:
        break;
    default:
        CHECK_INT(event->kind, ORCH_EVENT_EOF);
    }
}

// Reads what there is to read. Whether the scenario is over.
static inline int loop_read(loop_scenario *scenario) {
    orch_event event = host_event();
    int32_t status;
    while ((status = orch_engine_next_event(scenario->engine, &event)) == ORCH_OK) {
        loop_event(scenario, &event);
        if (scenario->exited == 2 && scenario->completed == LOOP_POSTS) {
            scenario->exited = 0;
            CHECK_OK(orch_engine_shutdown(scenario->engine, 1000));
        }
    }
    CHECK_STATUS(status, ORCH_DONE);
    return scenario->over;
}

// A turn and its events. Whether the scenario is over.
static inline int loop_step(loop_scenario *scenario) {
    CHECK_OK(orch_engine_turn(scenario->engine, 0));
    return loop_read(scenario);
}

static inline void loop_end(loop_scenario *scenario) {
    CHECK_INT(pthread_join(scenario->thread, NULL), 0);
    // A post whose command was carried out before it came to wake the engine wakes it for nothing.
    CHECK_OK(orch_engine_turn(scenario->engine, 0));
    CHECK(!host_is_readable(scenario->engine));
    CHECK_OK(orch_sender_destroy(scenario->sender));
    CHECK_OK(orch_engine_destroy(scenario->engine));
}

#endif
