// A forked child that has the process id of its parent, as process 1 of a container inside a container:
// it is a child all the same, also after it has made an engine of its own.
//
// Where this process may not make PID namespaces there is nothing to test.

#include "host.h"

#include <sched.h>

// Runs `work` in a child and waits for it.
static void in_a_child(void (*work)(orch_engine *), orch_engine *engine) {
    pid_t child = fork();
    CHECK_SYS(child);
    if (child == 0) {
        check_start();
        work(engine);
        _exit(0);
    }
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

static void second_process_one(orch_engine *of_parent) {
    CHECK_INT(getpid(), 1);
    CHECK_STATUS(orch_engine_turn(of_parent, 0), ORCH_E_FORKED);
    orch_engine *own = host_engine();
    CHECK_OK(orch_engine_turn(own, 0));
    CHECK_STATUS(orch_engine_turn(of_parent, 0), ORCH_E_FORKED);
    CHECK_STATUS(orch_engine_bind_thread(of_parent), ORCH_E_FORKED);
    CHECK_STATUS(orch_engine_destroy(of_parent), ORCH_E_FORKED);
    CHECK_OK(orch_engine_destroy(own));
}

static void first_process_one(orch_engine *none) {
    CHECK_INT(getpid(), 1);
    CHECK(none == NULL);
    orch_engine *engine = host_engine();
    if (unshare(CLONE_NEWPID) == 0) in_a_child(second_process_one, engine);
    CHECK_OK(orch_engine_turn(engine, 0));
    CHECK_OK(orch_engine_destroy(engine));
}

// The next child is process 1 of a new namespace.
static void enter_namespace(orch_engine *none) {
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return;
    in_a_child(first_process_one, none);
}

int main(void) {
    check_start();
    in_a_child(enter_namespace, NULL);
    return 0;
}
