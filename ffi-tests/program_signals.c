// A program in a terminal starts with every signal at its default and none blocked, whatever its host
// ignores and blocks.

#include "host.h"

// The mask behind a name in the text of /proc/self/status.
static unsigned long long mask_of(const host_text *text, const char *name) {
    const char *at = (const char *)memmem(text->data, text->len, name, strlen(name));
    CHECK(at != NULL);
    return strtoull(at + strlen(name), NULL, 16);
}

int main(void) {
    check_start();
    sigset_t most;
    sigfillset(&most);
    sigdelset(&most, SIGALRM);
    CHECK_SYS(sigprocmask(SIG_SETMASK, &most, NULL));
    for (int number = 1; number <= 64; number++) {
        if (number != SIGALRM && number != SIGCHLD) signal(number, SIG_IGN);
    }
    orch_engine *engine = host_engine();
    uint64_t terminal = host_sh(engine, "exec cat /proc/self/status");
    host_text text;
    text.len = 0;
    host_until_exit(engine, terminal, 0, &text);
    CHECK_INT(mask_of(&text, "SigBlk:"), 0);
    CHECK_INT(mask_of(&text, "SigCgt:"), 0);
    CHECK_INT(mask_of(&text, "SigIgn:"), 0);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
