// Host loop: GLib, with a source for the engine's descriptor in the main loop.

#include "loop.h"

#include <glib-unix.h>
#include <glib.h>

typedef struct host {
    loop_scenario scenario;
    GMainLoop *loop;
} host;

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data) {
    host *self = (host *)data;
    CHECK_INT(fd, orch_engine_get_fd(self->scenario.engine));
    CHECK_INT(condition, G_IO_IN);
    if (!loop_step(&self->scenario)) return G_SOURCE_CONTINUE;
    g_main_loop_quit(self->loop);
    return G_SOURCE_REMOVE;
}

int main(void) {
    check_start();
    static host self;
    loop_start(&self.scenario);
    self.loop = g_main_loop_new(NULL, FALSE);
    g_unix_fd_add(orch_engine_get_fd(self.scenario.engine), G_IO_IN, on_readable, &self);
    g_main_loop_run(self.loop);
    g_main_loop_unref(self.loop);
    CHECK(self.scenario.over);
    loop_end(&self.scenario);
    return 0;
}
