// What changed in the application state since a cursor: everything, in slices, and the difference; cursors
// that are copied, that come from a version, and that are of another engine.

#include "state.h"

#define PANES 50

// A copy of the panes, by their number.
typedef struct copy {
    int has[PANES];
    size_t slices;
    int began_anew;
} copy;

static size_t number_of(orch_bytes id) {
    char text[16];
    CHECK(id.len > 1 && id.len < sizeof text);
    memcpy(text, id.data, id.len);
    text[id.len] = '\0';
    CHECK(text[0] == 'p');
    size_t number = (size_t)atoi(text + 1);
    CHECK(number < PANES);
    return number;
}

static void apply(copy *copy, const orch_state_changes *changes) {
    copy->slices++;
    if (changes->full) {
        memset(copy->has, 0, sizeof copy->has);
        copy->began_anew++;
    }
    for (size_t i = 0; i < changes->removed_count; i++) {
        const orch_state_key *key = state_removed_at(changes, i);
        CHECK_INT(key->collection, ORCH_COLLECTION_PANES);
        CHECK_INT(key->id + key->watch + key->reserved, 0);
        copy->has[number_of(key->text)] = 0;
    }
    for (size_t i = 0; i < changes->pane_count; i++) {
        const orch_pane *pane = state_pane_at(changes, i);
        CHECK_INT(pane->size, changes->pane_stride);
        CHECK_BYTES(pane->session.data, pane->session.len, "s");
        copy->has[number_of(pane->id)] = 1;
    }
    CHECK_INT(changes->session_count + changes->terminal_count + changes->file_count, 0);
}

// Brings a copy up to date; `max` changes at once.
static void catch_up(orch_engine *engine, copy *copy, orch_state_cursor *cursor, size_t max) {
    orch_state_changes changes;
    do {
        changes = state_changes(engine, cursor, ORCH_COLLECTION_PANES, max);
        if (max > 0) CHECK(changes.pane_count + changes.removed_count <= max);
        apply(copy, &changes);
    } while (changes.more);
    CHECK_INT(cursor->n, state_version(engine).n);
}

static void check_copy(orch_engine *engine, const copy *copy) {
    char id[16];
    for (int i = 0; i < PANES; i++) {
        snprintf(id, sizeof id, "p%d", i);
        CHECK_INT(state_has_pane(engine, id), copy->has[i]);
    }
}

static void put(orch_engine *engine, int number) {
    char id[16];
    snprintf(id, sizeof id, "p%d", number);
    state_put_pane(engine, id, "s");
}

static void drop(orch_engine *engine, int number) {
    char id[16];
    snprintf(id, sizeof id, "p%d", number);
    CHECK_OK(state_remove_pane(engine, orch_str(id), STATE_NO_BASE, NULL));
}

static void snapshot_and_difference(orch_engine *engine) {
    static copy mine;
    memset(&mine, 0, sizeof mine);
    orch_state_cursor cursor = state_cursor();
    for (int i = 0; i < PANES; i++) put(engine, i);
    catch_up(engine, &mine, &cursor, 7);
    CHECK(mine.slices >= PANES / 7);
    CHECK_INT(mine.began_anew, 1);
    check_copy(engine, &mine);
    // Nothing new.
    orch_state_changes changes = state_changes(engine, &cursor, ORCH_COLLECTION_PANES, 0);
    CHECK_INT(changes.full + changes.more, 0);
    CHECK_INT(changes.pane_count + changes.removed_count, 0);
    // Removed, and set anew: exactly that.
    drop(engine, 3);
    drop(engine, 4);
    put(engine, 4);
    const orch_state_cursor before = cursor;
    changes = state_changes(engine, &cursor, ORCH_COLLECTION_PANES, 0);
    CHECK_INT(changes.full + changes.more, 0);
    CHECK_INT(changes.removed_count, 1);
    CHECK_INT(changes.pane_count, 1);
    apply(&mine, &changes);
    check_copy(engine, &mine);
    // A copy of a cursor reads the same again.
    cursor = before;
    changes = state_changes(engine, &cursor, ORCH_COLLECTION_PANES, 0);
    CHECK_INT(changes.removed_count + changes.pane_count, 2);
}

// The state changes while somebody reads.
static void between_slices(orch_engine *engine) {
    static copy mine;
    memset(&mine, 0, sizeof mine);
    orch_state_cursor cursor = state_cursor();
    for (int round = 0; round < 20; round++) {
        const orch_state_changes changes = state_changes(engine, &cursor, ORCH_COLLECTION_PANES, 5);
        apply(&mine, &changes);
        drop(engine, round * 2);
        put(engine, round * 2 + 1);
    }
    catch_up(engine, &mine, &cursor, 5);
    CHECK_INT(mine.began_anew, 1);
    check_copy(engine, &mine);
}

// A cursor that is nothing but a version, of this engine, of the future, and of another epoch.
static void from_a_version(orch_engine *engine) {
    orch_state_cursor cursor = state_cursor();
    const orch_state_version version = state_version(engine);
    put(engine, 7);
    drop(engine, 7);
    put(engine, 7);
    cursor.epoch = version.epoch;
    cursor.n = version.n;
    orch_state_changes changes = state_changes(engine, &cursor, ORCH_COLLECTION_PANES, 0);
    CHECK_INT(changes.full, 0);
    CHECK_INT(changes.pane_count, 1);
    cursor = state_cursor();
    cursor.epoch = version.epoch;
    cursor.n = version.n + 1000;
    CHECK_INT(state_changes(engine, &cursor, ORCH_COLLECTION_PANES, 0).full, 1);
    cursor = state_cursor();
    cursor.epoch = version.epoch + 1;
    cursor.n = version.n;
    CHECK_INT(state_changes(engine, &cursor, ORCH_COLLECTION_PANES, 0).full, 1);
    CHECK_INT(cursor.epoch, version.epoch);
    // Other collections begin anew.
    changes = state_changes(engine, &cursor, ORCH_COLLECTION_SESSIONS, 0);
    CHECK_INT(changes.full, 1);
    CHECK_INT(changes.pane_count, 0);
    CHECK_INT(changes.session_count, 1);
    CHECK_BYTES(state_session_at(&changes, 0)->id.data, state_session_at(&changes, 0)->id.len, "s");
}

// All collections, with a terminal among them; a removed session takes its panes along.
static void everything(orch_engine *engine) {
    orch_state_cursor cursor = state_cursor();
    uint64_t terminal = host_sh(engine, "exec cat");
    orch_state_changes changes = state_changes(engine, &cursor, ORCH_COLLECTION_ALL, 0);
    CHECK_INT(changes.more, 0);
    CHECK_INT(changes.session_count, 1);
    CHECK_INT(changes.terminal_count, 1);
    CHECK_INT(state_terminal_at(&changes, 0)->terminal, terminal);
    const size_t panes = changes.pane_count;
    CHECK(panes > 0);
    CHECK_INT(state_session_at(&changes, 0)->pane_count, panes);
    CHECK_OK(state_remove_session(engine, orch_str("s"), STATE_NO_BASE, NULL));
    changes = state_changes(engine, &cursor, ORCH_COLLECTION_ALL, 0);
    CHECK_INT(changes.removed_count, panes + 1);
    CHECK_INT(changes.session_count + changes.pane_count, 0);
    // Without effect now.
    const uint64_t n = state_version(engine).n;
    CHECK_OK(state_remove_session(engine, orch_str("s"), STATE_NO_BASE, NULL));
    CHECK_INT(state_version(engine).n, n);
}

int main(void) {
    check_start();
    orch_engine *engine = host_engine();
    state_put_session(engine, "s", "");
    snapshot_and_difference(engine);
    between_slices(engine);
    from_a_version(engine);
    everything(engine);
    CHECK_OK(orch_engine_destroy(engine));
    return 0;
}
