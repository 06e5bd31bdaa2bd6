/* GLib (and so GTK): a source for the descriptor in the main loop. */
#include "trace.h"

#include <glib-unix.h>

struct host {
    struct trace *trace;
    GMainLoop *loop;
};

static gboolean on_timer(gpointer data) {
    trace_idle_over(((struct host *)data)->trace);
    return G_SOURCE_REMOVE;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data) {
    struct host *self = (struct host *)data;
    (void)fd;
    (void)condition;
    switch (trace_readable(self->trace)) {
    case TRACE_IDLE: g_timeout_add(TRACE_IDLE_MS, on_timer, self); break;
    case TRACE_OVER: g_main_loop_quit(self->loop); return G_SOURCE_REMOVE;
    case TRACE_WAIT: break;
    }
    return G_SOURCE_CONTINUE;
}

int main(void) {
    struct host self = {trace_start(), g_main_loop_new(NULL, FALSE)};
    g_unix_fd_add(trace_fd(self.trace), G_IO_IN, on_readable, &self);
    g_main_loop_run(self.loop);
    g_main_loop_unref(self.loop);
    trace_end(self.trace);
    return 0;
}
