/* The trace of trace.h: what the host of any loop does with the engine. Each step begins when an event of the step
 * before has come; nothing waits for a time. */
#define _XOPEN_SOURCE 700
#include "trace.h"

#include <fcntl.h>
#include <orchflow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASTE_BYTES 102400
/* Room for input that waits in the engine: less than the paste, beside the 68 KiB that the kernel may take. */
#define INPUT_BYTES 4096

enum step { SCRIPT, TYPING, PASTE, WATCH, BUSY_NO_MORE, IDLE, SHUTDOWN, OVER };

/* The lines that a reader has received. */
struct lines {
    char text[4096];
    size_t len;
    /* Bytes since the reader was paused. */
    size_t while_paused;
};

struct trace {
    orch_engine *engine;
    enum step step;
    uint64_t script, typist, paster, watch;
    /* The second reader of `typist`, and the first one, which is paused. */
    uint64_t second_reader, first_reader;
    struct lines first, second;
    char paste[PASTE_BYTES];
    size_t pasted;
    int room_again, fifo;
    char folder[256];
    int wakes;
};

static orch_status check(struct trace *self, orch_status status, const char *what) {
    orch_error error = ORCH_ERROR_INIT;
    if (status >= 0) return status;
    orch_error_get(self->engine, &error);
    fprintf(stderr, "%s: %.*s\n", what, (int)error.message.len, (const char *)error.message.data);
    exit(1);
}

static uint64_t spawn(struct trace *self, const char *script) {
    orch_bytes argv[] = {{"sh", 2}, {"-c", 2}, {script, strlen(script)}};
    char variable[sizeof self->folder + 16];
    orch_bytes env = {variable, (size_t)sprintf(variable, "FOLDER=%s", self->folder)};
    orch_spawn_options options = ORCH_SPAWN_OPTIONS_INIT;
    uint64_t terminal = 0;
    options.env = &env;
    options.env_len = 1;
    options.argv = argv;
    options.argv_len = 3;
    check(self, orch_terminal_spawn(self->engine, &options, &terminal), "spawn");
    self->first.len = 0;
    return terminal;
}

static void type(struct trace *self, const char *text) {
    size_t accepted = 0; /* The paste shows what to do when it is less. */
    check(self, orch_terminal_write(self->engine, self->typist, text, strlen(text), &accepted), "write");
}

static const char *path_of(struct trace *self, const char *name) {
    static char paths[2][sizeof self->folder + 16];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", self->folder, name);
    return paths[turn];
}

/* 1. A program that writes and exits. */

static void script_line(const char *line) { printf("script: %s\n", line); }

/* 2. A program that is typed to; a new size; a reader that pauses while another one goes on. */

static void start_typing(struct trace *self) {
    self->step = TYPING;
    self->typist = spawn(self, "stty -echo; echo ready; while read -r word; do "
                               "case $word in size) stty size;; *) echo \"you typed $word\";; esac; done");
}

static void resize(struct trace *self) {
    const orch_size window = {100, 30, 0, 0};
    check(self, orch_terminal_resize(self->engine, self->typist, window), "resize");
    type(self, "size\r");
}

static void pause_first_reader(struct trace *self) {
    orch_attach_options options = ORCH_ATTACH_OPTIONS_INIT;
    options.start = ORCH_START_NOW;
    check(self, orch_terminal_attach(self->engine, self->typist, &options, &self->second_reader), "attach");
    check(self, orch_reader_set(self->engine, self->first_reader, ORCH_READER_OPTION_PAUSED, 1), "pause");
    self->first.while_paused = 0;
    type(self, "on\r");
}

static void start_paste(struct trace *self) {
    self->step = PASTE;
    check(self, orch_reader_detach(self->engine, self->second_reader), "detach");
    self->paster = spawn(self, "stty raw -echo; mkfifo $FOLDER/fifo; echo ready; "
                               "read -r go <$FOLDER/fifo; head -c 102400 | cksum; rm $FOLDER/fifo");
}

/* Once its second line is here, the first reader would have had the first one. */
static void second_reader_line(struct trace *self, const char *line) {
    printf("second reader: %s\n", line);
    if (strcmp(line, "you typed on") == 0) {
        type(self, "off\r");
        return;
    }
    printf("first reader: paused, %zu bytes\n", self->first.while_paused);
    check(self, orch_reader_set(self->engine, self->first_reader, ORCH_READER_OPTION_PAUSED, 0), "resume");
}

static void typist_line(struct trace *self, const char *line) {
    printf("%s: %s\n", self->second_reader != 0 ? "first reader" : "typing", line);
    if (strcmp(line, "you typed off") == 0) start_paste(self);
    if (strcmp(line, "ready") == 0) type(self, "hello\r");
    if (strcmp(line, "you typed hello") == 0) resize(self);
    if (strcmp(line, "30 100") == 0) pause_first_reader(self);
}

/* 3. A paste that is larger than what the kernel and the engine keep for a program that does not read. */

static void paste_more(struct trace *self) {
    size_t accepted = 0;
    check(self,
          orch_terminal_write(self->engine, self->paster, self->paste + self->pasted,
                              PASTE_BYTES - self->pasted, &accepted),
          "paste");
    self->pasted += accepted;
}

/* The program begins to read when a fifo says so. */
static void paster_line(struct trace *self, const char *line) {
    if (strcmp(line, "ready") != 0) {
        printf("paste: checksum and bytes %s\n", line);
        return;
    }
    for (size_t i = 0; i < PASTE_BYTES; i++) self->paste[i] = (char)('a' + i % 26);
    paste_more(self);
    printf("paste: %s\n", self->pasted < PASTE_BYTES ? "no room for all" : "room for all");
    self->fifo = open(path_of(self, "fifo"), O_RDWR | O_CLOEXEC); /* also for reading: so it need not wait */
    if (self->fifo < 0 || write(self->fifo, "go\n", 3) != 3) {
        perror("fifo");
        exit(1);
    }
}

static void paster_has_room(struct trace *self) {
    if (!self->room_again) printf("paste: room again\n");
    self->room_again = 1;
    paste_more(self);
}

/* 4. A watch: one change after the other, each reported before the next. */

static void write_file(struct trace *self, const char *name, const char *mode, const char *text) {
    FILE *file = fopen(path_of(self, name), mode);
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        perror(name);
        exit(1);
    }
}

static void start_watch(struct trace *self) {
    orch_bytes root = orch_str(self->folder);
    orch_watch_options options = ORCH_WATCH_OPTIONS_INIT;
    options.roots = &root;
    options.root_count = 1;
    /* By default, files of ignore rules are watched for in the directories above the root, so that whoever makes a file
     * in /tmp would wake this host. */
    options.flags = ORCH_WATCH_NO_GITIGNORE;
    self->step = WATCH;
    close(self->fifo);
    write_file(self, "old", "w", "old");
    check(self, orch_watch_add(self->engine, &options, &self->watch), "watch");
}

static void sync_watch(struct trace *self, uint64_t tag) {
    check(self, orch_watch_sync(self->engine, self->watch, tag), "sync");
}

static void print_path(struct trace *self, const orch_bytes *path) {
    const size_t skip = strlen(self->folder) + 1;
    const char *text = (const char *)path->data;
    if (path->len < skip) printf(".");
    else printf("%.*s", (int)(path->len - skip), text + skip);
}

static void print_tree(struct trace *self) {
    orch_file_cursor cursor = {0, 0, 0};
    orch_file_changes changes = ORCH_FILE_CHANGES_INIT;
    /* Four entries come at once; a host with more goes on while `more` is 1. */
    check(self, orch_watch_get_changes(self->engine, self->watch, &cursor, 0, &changes), "tree");
    for (uint32_t type = ORCH_FILE_TYPE_DIRECTORY; type >= ORCH_FILE_TYPE_FILE; type--) {
        for (size_t i = 0; i < changes.entry_count; i++) {
            const orch_file_entry *entry =
                (const orch_file_entry *)orch_element_at(changes.entries, changes.entry_stride, i);
            if (entry->file_type != type) continue;
            printf("tree: ");
            print_path(self, &entry->path);
            if (type == ORCH_FILE_TYPE_FILE) printf(" %d bytes", (int)entry->bytes);
            printf("\n");
        }
    }
}

static void watch_batch(struct trace *self, const orch_event_watch_batch *batch) {
    static const char *const kinds[] = {"", "create", "modify", "metadata", "touch", "delete", "rename"};
    for (size_t i = 0; i < batch->event_count; i++) {
        const orch_file_event *event =
            (const orch_file_event *)orch_element_at(batch->events, batch->event_stride, i);
        printf("watch: %s ", event->kind <= ORCH_FILE_EVENT_RENAME ? kinds[event->kind] : "?");
        if (event->kind == ORCH_FILE_EVENT_RENAME) {
            print_path(self, &event->from);
            printf(" to ");
        }
        print_path(self, &event->path);
        printf("\n");
    }
}

/* Everything up to step `tag` has been reported. */
static void watch_synced(struct trace *self, uint64_t tag) {
    switch (tag) {
    case 0:
        mkdir(path_of(self, "sub"), 0777);
        write_file(self, "sub/draft", "w", "one");
        break;
    case 1: write_file(self, "sub/draft", "a", " and two"); break;
    case 2: rename(path_of(self, "sub/draft"), path_of(self, "sub/final")); break;
    case 3: unlink(path_of(self, "old")); break;
    default:
        print_tree(self);
        self->step = BUSY_NO_MORE;
        return;
    }
    sync_watch(self, tag + 1);
}

/* 5. With a program and a watch that wait, nothing wakes the host. */

static enum trace_next may_idle(struct trace *self) {
    int32_t timeout_ms = 0;
    check(self, orch_engine_get_timeout(self->engine, &timeout_ms), "timeout");
    /* What has just been done may have left a timer or two. */
    if (timeout_ms >= 0 && timeout_ms <= 2 * TRACE_IDLE_MS) return TRACE_WAIT;
    self->step = IDLE;
    return TRACE_IDLE;
}

/* 6. An id of something that is gone, then the end. */

void trace_idle_over(struct trace *self) {
    size_t accepted = 0;
    printf("idle: %d wakes\n", self->wakes);
    printf("stale id: %s\n",
           orch_status_get_name(orch_terminal_write(self->engine, self->script, "x", 1, &accepted)));
    self->step = SHUTDOWN;
    check(self, orch_engine_shutdown(self->engine, 5000), "shutdown");
}

/* Events */

static void on_line(struct trace *self, uint64_t terminal, const char *line) {
    if (terminal == self->script) script_line(line);
    if (terminal == self->typist) typist_line(self, line);
    if (terminal == self->paster) paster_line(self, line);
}

static void on_output(struct trace *self, uint64_t terminal, const orch_event_output *output) {
    const int is_second = output->reader == self->second_reader;
    struct lines *lines = is_second ? &self->second : &self->first;
    if (terminal == self->typist && !is_second) self->first_reader = output->reader;
    lines->while_paused += output->len;
    for (size_t i = 0; i < output->len; i++) {
        const char c = (char)output->data[i];
        if (c != '\n') {
            if (c != '\r' && lines->len + 1 < sizeof lines->text) lines->text[lines->len++] = c;
            continue;
        }
        lines->text[lines->len] = '\0';
        lines->len = 0;
        if (is_second) second_reader_line(self, lines->text);
        else on_line(self, terminal, lines->text);
    }
}

static const char *name_of(const struct trace *self, uint64_t terminal) {
    return terminal == self->script ? "script" : terminal == self->typist ? "typing" : "paste";
}

static void on_exited(struct trace *self, uint64_t terminal, const orch_event_exited *exited) {
    printf("%s: %s %d\n", name_of(self, terminal),
           exited->exit_kind == ORCH_EXIT_CODE ? "exit code" : "signal", (int)exited->exit_value);
    if (self->step != SHUTDOWN) check(self, orch_terminal_close(self->engine, terminal, 0), "close");
}

static void on_closed(struct trace *self, uint64_t terminal) {
    printf("%s: closed\n", name_of(self, terminal));
    if (terminal == self->script) start_typing(self);
    if (terminal == self->paster) start_watch(self);
}

static void on_event(struct trace *self, const orch_event *event) {
    switch (event->kind) {
    case ORCH_EVENT_OUTPUT: on_output(self, event->source, event->payload.output); break;
    case ORCH_EVENT_EXITED: on_exited(self, event->source, event->payload.exited); break;
    case ORCH_EVENT_CLOSED: on_closed(self, event->source); break;
    case ORCH_EVENT_INPUT_READY: paster_has_room(self); break;
    case ORCH_EVENT_WATCH_READY: watch_synced(self, 0); break;
    case ORCH_EVENT_WATCH_BATCH: watch_batch(self, event->payload.watch_batch); break;
    case ORCH_EVENT_WATCH_SYNCED: watch_synced(self, event->payload.watch_synced->sync_tag); break;
    case ORCH_EVENT_SHUTDOWN_COMPLETE:
        printf("shutdown: complete\n");
        self->step = OVER;
        break;
    default: break; /* Kinds that a host does not know are no error. */
    }
}

enum trace_next trace_readable(struct trace *self) {
    orch_event event = ORCH_EVENT_INIT;
    if (self->step == IDLE) self->wakes++;
    check(self, orch_engine_turn(self->engine, 0), "turn");
    while (check(self, orch_engine_next_event(self->engine, &event), "event") == ORCH_OK) on_event(self, &event);
    if (self->step == BUSY_NO_MORE) return may_idle(self);
    return self->step == OVER ? TRACE_OVER : TRACE_WAIT;
}

int trace_fd(const struct trace *self) { return orch_engine_get_fd(self->engine); }

struct trace *trace_start(void) {
    struct trace *self = (struct trace *)calloc(1, sizeof *self);
    const char *temporary = getenv("TMPDIR");
    orch_config config = ORCH_CONFIG_INIT;
    if (self == NULL) exit(1);
    snprintf(self->folder, sizeof self->folder, "%s/orchflow-trace-XXXXXX", temporary ? temporary : "/tmp");
    if (mkdtemp(self->folder) == NULL) {
        perror(self->folder);
        exit(1);
    }
    config.input_bytes = INPUT_BYTES;
    check(self, orch_engine_create(&config, &self->engine), "create");
    self->script = spawn(self, "for i in 1 2 3; do echo line $i; done; exit 3");
    return self;
}

void trace_end(struct trace *self) {
    check(self, orch_engine_destroy(self->engine), "destroy");
    unlink(path_of(self, "sub/final"));
    rmdir(path_of(self, "sub"));
    rmdir(self->folder);
    free(self);
}
