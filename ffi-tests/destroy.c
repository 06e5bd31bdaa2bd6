// What a destroyed engine leaves: nothing, once orch_program_reap says so. With pidfds and without.

#include "host.h"

#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define PROGRAMS 30

// Zombies and other children of this process that waitid sees; none of them is reaped.
static int has_children(void) {
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0) return 1;
    CHECK_INT(errno, ECHILD);
    return 0;
}

static void reap_all(void) {
    size_t left = 1;
    while (left > 0) CHECK_OK(orch_program_reap(&left));
}

// Whether every program is gone, each with its number.
static void check_gone(const pid_t *pids) {
    for (int i = 0; i < PROGRAMS; i++) {
        CHECK_INT(kill(pids[i], 0), -1);
        CHECK_INT(errno, ESRCH);
    }
}

static void destroy_with_programs(void) {
    int before = check_open_fds();
    pid_t pids[PROGRAMS];
    orch_engine *engine = host_engine();
    for (int i = 0; i < PROGRAMS; i++) {
        uint64_t terminal =
            i % 2 == 0 ? host_cat(engine)
                       : host_ready(engine, "trap '' HUP; echo ready; while :; do sleep 100; done");
        pids[i] = host_state(engine, terminal).pid;
    }
    CHECK_OK(orch_engine_destroy(engine));
    reap_all();
    check_gone(pids);
    CHECK(!has_children());
    CHECK_INT(check_open_fds(), before);
}

// A child of the host's own is not reaped.
static void own_children_stay(void) {
    pid_t own = fork();
    CHECK_SYS(own);
    if (own == 0) _exit(5);
    siginfo_t info;
    CHECK_SYS(waitid(P_PID, (id_t)own, &info, WEXITED | WNOWAIT));
    orch_engine *engine = host_engine();
    host_cat(engine);
    CHECK_OK(orch_engine_destroy(engine));
    reap_all();
    int status;
    CHECK_INT(waitpid(own, &status, 0), own);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

static void forbid_pidfds(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK_SYS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void exits_are_exact(void) {
    orch_engine *engine = host_engine();
    host_until_exit(engine, host_sh(engine, "exit 9"), 9, NULL);
    uint64_t killed = host_sh(engine, "kill -9 $$");
    orch_event event = host_event();
    host_until(engine, killed, ORCH_EVENT_EXITED, &event, NULL);
    CHECK_INT(event.payload.exited->exit_kind, ORCH_EXIT_SIGNAL);
    CHECK_INT(event.payload.exited->exit_value, 9);
    CHECK_OK(orch_engine_destroy(engine));
}

int main(void) {
    check_start();
    CHECK_OK(orch_program_reap(NULL));
    destroy_with_programs();
    own_children_stay();
    forbid_pidfds();
    exits_are_exact();
    destroy_with_programs();
    own_children_stay();
    orch_engine *engine = host_engine();
    CHECK_INT(host_stats(engine).invariants_broken, 0);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
