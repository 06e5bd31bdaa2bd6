// A good guest: signal handlers, signal mask, threads, directory, locale and children of the host are
// its own, also when it ignores SIGCHLD or reaps everybody's children.

#include "host.h"

#include <locale.h>
#include <sys/stat.h>

typedef struct surroundings {
    struct sigaction actions[65];
    sigset_t mask;
    char directory[4096];
    char locale[256];
    mode_t mask_of_files;
} surroundings;

static void look(surroundings *s) {
    memset(s, 0, sizeof *s);
    for (int number = 1; number <= 64; number++) sigaction(number, NULL, &s->actions[number]);
    CHECK_SYS(sigprocmask(SIG_SETMASK, NULL, &s->mask));
    CHECK(getcwd(s->directory, sizeof s->directory) != NULL);
    snprintf(s->locale, sizeof s->locale, "%s", setlocale(LC_ALL, NULL));
    s->mask_of_files = umask(0);
    umask(s->mask_of_files);
}

static void check_same(const surroundings *before, const surroundings *after) {
    for (int number = 1; number <= 64; number++) {
        CHECK(before->actions[number].sa_handler == after->actions[number].sa_handler);
        CHECK_INT(after->actions[number].sa_flags, before->actions[number].sa_flags);
        CHECK_INT(sigismember(&after->mask, number), sigismember(&before->mask, number));
    }
    CHECK_BYTES(after->directory, strlen(after->directory), before->directory);
    CHECK_BYTES(after->locale, strlen(after->locale), before->locale);
    CHECK_INT(after->mask_of_files, before->mask_of_files);
}

static int count_threads(void) {
    char line[256];
    int threads = -1;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Threads: %d", &threads) == 1) break;
    }
    fclose(file);
    return threads;
}

// The child of the host is not reaped, its end is not noticed by anybody else.
static void children_of_the_host(orch_engine *engine) {
    pid_t child = fork();
    CHECK_SYS(child);
    if (child == 0) _exit(7);
    siginfo_t info;
    CHECK_SYS(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    host_until_exit(engine, host_sh(engine, "exit 3"), 3, NULL);
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(WEXITSTATUS(status), 7);
}

static void until_unknown(orch_engine *engine, uint64_t terminal) {
    orch_event event = host_event();
    host_until(engine, terminal, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_UNKNOWN);
    CHECK_INT(event.payload.exited->exit_value, 0);
}

// A host that takes the exit statuses away does not stop the engine from seeing the ends.
static void statuses_taken_away(orch_engine *engine) {
    uint64_t terminal = host_sh(engine, "exit 3");
    pid_t pid = host_state(engine, terminal).pid;
    CHECK_INT(waitpid(-1, NULL, 0), pid);
    until_unknown(engine, terminal);
    CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    until_unknown(engine, host_sh(engine, "exit 3"));
    CHECK(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
}

int main(void) {
    check_start();
    static surroundings before, after;
    look(&before);
    CHECK_INT(count_threads(), 1);
    orch_engine *engine = host_engine();
    uint64_t terminal = host_sh(engine, "cd /; echo hello");
    host_until_exit(engine, terminal, 0, NULL);
    CHECK_STATUS(orch_terminal_close(engine, 1, 0), ORCH_E_STALE_ID);
    children_of_the_host(engine);
    CHECK_INT(count_threads(), 1);
    look(&after);
    check_same(&before, &after);
    statuses_taken_away(engine);
    look(&before);
    CHECK_OK(orch_engine_destroy(engine));
    look(&after);
    check_same(&before, &after);
    return 0;
}
