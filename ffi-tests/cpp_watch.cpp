// orchflow.hpp: file watches through its classes: options, events, batches, changes, cursors, questions.

#include "check.h"

#include <cstddef>
#include <fstream>
#include <ftw.h>
#include <map>
#include <orchflow.hpp>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <type_traits>

namespace {

// A folder that goes with its last user.
class folder {
public:
    folder() {
        const char *above = getenv("TMPDIR");
        std::string name = std::string(above == nullptr ? "/tmp" : above) + "/orchflow-watch-XXXXXX";
        CHECK(mkdtemp(&name[0]) != nullptr);
        char *resolved = realpath(name.c_str(), nullptr);
        CHECK(resolved != nullptr);
        path_ = resolved;
        free(resolved);
    }
    folder(const folder &) = delete;
    folder &operator=(const folder &) = delete;
    ~folder() { CHECK_INT(nftw(path_.c_str(), remove_one, 16, FTW_DEPTH | FTW_PHYS), 0); }
    const std::string &path() const { return path_; }
    std::string operator/(const char *name) const { return path_ + "/" + name; }

private:
    static int remove_one(const char *path, const struct stat *, int, struct FTW *) {
        return remove(path);
    }
    std::string path_;
};

void write_file(const std::string &path, const char *text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    CHECK(!file.fail());
}

orch::engine make_engine() {
    auto made = orch::engine::create();
    CHECK(made);
    return std::move(*made);
}

orch::event next(orch::engine &engine) {
    for (;;) {
        if (auto event = engine.next_event()) {
            CHECK(event->kind() != ORCH_EVENT_LOG);
            return *event;
        }
        struct pollfd fd = {engine.fd(), POLLIN, 0};
        CHECK_INT(poll(&fd, 1, -1), 1);
        CHECK(engine.turn());
    }
}

orch::event until(orch::engine &engine, orch::watch_id id, uint32_t kind) {
    for (;;) {
        const orch::event event = next(engine);
        if (event.kind() == kind && event.source() == id) return event;
    }
}

orch::watch_id watch(orch::engine &engine, const orch::watch_options &options) {
    const auto id = engine.watch(options);
    CHECK(id);
    CHECK_INT(until(engine, *id, ORCH_EVENT_WATCH_READY).source(), *id);
    return *id;
}

using tree = std::map<uint64_t, std::string>;

// Brings a copy up to date; how many slices that took.
size_t catch_up(orch::engine &engine, orch::watch_id id, tree &copy, orch::file_cursor &cursor,
                size_t max = 0) {
    for (size_t slices = 1;; slices++) {
        const auto changes = engine.file_changes(id, cursor, max);
        CHECK(changes);
        if (changes->is_full()) copy.clear();
        for (const uint64_t gone : changes->removed()) copy.erase(gone);
        for (const orch_file_entry &entry : changes->entries()) copy[entry.id] = orch::view(entry.path);
        CHECK_INT(changes->version().epoch, cursor.raw.epoch);
        CHECK_INT(changes->raw().size, sizeof(orch_file_changes));
        if (!changes->has_more()) return slices;
    }
}

void whole_tree() {
    const folder base;
    CHECK_SYS(mkdir((base / "dir").c_str(), 0755));
    write_file(base / "dir/\xFF", "12345");
    orch::engine engine = make_engine();
    orch::watch_options options(base.path());
    options.tag(9);
    const auto id = watch(engine, options);
    tree copy;
    orch::file_cursor cursor;
    CHECK_INT(catch_up(engine, id, copy, cursor, 1), 3);
    CHECK_INT(copy.size(), 3);
    CHECK(copy.rbegin()->second == base / "dir/\xFF");
    const auto state = engine.watch_state(id);
    CHECK(state);
    CHECK_INT(state->tag, 9);
    CHECK_INT(state->entries, 3);
    CHECK_INT(state->problem, ORCH_WATCH_PROBLEM_NONE);
    CHECK(orch::view(state->roots[0]) == base.path());
    orch::file_cursor another;
    const auto all = engine.file_changes(id, another);
    CHECK(all && all->is_full() && !all->has_more());
    CHECK_INT(all->removed().size(), 0);
    CHECK_INT(all->entries()[2].bytes, 5);
    // Options can be used again, and changed.
    const folder other;
    CHECK(watch(engine, options) != id);
    const auto both = watch(engine, options.root(other.path()));
    CHECK_INT(engine.watch_state(both)->root_count, 2);
    CHECK_INT(engine.watch_state(both)->entries, 4);
}

void batches() {
    const folder base;
    write_file(base / "a", "");
    orch::engine engine = make_engine();
    const auto id = watch(engine, orch::watch_options(base.path()).tag(5));
    tree copy;
    orch::file_cursor cursor;
    catch_up(engine, id, copy, cursor);
    CHECK_SYS(rename((base / "a").c_str(), (base / "b").c_str()));
    CHECK(engine.sync_watch(id, 77));
    const orch::event event = until(engine, id, ORCH_EVENT_WATCH_BATCH);
    CHECK_INT(event.tag(), 5);
    CHECK(!event.update() && event.watch_synced() == nullptr);
    const auto batch = event.watch_batch();
    CHECK(batch && batch->is_complete());
    CHECK_INT(batch->events().size(), 1);
    CHECK_INT(batch->summaries().size(), 0);
    CHECK_INT(batch->raw().original_events, 1);
    const orch_file_version version = batch->version();
    CHECK(version.n > 0);
    for (const orch_file_event &change : batch->events()) {
        CHECK_INT(change.kind, ORCH_FILE_EVENT_RENAME);
        CHECK_INT(change.file_type, ORCH_FILE_TYPE_FILE);
        CHECK(orch::view(change.path) == base / "b");
        CHECK(orch::view(change.from) == base / "a");
        CHECK_INT(copy.count(change.id), 1);
    }
    const orch::event synced = until(engine, id, ORCH_EVENT_WATCH_SYNCED);
    CHECK(synced.watch_synced() != nullptr);
    CHECK_INT(synced.watch_synced()->sync_tag, 77);
    CHECK_INT(synced.watch_synced()->version.epoch, version.epoch);
    CHECK(!synced.watch_batch());
    catch_up(engine, id, copy, cursor);
    CHECK_INT(copy.size(), 2);
    CHECK_SYS(unlink((base / "b").c_str()));
    CHECK(engine.sync_watch(id, 78));
    until(engine, id, ORCH_EVENT_WATCH_SYNCED);
    catch_up(engine, id, copy, cursor);
    CHECK_INT(copy.size(), 1);
}

void choices() {
    const folder base;
    CHECK_SYS(mkdir((base / "one").c_str(), 0755));
    CHECK_SYS(mkdir((base / "two").c_str(), 0755));
    orch::engine engine = make_engine();
    orch::watch_options options(base / "one");
    options.root(base / "two").ignore("*.o").ignore("!keep.o").window(orch::milliseconds{0});
    options.max_wait(orch::milliseconds{100}).flags(ORCH_WATCH_NO_HIDDEN).max_depth(3);
    options.kinds(1u << ORCH_FILE_EVENT_CREATE).summary_threshold(1).entry_limit(100);
    options.poll_interval(orch::milliseconds{500});
    const auto id = watch(engine, options);
    for (const char *name : {"one/x.o", "one/.hidden", "one/keep.o", "one/y", "two/z"}) {
        write_file(base / name, "");
    }
    CHECK(engine.sync_watch(id, 1));
    std::map<std::string, size_t> created;
    for (;;) {
        const orch::event event = next(engine);
        if (event.kind() == ORCH_EVENT_WATCH_SYNCED) break;
        const auto batch = event.watch_batch();
        CHECK(batch);
        for (const orch_file_event &change : batch->events()) {
            CHECK_INT(change.kind, ORCH_FILE_EVENT_CREATE);
            created[std::string(orch::view(change.path))]++;
        }
        for (const orch_file_summary &summary : batch->summaries()) {
            created[std::string(orch::view(summary.dir))] += summary.created;
        }
    }
    size_t sum = 0;
    for (const auto &[path, count] : created) sum += count;
    CHECK_INT(sum, 3);
    CHECK_INT(created[base / "one"], 2);
}

void errors() {
    const folder base;
    write_file(base / "file", "");
    orch::config config;
    config.raw.watches = 1;
    auto engine = orch::engine::create(config);
    CHECK(engine);
    CHECK(engine->watches().empty());
    const auto missing = engine->watch(orch::watch_options(base / "missing"));
    CHECK(!missing);
    CHECK_INT(missing.error().code(), ORCH_E_NOT_FOUND);
    CHECK(missing.error().name() == "ORCH_E_NOT_FOUND");
    CHECK(engine->last_error().find("missing") != std::string::npos);
    CHECK_INT(engine->watch(orch::watch_options(base / "file/x")).error().code(),
              ORCH_E_NOT_DIRECTORY);
    orch::watch_options options(base.path());
    CHECK_INT(engine->watch(options.window(orch::milliseconds{60001})).error().code(),
              ORCH_E_INVALID);
    // A duration that no number of milliseconds can express is cut off, not wrapped around.
    CHECK_INT(engine->watch(options.window(orch::milliseconds::max())).error().code(),
              ORCH_E_INVALID);
    const auto id = watch(*engine, options.window(orch::milliseconds{-5}));
    CHECK_INT(engine->watches().size(), 1);
    CHECK_INT(engine->watches()[0], id);
    CHECK_INT(engine->watch(options).error().code(), ORCH_E_LIMIT);
    CHECK(engine->unwatch(id));
    CHECK_INT(engine->unwatch(id).code(), ORCH_E_STALE_ID);
    CHECK_INT(engine->sync_watch(id, 1).code(), ORCH_E_STALE_ID);
    CHECK_INT(engine->watch_state(id).error().code(), ORCH_E_STALE_ID);
    orch::file_cursor cursor;
    CHECK_INT(engine->file_changes(id, cursor).error().code(), ORCH_E_STALE_ID);
    CHECK_INT(cursor.raw.epoch + cursor.raw.base + cursor.raw.position, 0);
    CHECK(engine->watches().empty());
}

std::string saved(orch::engine &engine, orch::watch_id id) {
    std::string bytes;
    orch_save_cursor cursor = {};
    for (;;) {
        const auto more = engine.save_watch(id, cursor, bytes, 1);
        CHECK(more);
        if (!*more) return bytes;
    }
}

// A tree that is saved, and what changed until the next watch.
void across_restarts() {
    const folder base;
    write_file(base / "kept", "1");
    write_file(base / "gone", "2");
    std::string bytes;
    {
        orch::engine engine = make_engine();
        const auto id = watch(engine, orch::watch_options(base.path()));
        bytes = saved(engine, id);
        orch_save_cursor cursor = {};
        cursor.phase = 3;
        CHECK_INT(engine.save_watch(id, cursor, bytes).error().code(), ORCH_E_INVALID);
        CHECK(engine.unwatch(id));
        cursor.phase = 0;
        CHECK_INT(engine.save_watch(id, cursor, bytes).error().code(), ORCH_E_STALE_ID);
    }
    CHECK_SYS(unlink((base / "gone").c_str()));
    orch::engine engine = make_engine();
    const auto id = engine.watch(orch::watch_options(base.path()).since(bytes));
    CHECK(id);
    const orch::event event = next(engine);
    const auto batch = event.watch_batch();
    CHECK(batch);
    CHECK_INT(batch->events().size(), 1);
    CHECK(orch::view(batch->events()[0].path) == base / "gone");
    CHECK_INT(until(engine, *id, ORCH_EVENT_WATCH_READY).source(), *id);
    bytes[bytes.size() / 2] ^= 1;
    const auto other = engine.watch(orch::watch_options(base.path()).since(bytes));
    CHECK(other);
    const auto warning = until(engine, *other, ORCH_EVENT_WATCH_WARNING);
    CHECK_INT(warning.watch_warning()->problem, ORCH_WATCH_PROBLEM_SAVE_UNUSABLE);
    CHECK_INT(engine.watch_state(*other)->save_problem, ORCH_SAVE_PROBLEM_DAMAGED);
    CHECK_INT(until(engine, *other, ORCH_EVENT_WATCH_READY).source(), *other);
}

// Changes of another size: what this header does not know is left out, what is missing is 0.
void other_sizes() {
    orch_event_watch_batch batch = {};
    batch.complete = 1;
    CHECK(orch::watch_batch(batch).is_complete());
    CHECK_INT(orch::watch_batch(batch).summaries().size(), 0);
    orch_file_changes older = {};
    older.size = offsetof(orch_file_changes, entries);
    older.full = 1;
    older.entry_count = 99;
    CHECK(orch::file_changes(older).is_full());
    CHECK_INT(orch::file_changes(older).entries().size(), 0);
    orch_file_changes newer = {};
    newer.size = sizeof newer + 8;
    newer.more = 1;
    CHECK(orch::file_changes(newer).has_more());
    static_assert(!std::is_convertible_v<const char *, orch::watch_options>, "said explicitly");
    static_assert(std::is_copy_constructible_v<orch::watch_options>, "options are a value");
}

}  // namespace

int main() {
    check_start();
    whole_tree();
    batches();
    choices();
    errors();
    across_restarts();
    other_sizes();
    return 0;
}
