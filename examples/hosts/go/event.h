/* What an event carries: Go has no unions. */
#include <orchflow.h>
#include <stdlib.h>

static inline const orch_event_output *output_of(const orch_event *event) { return event->payload.output; }
static inline const orch_event_exited *exited_of(const orch_event *event) { return event->payload.exited; }
static inline const orch_event_watch_batch *batch_of(const orch_event *event) { return event->payload.watch_batch; }
static inline const orch_event_watch_synced *synced_of(const orch_event *event) { return event->payload.watch_synced; }
