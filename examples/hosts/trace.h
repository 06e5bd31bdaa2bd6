/* The trace that every host of this folder runs: programs in terminals, a paste, a paused reader, a watch, a time in
 * which nothing happens, a shutdown. What it prints is in trace.expected.
 *
 * A host needs three things of its loop: to be called when the descriptor is readable, a timer for the idle phase, and
 * an end.
 *
 *     struct trace *trace = trace_start();
 *     watch trace_fd(trace); when it is readable:       trace_readable(trace)
 *     after TRACE_IDLE wait for TRACE_IDLE_MS, then:    trace_idle_over(trace)
 *     after TRACE_OVER:                                 stop watching, trace_end(trace)
 */
#ifndef ORCHFLOW_TRACE_H
#define ORCHFLOW_TRACE_H

#ifdef __cplusplus
extern "C" {
#endif

/* How long the idle phase is. It measures that nothing happens, so there is no event to wait for. */
#define TRACE_IDLE_MS 300

struct trace;

/* What the host does next. */
enum trace_next {
    /* Waits for the descriptor. */
    TRACE_WAIT,
    /* The same, and starts the timer of the idle phase. */
    TRACE_IDLE,
    /* Ends. */
    TRACE_OVER
};

struct trace *trace_start(void);
int trace_fd(const struct trace *trace);

/* The engine's descriptor is readable: one turn, and all of its events. */
enum trace_next trace_readable(struct trace *trace);

/* The timer of the idle phase has fired. */
void trace_idle_over(struct trace *trace);

void trace_end(struct trace *trace);

#ifdef __cplusplus
}
#endif

#endif
