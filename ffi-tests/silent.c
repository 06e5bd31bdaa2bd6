// Nothing is ever written to stdout or stderr, whatever fails.

#include "watch.h"

#include <pthread.h>

static void *wrong_thread(void *argument) {
    orch_engine *engine = (orch_engine *)argument;
    CHECK_STATUS(orch_engine_turn(engine, 0), ORCH_E_WRONG_THREAD);
    return NULL;
}

static void failures(orch_engine *engine) {
    orch_bytes argv[1];
    argv[0] = orch_str("/no/such/program");
    orch_spawn_options options = host_options(argv, 1);
    uint64_t terminal = 0;
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), ORCH_E_NO_PROGRAM);
    options.cwd = orch_str("/no/such/directory");
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), ORCH_E_NO_DIRECTORY);
    options.log_bytes = 1;
    CHECK_STATUS(orch_terminal_spawn(engine, &options, &terminal), ORCH_E_INVALID);
    CHECK_STATUS(orch_terminal_write(engine, 5, "x", 1, NULL), ORCH_E_STALE_ID);
    CHECK_STATUS(orch_terminal_adopt(engine, 0, NULL, NULL), ORCH_E_INVALID);
    CHECK_STATUS(orch_engine_turn(NULL, 0), ORCH_E_INVALID);
    CHECK_STATUS(orch_watch_remove(engine, 5), ORCH_E_STALE_ID);
    const orch_bytes root = orch_str("/no/such/directory");
    const orch_watch_options watched = watch_options(&root);
    uint64_t watch = 0;
    CHECK_STATUS(orch_watch_add(engine, &watched, &watch), ORCH_E_NOT_FOUND);
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, wrong_thread, engine), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    pid_t child = fork();
    CHECK_SYS(child);
    if (child == 0) {
        CHECK_STATUS(orch_engine_turn(engine, 0), ORCH_E_FORKED);
        _exit(0);
    }
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

static void scenario(void) {
    orch_config config = host_config();
    config.log_level = ORCH_LOG_INFO;
    orch_engine *engine = NULL;
    CHECK_OK(orch_engine_create(&config, &engine));
    failures(engine);
    uint64_t terminal = host_sh(engine, "echo to the terminal; echo to its stderr >&2; kill -SEGV $$");
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(event.payload.exited->exit_value, SIGSEGV);
    host_sh(engine, "echo unread; exec cat");
    orch_sender *sender = NULL;
    CHECK_OK(orch_sender_create(engine, &sender));
    CHECK_OK(orch_engine_destroy(engine));
    CHECK_STATUS(host_notify(sender, 1), ORCH_E_GONE);
    CHECK_OK(orch_sender_destroy(sender));
}

int main(void) {
    check_start();
    check_stderr = dup(2);
    CHECK_SYS(check_stderr);
    FILE *file = tmpfile();
    CHECK(file != NULL);
    CHECK_SYS(dup2(fileno(file), 1));
    CHECK_SYS(dup2(fileno(file), 2));
    CHECK_SYS(setenv("RUST_BACKTRACE", "1", 1));
    CHECK_SYS(setenv("RUST_LOG", "trace", 1));
    scenario();
    char written[4096];
    ssize_t length = pread(fileno(file), written, sizeof written, 0);
    CHECK_SYS(length);
    CHECK_BYTES(written, (size_t)length, "");
    fclose(file);
    return 0;
}
