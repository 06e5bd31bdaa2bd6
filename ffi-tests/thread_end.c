// Calls from the last moments of a thread and of the process, after the library's own thread-local
// memory is gone: from the destructor of a thread-specific value, and from an atexit handler.

#include "host.h"

#include <pthread.h>

static pthread_key_t key;
static int destructor_runs;
static orch_engine *engine_at_exit;

// Uses an engine in every way that needs the thread: ownership, errors, events.
static void use_and_destroy(orch_engine *engine) {
    CHECK_OK(orch_engine_turn(engine, 0));
    CHECK_STATUS(orch_terminal_close(engine, 1, 0), ORCH_E_STALE_ID);
    CHECK_ERROR(engine, ORCH_E_STALE_ID, "terminal");
    host_text text;
    text.len = 0;
    host_until_exit(engine, host_sh(engine, "echo late; exit 2"), 2, &text);
    CHECK_BYTES(text.data, text.len, "late\r\n");
    CHECK_OK(orch_engine_destroy(engine));
}

static void on_thread_end(void *value) {
    // An error that has no engine to keep it is kept by the thread, which can do so no more.
    if (destructor_runs < 5) CHECK_STATUS(orch_engine_turn(NULL, 0), ORCH_E_INVALID);
    use_and_destroy((orch_engine *)value);
    // Also one that is made only now.
    use_and_destroy(host_engine());
    destructor_runs++;
}

static void *leave_engine_to_destructor(void *argument) {
    (void)argument;
    orch_engine *engine = host_engine();
    CHECK_STATUS(orch_engine_turn(NULL, 0), ORCH_E_INVALID);
    CHECK_ERROR(NULL, ORCH_E_INVALID, "NULL");
    host_sh(engine, "exec cat");
    CHECK_INT(pthread_setspecific(key, engine), 0);
    return NULL;
}

// A thread whose first call is in its destructor. It makes no error of the thread: what that keeps then
// would be freed by nobody, as glibc runs no more destructors of thread-local memory.
static void *nothing_before(void *argument) {
    CHECK_INT(pthread_setspecific(key, argument), 0);
    return NULL;
}

static void on_destroy_bind(void *value) {
    CHECK_OK(orch_engine_bind_thread((orch_engine *)value));
    on_thread_end(value);
}

static void run(void *(*work)(void *), void *argument) {
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, work, argument), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
}

static void at_exit(void) {
    use_and_destroy(engine_at_exit);
}

int main(void) {
    check_start();
    CHECK_INT(pthread_key_create(&key, on_thread_end), 0);
    for (int i = 0; i < 5; i++) run(leave_engine_to_destructor, NULL);
    CHECK_INT(destructor_runs, 5);
    CHECK_INT(pthread_key_delete(key), 0);
    CHECK_INT(pthread_key_create(&key, on_destroy_bind), 0);
    run(nothing_before, host_engine());
    CHECK_INT(destructor_runs, 6);
    engine_at_exit = host_engine();
    CHECK_INT(atexit(at_exit), 0);
    return 0;
}
