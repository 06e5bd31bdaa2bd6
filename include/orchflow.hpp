// orchflow.hpp: OrchFlow for C++17, a header-only coat over orchflow.h.
//
// Handles own what they name and move but do not copy; everything else is a value. No exceptions are
// thrown and none are needed: calls that can fail return orch::result<T> or orch::status. Threads and
// lifetimes are those of orchflow.h.
//
//     auto engine = orch::engine::create();
//     if (!engine) return 1;
//     auto terminal = engine->spawn(orch::spawn_options{"make", "-j4"});
//     while (running) {
//         engine->turn(orch::forever);
//         while (auto event = engine->next_event()) { ... }
//     }

#ifndef ORCHFLOW_HPP
#define ORCHFLOW_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orchflow.h"

namespace orch {

// The outcome of a call: ORCH_OK, ORCH_DONE or one of ORCH_E_*. True means that it worked.
class [[nodiscard]] status {
public:
    constexpr status(int32_t code) noexcept : code_(code) {}
    constexpr explicit operator bool() const noexcept { return code_ >= 0; }
    constexpr int32_t code() const noexcept { return code_; }
    std::string_view name() const noexcept { return orch_status_get_name(code_); }

private:
    int32_t code_;
};

// A value, or the status that says why there is none. Like std::optional, reading the value of a
// failed result is an error of the program.
template <typename T>
class [[nodiscard]] result {
public:
    result(T value) : code_(ORCH_OK), value_(std::move(value)) {}
    result(status error) : code_(error.code()) {}
    explicit operator bool() const noexcept { return value_.has_value(); }
    status error() const noexcept { return code_; }
    T &operator*() & noexcept { return *value_; }
    const T &operator*() const & noexcept { return *value_; }
    T &&operator*() && noexcept { return *std::move(value_); }
    T *operator->() noexcept { return &*value_; }
    const T *operator->() const noexcept { return &*value_; }

private:
    int32_t code_;
    std::optional<T> value_;
};

using terminal_id = uint64_t;
using reader_id = uint64_t;
using watch_id = uint64_t;
using peer_id = uint64_t;
using listener_id = uint64_t;
using token_id = uint64_t;
using client_id = uint64_t;
using std::chrono::milliseconds;

// For engine::turn: wait until there is something to do.
inline constexpr milliseconds forever{-1};

// A duration as the C interface takes it: cut off at the ends of T instead of wrapping around.
template <typename T>
constexpr T clamp_ms(milliseconds wait) noexcept {
    using limits = std::numeric_limits<T>;
    if (wait.count() < static_cast<int64_t>(limits::min())) return limits::min();
    if (wait.count() > static_cast<int64_t>(limits::max())) return limits::max();
    return static_cast<T>(wait.count());
}

// Text or bytes that somebody else owns.
inline std::string_view view(orch_bytes bytes) noexcept {
    return {static_cast<const char *>(bytes.data), bytes.len};
}
inline orch_bytes bytes(std::string_view text) noexcept {
    orch_bytes out;
    out.data = text.data();
    out.len = text.size();
    return out;
}
inline std::vector<orch_bytes> bytes_of_all(const std::vector<std::string> &texts) {
    std::vector<orch_bytes> out;
    out.reserve(texts.size());
    for (const std::string &text : texts) out.push_back(bytes(text));
    return out;
}
inline orch_size cells(uint16_t cols, uint16_t rows) noexcept {
    orch_size size = {};
    size.cols = cols;
    size.rows = rows;
    return size;
}

// A configuration with every default; change what you like in `raw`.
struct config {
    config() noexcept { orch_config_init(&raw, sizeof raw); }
    orch_config raw = {};
};

// How to keep a screen, how to take over a PTY, how to attach a reader: the same.
struct screen_options {
    screen_options() noexcept { orch_screen_options_init(&raw, sizeof raw); }
    orch_screen_options raw = {};
};
struct adopt_options {
    adopt_options() noexcept { orch_adopt_options_init(&raw, sizeof raw); }
    orch_adopt_options raw = {};
};
struct attach_options {
    attach_options() noexcept { orch_attach_options_init(&raw, sizeof raw); }
    orch_attach_options raw = {};
};

// How to start a program. Owns its texts, so it can be kept and used again.
class spawn_options {
public:
    // The user's shell.
    spawn_options() = default;
    // A program and its arguments.
    spawn_options(std::initializer_list<std::string_view> argv) : argv_(argv.begin(), argv.end()) {}

    spawn_options &arg(std::string_view value) { return argv_.emplace_back(value), *this; }
    spawn_options &env(std::string_view name, std::string_view value) {
        std::string entry(name);
        return env_.emplace_back(entry.append("=").append(value)), *this;
    }
    spawn_options &env_remove(std::string_view name) { return env_.emplace_back(name), *this; }
    spawn_options &env_clear() noexcept { return env_clear_ = true, *this; }
    spawn_options &cwd(std::string_view path) { return cwd_ = path, *this; }
    spawn_options &window(orch_size size) noexcept { return window_ = size, *this; }
    spawn_options &delivery(uint32_t delivery) noexcept { return delivery_ = delivery, *this; }
    spawn_options &log_bytes(size_t bytes) noexcept { return log_bytes_ = bytes, *this; }
    spawn_options &tag(uint64_t tag) noexcept { return tag_ = tag, *this; }
    spawn_options &screen(const screen_options &screen) noexcept { return screen_ = screen.raw, *this; }

    // The options in C's form, for the time of the call `use`.
    template <typename Use>
    auto lower(Use use) const {
        const std::vector<orch_bytes> argv = bytes_of_all(argv_), env = bytes_of_all(env_);
        orch_spawn_options raw;
        orch_spawn_options_init(&raw, sizeof raw);
        raw.argv = argv.data();
        raw.argv_len = argv.size();
        raw.env = env.data();
        raw.env_len = env.size();
        raw.env_clear = env_clear_;
        raw.delivery = delivery_;
        raw.cwd = bytes(cwd_);
        if (window_) raw.window = *window_;
        raw.log_bytes = log_bytes_;
        raw.tag = tag_;
        raw.screen = screen_ ? &*screen_ : nullptr;
        return use(raw);
    }

private:
    std::vector<std::string> argv_, env_;
    std::string cwd_;
    std::optional<orch_size> window_;
    bool env_clear_ = false;
    uint32_t delivery_ = ORCH_DELIVERY_LOSSLESS;
    size_t log_bytes_ = 0;
    uint64_t tag_ = 0;
    std::optional<orch_screen_options> screen_;
};

// What to watch and how. Owns its texts, so it can be kept and used again.
class watch_options {
public:
    // A directory with all that is in it, or a single file.
    explicit watch_options(std::string_view root) : roots_{std::string(root)} {
        orch_watch_options_init(&raw_, sizeof raw_);
    }

    // One more root in the same tree.
    watch_options &root(std::string_view path) { return roots_.emplace_back(path), *this; }
    watch_options &ignore(std::string_view glob) { return ignore_.emplace_back(glob), *this; }
    watch_options &window(milliseconds wait) noexcept {
        return raw_.window_ms = clamp_ms<uint32_t>(wait), *this;
    }
    watch_options &max_wait(milliseconds wait) noexcept {
        return raw_.max_wait_ms = clamp_ms<uint32_t>(wait), *this;
    }
    // Sum of ORCH_WATCH_NO_GITIGNORE and the like.
    watch_options &flags(uint32_t flags) noexcept { return raw_.flags = flags, *this; }
    // Sum of `1 << ORCH_FILE_EVENT_CREATE` and the like.
    watch_options &kinds(uint32_t kinds) noexcept { return raw_.kinds = kinds, *this; }
    watch_options &summary_threshold(size_t events) noexcept {
        return raw_.summary_threshold = events, *this;
    }
    watch_options &max_depth(size_t levels) noexcept { return raw_.max_depth = levels, *this; }
    watch_options &entry_limit(size_t entries) noexcept { return raw_.entry_limit = entries, *this; }
    watch_options &poll_interval(milliseconds interval) noexcept {
        return raw_.poll_interval_ms = clamp_ms<uint32_t>(interval), *this;
    }
    // How long a batch waits at most while git holds the lock of its index; 0: not at all.
    watch_options &git_wait(milliseconds longest) noexcept {
        return raw_.git_wait_ms = clamp_ms<uint32_t>(longest), *this;
    }
    watch_options &tag(uint64_t tag) noexcept { return raw_.tag = tag, *this; }
    // A saved tree to begin with; see save_watch. Kept.
    watch_options &since(std::string_view saved) { return since_.assign(saved), *this; }

    // The options in C's form, for the time of the call `use`.
    template <typename Use>
    auto lower(Use use) const {
        const std::vector<orch_bytes> roots = bytes_of_all(roots_), ignore = bytes_of_all(ignore_);
        orch_watch_options raw = raw_;
        raw.roots = roots.data();
        raw.root_count = roots.size();
        raw.ignore = ignore.data();
        raw.ignore_count = ignore.size();
        raw.since = {since_.data(), since_.size()};
        return use(raw);
    }

private:
    std::vector<std::string> roots_, ignore_;
    std::string since_;
    orch_watch_options raw_ = {};
};

// For range-for over what has a size and elements by index.
template <typename Range>
class index_iterator {
public:
    index_iterator(const Range &range, size_t at) noexcept : range_(range), at_(at) {}
    decltype(auto) operator*() const noexcept { return range_[at_]; }
    index_iterator &operator++() noexcept { return ++at_, *this; }
    bool operator==(const index_iterator &other) const noexcept { return at_ == other.at_; }
    bool operator!=(const index_iterator &other) const noexcept { return at_ != other.at_; }

private:
    Range range_;
    size_t at_;
};

// An array that somebody else owns, with elements that may be larger than this header knows.
template <typename T>
class strided {
public:
    strided(const T *data, size_t count, size_t stride) noexcept
        : data_(data), count_(count), stride_(stride) {}
    size_t size() const noexcept { return count_; }
    const T &operator[](size_t index) const noexcept {
        return *reinterpret_cast<const T *>(reinterpret_cast<const char *>(data_) + index * stride_);
    }
    index_iterator<strided> begin() const noexcept { return {*this, 0}; }
    index_iterator<strided> end() const noexcept { return {*this, count_}; }

private:
    const T *data_;
    size_t count_, stride_;
};

// A row of a screen. Borrowed, as what it comes from.
class row {
public:
    row(const orch_row &raw, size_t run_stride) noexcept : raw_(&raw), run_stride_(run_stride) {}
    int32_t index() const noexcept { return raw_->index; }
    bool is_wrapped() const noexcept { return (raw_->flags & ORCH_ROW_WRAPPED) != 0; }
    strided<orch_run> runs() const noexcept { return {raw_->runs, raw_->run_count, run_stride_}; }
    std::string text() const {
        std::string out;
        for (const orch_run &run : runs()) out += view(run.text);
        return out;
    }

private:
    const orch_row *raw_;
    size_t run_stride_;
};

// Rows of a screen, from the top. Borrowed, as what they come from.
class rows {
public:
    explicit rows(const orch_rows &raw) noexcept : raw_(raw) {}
    size_t size() const noexcept { return raw_.row_count; }
    row operator[](size_t index) const noexcept {
        return {*orch_row_at(&raw_, index), raw_.run_stride};
    }
    index_iterator<rows> begin() const noexcept { return {*this, 0}; }
    index_iterator<rows> end() const noexcept { return {*this, size()}; }

private:
    orch_rows raw_;
};

// What changed on a screen. Borrowed: from an event as its bytes, from engine::screen until the next
// question about a screen.
class screen_update {
public:
    explicit screen_update(const orch_screen_update &raw) noexcept {
        std::memcpy(&raw_, &raw, std::min(raw.size, sizeof raw_));
    }
    uint64_t generation() const noexcept { return raw_.generation; }
    uint64_t offset() const noexcept { return raw_.offset; }
    bool is_full() const noexcept { return (raw_.flags & ORCH_UPDATE_FULL) != 0; }
    const orch_screen_cursor &cursor() const noexcept { return raw_.cursor; }
    // The title, when it changed or everything is told.
    std::optional<std::string_view> title() const noexcept {
        if (raw_.title.data == nullptr) return std::nullopt;
        return view(raw_.title);
    }
    strided<orch_scroll> scrolls() const noexcept {
        return {raw_.scrolls, raw_.scroll_count, raw_.scroll_stride};
    }
    orch::rows rows() const noexcept { return orch::rows(raw_.rows); }
    // Every other field.
    const orch_screen_update &raw() const noexcept { return raw_; }

private:
    orch_screen_update raw_ = {};
};

// What to search and where, with every default but these. The pattern is borrowed until the search is
// done.
struct search {
    explicit search(std::string_view pattern, uint32_t flags = 0) noexcept {
        orch_search_options_init(&raw, sizeof raw);
        raw.pattern = bytes(pattern);
        raw.flags = flags;
    }
    // Goes on where a search with this result ended.
    search &go_on(const class matches &found) noexcept;
    orch_search_options raw = {};
};

// What a search found. Borrowed until the next question about a screen.
class matches {
public:
    explicit matches(const orch_matches &raw) noexcept : raw_(raw) {}
    size_t size() const noexcept { return raw_.match_count; }
    const orch_match &operator[](size_t index) const noexcept { return *orch_match_at(&raw_, index); }
    index_iterator<matches> begin() const noexcept { return {*this, 0}; }
    index_iterator<matches> end() const noexcept { return {*this, size()}; }
    // The row to go on from, when one of its bounds ended the search.
    std::optional<int32_t> next() const noexcept {
        if (raw_.has_more == 0) return std::nullopt;
        return raw_.next;
    }
    // The column in that row.
    uint32_t next_col() const noexcept { return raw_.next_col; }
    // The same place in its line, which stays when more output comes in between.
    orch_line_position next_line() const noexcept { return raw_.next_line; }

private:
    orch_matches raw_;
};

inline search &search::go_on(const matches &found) noexcept {
    raw.from = found.next().value_or(INT32_MAX);
    raw.from_col = found.next_col();
    raw.from_line = found.next_line();
    return *this;
}

// Places that the program has marked, in the order of the text. Borrowed until the next question about a screen.
class marks {
public:
    explicit marks(const orch_marks &raw) noexcept : raw_(raw) {}
    size_t size() const noexcept { return raw_.mark_count; }
    const orch_mark &operator[](size_t index) const noexcept { return *orch_mark_at(&raw_, index); }
    index_iterator<marks> begin() const noexcept { return {*this, 0}; }
    index_iterator<marks> end() const noexcept { return {*this, size()}; }

private:
    orch_marks raw_;
};

// What changed in the files of a watch in one flush. Borrowed from an event as its bytes.
class file_batch {
public:
    explicit file_batch(const orch_file_batch &raw) noexcept {
        std::memcpy(&raw_, &raw, std::min(raw.size, sizeof raw_));
    }
    // Whether the tree equals the disk as far as events are known.
    bool is_complete() const noexcept { return raw_.complete != 0; }
    strided<orch_file_event> events() const noexcept {
        return {raw_.events, raw_.event_count, raw_.event_stride};
    }
    strided<orch_file_summary> summaries() const noexcept {
        return {raw_.summaries, raw_.summary_count, raw_.summary_stride};
    }
    // Every other field.
    const orch_file_batch &raw() const noexcept { return raw_; }

private:
    orch_file_batch raw_ = {};
};

// How far a host has read the changes of a watch; a new one has read nothing.
struct file_cursor {
    orch_file_cursor raw = {};
};

// What changed in the tree of a watch since a cursor. Borrowed until the next question about a watch.
class file_changes {
public:
    explicit file_changes(const orch_file_changes &raw) noexcept {
        std::memcpy(&raw_, &raw, std::min(raw.size, sizeof raw_));
    }
    orch_file_version version() const noexcept { return raw_.version; }
    // Whether this begins with an empty tree.
    bool is_full() const noexcept { return raw_.full != 0; }
    bool has_more() const noexcept { return raw_.more != 0; }
    // Ids of entries that are gone.
    strided<uint64_t> removed() const noexcept {
        return {raw_.removed, raw_.removed_count, sizeof(uint64_t)};
    }
    strided<orch_file_entry> entries() const noexcept {
        return {raw_.entries, raw_.entry_count, raw_.entry_stride};
    }
    // Every other field.
    const orch_file_changes &raw() const noexcept { return raw_; }

private:
    orch_file_changes raw_ = {};
};

// Words of the host's own about a session or a pane. Owns its texts.
class metadata {
public:
    void set(std::string_view key, std::string_view value) { pairs_.emplace_back(key, value); }
    std::vector<orch_key_value> lower() const {
        std::vector<orch_key_value> out;
        out.reserve(pairs_.size());
        for (const auto &[key, value] : pairs_) {
            orch_key_value pair;
            pair.key = bytes(key);
            pair.value = bytes(value);
            out.push_back(pair);
        }
        return out;
    }

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

// A session to set. Owns its texts, so it can be kept and used again.
class session {
public:
    explicit session(std::string_view id) : id_(id) {}
    session &name(std::string_view name) { return name_ = name, *this; }
    // The next pane in the order wished for; panes that are left out are kept behind.
    session &pane(std::string_view id) { return panes_.emplace_back(id), *this; }
    session &metadata(std::string_view key, std::string_view value) {
        return metadata_.set(key, value), *this;
    }

    // The session in C's form, with the arrays that it points to; good as long as both.
    struct lowered {
        std::vector<orch_bytes> panes;
        std::vector<orch_key_value> pairs;
        orch_session raw;
    };
    lowered lower() const {
        lowered out = {bytes_of_all(panes_), metadata_.lower(), {}};
        out.raw.size = sizeof out.raw;
        out.raw.id = bytes(id_);
        out.raw.name = bytes(name_);
        out.raw.panes = out.panes.data();
        out.raw.pane_count = out.panes.size();
        out.raw.metadata = out.pairs.data();
        out.raw.metadata_count = out.pairs.size();
        return out;
    }

private:
    std::string id_, name_;
    std::vector<std::string> panes_;
    orch::metadata metadata_;
};

// A pane to set: empty, until it is told what to show. Owns its texts, so it can be kept and used again.
class pane {
public:
    pane(std::string_view id, std::string_view session) : id_(id), session_(session) {}
    pane &title(std::string_view title) { return title_ = title, *this; }
    pane &terminal(terminal_id id) { return show(ORCH_PANE_TERMINAL, id, {}); }
    pane &file(std::string_view path) { return show(ORCH_PANE_FILE, 0, path); }
    pane &custom(std::string_view content) { return show(ORCH_PANE_CUSTOM, 0, content); }
    pane &metadata(std::string_view key, std::string_view value) {
        return metadata_.set(key, value), *this;
    }

    // The pane in C's form, with the array that it points to; good as long as both.
    struct lowered {
        std::vector<orch_key_value> pairs;
        orch_pane raw;
    };
    lowered lower() const {
        lowered out = {metadata_.lower(), {}};
        out.raw.size = sizeof out.raw;
        out.raw.id = bytes(id_);
        out.raw.session = bytes(session_);
        out.raw.title = bytes(title_);
        out.raw.content = content_;
        out.raw.terminal = terminal_;
        out.raw.data = bytes(data_);
        out.raw.metadata = out.pairs.data();
        out.raw.metadata_count = out.pairs.size();
        return out;
    }

private:
    pane &show(uint32_t content, terminal_id terminal, std::string_view data) {
        content_ = content;
        terminal_ = terminal;
        data_ = data;
        return *this;
    }
    std::string id_, session_, title_, data_;
    uint32_t content_ = ORCH_PANE_EMPTY;
    terminal_id terminal_ = 0;
    orch::metadata metadata_;
};

// For the base of a change: the last writer wins.
inline constexpr uint64_t no_base = ORCH_STATE_NO_BASE;

// Changes of sessions and panes that are made together or not at all. A base is the version of the entry
// that the change was built on; 0 for one that must not be there yet.
class change_set {
public:
    change_set &set(orch::session session, uint64_t base = no_base) {
        sessions_.push_back(std::move(session));
        return add(ORCH_STATE_OP_SET_SESSION, base, {});
    }
    change_set &set(orch::pane pane, uint64_t base = no_base) {
        panes_.push_back(std::move(pane));
        return add(ORCH_STATE_OP_SET_PANE, base, {});
    }
    change_set &remove_session(std::string_view id, uint64_t base = no_base) {
        return add(ORCH_STATE_OP_REMOVE_SESSION, base, id);
    }
    change_set &remove_pane(std::string_view id, uint64_t base = no_base) {
        return add(ORCH_STATE_OP_REMOVE_PANE, base, id);
    }

    // The operations in C's form, for the time of the call `use`.
    template <typename Use>
    auto lower(Use use) const {
        // Reserved, so that none of them moves when the next one comes.
        std::vector<orch::session::lowered> sessions;
        std::vector<orch::pane::lowered> panes;
        std::vector<orch_state_op> ops;
        sessions.reserve(sessions_.size());
        panes.reserve(panes_.size());
        ops.reserve(changes_.size());
        for (const change &made : changes_) {
            orch_state_op op = {};
            op.kind = made.kind;
            op.base = made.base;
            op.id = bytes(made.id);
            if (made.kind == ORCH_STATE_OP_SET_SESSION) {
                sessions.push_back(sessions_[sessions.size()].lower());
                op.session = &sessions.back().raw;
            } else if (made.kind == ORCH_STATE_OP_SET_PANE) {
                panes.push_back(panes_[panes.size()].lower());
                op.pane = &panes.back().raw;
            }
            ops.push_back(op);
        }
        return use(static_cast<const std::vector<orch_state_op> &>(ops));
    }

private:
    struct change {
        uint32_t kind;
        uint64_t base;
        std::string id;
    };
    change_set &add(uint32_t kind, uint64_t base, std::string_view id) {
        return changes_.push_back({kind, base, std::string(id)}), *this;
    }
    // In the order of the changes that set them.
    std::vector<orch::session> sessions_;
    std::vector<orch::pane> panes_;
    std::vector<change> changes_;
};

// The panes of a session in their order, and what the host has put down about a session or a pane.
// Borrowed, as what they come from.
inline strided<orch_bytes> panes_of(const orch_session &session) noexcept {
    return {session.panes, session.pane_count, sizeof(orch_bytes)};
}
inline strided<orch_key_value> metadata_of(const orch_session &session) noexcept {
    return {session.metadata, session.metadata_count, sizeof(orch_key_value)};
}
inline strided<orch_key_value> metadata_of(const orch_pane &pane) noexcept {
    return {pane.metadata, pane.metadata_count, sizeof(orch_key_value)};
}

// How far a host has read the changes of the state; a new one has read nothing.
struct state_cursor {
    state_cursor() = default;
    // That of a host that has what was there at this version.
    explicit state_cursor(orch_state_version version) noexcept {
        raw.epoch = version.epoch;
        raw.n = version.n;
    }
    orch_state_cursor raw = {};
};

// What changed in the state since a cursor. Borrowed until the next question about the state.
class state_changes {
public:
    explicit state_changes(const orch_state_changes &raw) noexcept {
        std::memcpy(&raw_, &raw, std::min(raw.size, sizeof raw_));
    }
    orch_state_version version() const noexcept { return raw_.version; }
    // Whether this begins with an empty copy.
    bool is_full() const noexcept { return raw_.full != 0; }
    bool has_more() const noexcept { return raw_.more != 0; }
    // Keys of entries that are gone.
    strided<orch_state_key> removed() const noexcept {
        return {raw_.removed, raw_.removed_count, raw_.removed_stride};
    }
    strided<orch_session> sessions() const noexcept {
        return {raw_.sessions, raw_.session_count, raw_.session_stride};
    }
    strided<orch_pane> panes() const noexcept {
        return {raw_.panes, raw_.pane_count, raw_.pane_stride};
    }
    strided<orch_state_terminal> terminals() const noexcept {
        return {raw_.terminals, raw_.terminal_count, raw_.terminal_stride};
    }
    strided<orch_state_file> files() const noexcept {
        return {raw_.files, raw_.file_count, raw_.file_stride};
    }
    // Every other field.
    const orch_state_changes &raw() const noexcept { return raw_; }

private:
    orch_state_changes raw_ = {};
};

// A client's change set that waits for the host. Borrowed from an event as its bytes.
class review {
public:
    explicit review(const orch_state_review &raw) noexcept {
        std::memcpy(&raw_, &raw, std::min(raw.size, sizeof raw_));
    }
    // Names it, for engine::accept and engine::refuse.
    uint64_t id() const noexcept { return raw_.review; }
    client_id client() const noexcept { return raw_.client; }
    strided<orch_state_op> ops() const noexcept { return {raw_.ops, raw_.op_count, raw_.op_stride}; }

private:
    orch_state_review raw_ = {};
};

// Where to listen. Owns its texts, so it can be kept and used again.
class listen_options {
public:
    // "127.0.0.1:0", "[::1]:8000", or the absolute path of a Unix socket.
    explicit listen_options(std::string_view address) : address_(address) {}

    // One more name that requests may be addressed to.
    listen_options &host(std::string_view name) { return hosts_.emplace_back(name), *this; }
    // Lets pages of this origin connect.
    listen_options &origin(std::string_view origin) { return origins_.emplace_back(origin), *this; }
    listen_options &allow_remote(bool on = true) noexcept { return allow_remote_ = on, *this; }

    // The options in C's form, for the time of the call `use`.
    template <typename Use>
    auto lower(Use use) const {
        const std::vector<orch_bytes> hosts = bytes_of_all(hosts_), origins = bytes_of_all(origins_);
        orch_listener_options raw;
        orch_listener_options_init(&raw, sizeof raw);
        raw.address = bytes(address_);
        raw.hosts = hosts.data();
        raw.host_count = hosts.size();
        raw.origins = origins.data();
        raw.origin_count = origins.size();
        raw.allow_remote = allow_remote_;
        return use(raw);
    }

private:
    std::string address_;
    std::vector<std::string> hosts_, origins_;
    bool allow_remote_ = false;
};

// What a token is like: a sum of ORCH_SCOPE_* that it allows, and more. Texts are borrowed until it is
// made.
struct token_options {
    explicit token_options(uint32_t scopes) noexcept {
        orch_token_options_init(&raw, sizeof raw);
        raw.scopes = scopes;
    }
    // Without this it is valid until it is revoked. Below a millisecond is one.
    token_options &expires_in(milliseconds time) noexcept {
        return raw.expires_in_ms = static_cast<uint64_t>(std::max(time.count(), milliseconds::rep{1})),
               *this;
    }
    // A name for people.
    token_options &label(std::string_view name) noexcept { return raw.label = bytes(name), *this; }
    // 32 bytes, for a host that has them from elsewhere.
    token_options &secret(std::string_view secret) noexcept {
        return raw.secret = bytes(secret), *this;
    }
    orch_token_options raw = {};
};

// A token: what names it in the engine, and the text that lets whoever has it in.
struct token {
    token_id id = 0;
    std::string text;
};

// Which engine to connect to and how. Owns its texts, so it can be kept and used again.
class peer_options {
public:
    // "127.0.0.1:8000", "[::1]:8000", "unix:" and a path, or an absolute path; and the text of a token.
    peer_options(std::string_view address, std::string_view token)
        : address_(address), token_(token) {
        orch_peer_options_init(&raw_, sizeof raw_);
    }

    // How the other engine names this one.
    peer_options &name(std::string_view name) { return name_ = name, *this; }
    // The `Host` that the request names.
    peer_options &host(std::string_view host) { return host_ = host, *this; }
    // Sum of ORCH_COLLECTION_*.
    peer_options &collections(uint32_t set) noexcept { return raw_.collections = set, *this; }
    // Sum of ORCH_CONNECT_COMPRESS and ORCH_CONNECT_JSON.
    peer_options &flags(uint32_t flags) noexcept { return raw_.flags = flags, *this; }
    // `attempts`: 0 without an end, ORCH_RETRY_NEVER for none.
    peer_options &retry(milliseconds initial, milliseconds max, uint32_t attempts = 0) noexcept {
        raw_.retry_initial_ms = clamp_ms<uint32_t>(initial);
        raw_.retry_max_ms = clamp_ms<uint32_t>(max);
        raw_.retry_attempts = attempts;
        return *this;
    }
    peer_options &breaker(uint32_t failures, uint32_t successes, milliseconds open_for) noexcept {
        raw_.breaker_failures = failures;
        raw_.breaker_successes = successes;
        raw_.breaker_open_ms = clamp_ms<uint32_t>(open_for);
        return *this;
    }
    peer_options &tag(uint64_t tag) noexcept { return raw_.tag = tag, *this; }

    // The options in C's form, for the time of the call `use`.
    template <typename Use>
    auto lower(Use use) const {
        orch_peer_options raw = raw_;
        raw.address = bytes(address_);
        raw.token = bytes(token_);
        raw.name = bytes(name_);
        raw.host = bytes(host_);
        return use(raw);
    }

private:
    std::string address_, token_, name_, host_;
    orch_peer_options raw_ = {};
};

// How to follow a terminal of another engine, with every default; change what you like in `raw`.
struct peer_attach_options {
    peer_attach_options() noexcept { orch_peer_attach_options_init(&raw, sizeof raw); }
    orch_peer_attach_options raw = {};
};

// How far a host has walked through the entries of a peer; a new one is before the beginning.
struct peer_cursor {
    orch_peer_cursor raw = {};
};

// Something that happened between us and another engine. Borrowed from an event as its bytes.
class peer_event {
public:
    explicit peer_event(const orch_peer_event &raw) noexcept {
        std::memcpy(&raw_, &raw, std::min(raw.size, sizeof raw_));
    }
    peer_id peer() const noexcept { return raw_.peer; }
    // One of ORCH_PEER_CONNECTED and the like.
    uint32_t kind() const noexcept { return raw_.kind; }
    bool is_resumed() const noexcept { return (raw_.flags & ORCH_PEER_IS_RESUMED) != 0; }
    bool is_full() const noexcept { return (raw_.flags & ORCH_PEER_IS_FULL) != 0; }
    bool has_more() const noexcept { return (raw_.flags & ORCH_PEER_HAS_MORE) != 0; }
    // Of the other engine.
    terminal_id terminal() const noexcept { return raw_.terminal; }
    watch_id watch() const noexcept { return raw_.watch; }
    uint64_t offset() const noexcept { return raw_.offset; }
    uint64_t end() const noexcept { return raw_.end; }
    std::string_view data() const noexcept {
        return {reinterpret_cast<const char *>(raw_.data), raw_.len};
    }
    orch_state_version version() const noexcept { return raw_.version; }
    // Of the request or the change set.
    uint64_t number() const noexcept { return raw_.number; }
    // ORCH_PEER_ANSWER: one of ORCH_ANSWER_*.
    uint32_t answer() const noexcept { return raw_.answer; }
    // One of ORCH_REMOTE_*; 0 for none. ORCH_PEER_MODE_CHANGED: one of ORCH_DELIVERY_*.
    uint32_t code() const noexcept { return raw_.code; }
    // ORCH_PEER_DISCONNECTED: when it is tried again, if it is.
    std::optional<milliseconds> retry_in() const noexcept {
        if (raw_.kind != ORCH_PEER_DISCONNECTED || raw_.retry_in_ms < 0) return std::nullopt;
        return milliseconds(raw_.retry_in_ms);
    }
    // ORCH_PEER_SCREEN: what changed.
    std::optional<screen_update> update() const noexcept {
        if (raw_.update == nullptr) return std::nullopt;
        return screen_update(*raw_.update);
    }
    // ORCH_REPLY_RESULTS: one for each operation.
    strided<orch_remote_result> statuses() const noexcept {
        return {raw_.statuses, raw_.status_count, raw_.status_stride};
    }
    // ORCH_REPLY_MATCHES: in the order of the text.
    strided<orch_match> matches() const noexcept {
        return {raw_.matches, raw_.match_count, raw_.match_stride};
    }
    // ORCH_REPLY_TERMINAL: what is known; else nullptr.
    const orch_peer_terminal *detail() const noexcept { return raw_.detail; }
    // Every other field.
    const orch_peer_event &raw() const noexcept { return raw_; }

private:
    orch_peer_event raw_ = {};
};

// An event. Its bytes are borrowed until the next next_event or turn of the engine.
class event {
public:
    explicit event(const orch_event &raw) noexcept : raw_(raw) {}
    uint32_t kind() const noexcept { return raw_.kind; }
    terminal_id terminal() const noexcept { return raw_.terminal; }
    reader_id reader() const noexcept { return raw_.reader; }
    uint64_t tag() const noexcept { return raw_.tag; }
    uint64_t offset() const noexcept { return raw_.offset; }
    uint64_t end() const noexcept { return raw_.end; }
    std::string_view data() const noexcept {
        return {reinterpret_cast<const char *>(raw_.data), raw_.len};
    }
    // ORCH_EVENT_SCREEN: what changed.
    std::optional<screen_update> update() const noexcept {
        if (raw_.update == nullptr) return std::nullopt;
        return screen_update(*raw_.update);
    }
    // ORCH_EVENT_NOTIFICATION: its title.
    std::string_view title() const noexcept { return view(raw_.title); }
    // ORCH_EVENT_COMMAND_FINISHED: how long it took.
    std::chrono::nanoseconds duration() const noexcept {
        return std::chrono::nanoseconds(raw_.duration_ns);
    }
    // ORCH_EVENT_WATCH_*: which watch, and the state of its tree.
    watch_id watch() const noexcept { return raw_.watch; }
    orch_file_version version() const noexcept { return raw_.version; }
    // ORCH_EVENT_WATCH_BATCH: what changed.
    std::optional<file_batch> batch() const noexcept {
        if (raw_.batch == nullptr) return std::nullopt;
        return file_batch(*raw_.batch);
    }
    // ORCH_EVENT_REVIEW: the change set.
    std::optional<orch::review> review() const noexcept {
        if (raw_.review == nullptr) return std::nullopt;
        return orch::review(*raw_.review);
    }
    // ORCH_EVENT_PEER: what happened.
    std::optional<peer_event> peer() const noexcept {
        if (raw_.peer == nullptr) return std::nullopt;
        return peer_event(*raw_.peer);
    }
    // Every other field.
    const orch_event &raw() const noexcept { return raw_; }

private:
    orch_event raw_;
};

// One operation of a batch. Bytes are borrowed until the batch is done.
struct op : orch_op {
    static op input(terminal_id id, std::string_view data) noexcept {
        op out(id, ORCH_OP_INPUT);
        out.data = data.data();
        out.len = data.size();
        return out;
    }
    static op resize(terminal_id id, orch_size size) noexcept {
        op out(id, ORCH_OP_RESIZE);
        out.window = size;
        return out;
    }
    static op set_mode(terminal_id id, uint32_t mode) noexcept {
        op out(id, ORCH_OP_SET_MODE);
        out.value = mode;
        return out;
    }
    static op send_signal(terminal_id id, int signal, uint32_t target) noexcept {
        op out(id, ORCH_OP_SIGNAL);
        out.signal = signal;
        out.value = target;
        return out;
    }
    static op paste(terminal_id id, std::string_view text) noexcept {
        op out = input(id, text);
        out.kind = ORCH_OP_PASTE;
        return out;
    }
    static op clear(terminal_id id) noexcept { return op(id, ORCH_OP_CLEAR); }
    static op scroll_to(terminal_id id, reader_id reader, uint32_t rows) noexcept {
        op out(id, ORCH_OP_SCROLL_TO);
        out.reader = reader;
        out.value = rows;
        return out;
    }
    // For engine::peer_batch only.
    static op interrupt(terminal_id id) noexcept { return op(id, ORCH_OP_INTERRUPT); }
    static op send_eof(terminal_id id) noexcept { return op(id, ORCH_OP_EOF); }
    static op close(terminal_id id, milliseconds grace) noexcept {
        op out(id, ORCH_OP_CLOSE);
        out.value = clamp_ms<uint32_t>(grace);
        return out;
    }

private:
    op(terminal_id id, uint32_t op_kind) noexcept : orch_op() {
        terminal = id;
        kind = op_kind;
    }
};

// What became of a batch: totals, and a status for each operation.
struct batch_report {
    orch_batch_result totals = {};
    std::vector<int32_t> statuses;
};

// Posts commands to an engine from any thread; may outlive it. See orch_sender_* for the errors.
class sender {
public:
    status notify(uint64_t tag) const noexcept { return orch_sender_notify(raw_.get(), tag); }
    status post(const op &op, uint64_t tag) const noexcept {
        return orch_sender_op(raw_.get(), &op, sizeof(orch_op), tag);
    }
    status spawn(const spawn_options &options, uint64_t tag) const {
        return options.lower(
            [&](const orch_spawn_options &raw) { return orch_sender_spawn(raw_.get(), &raw, tag); });
    }
    status close(terminal_id id, milliseconds grace, uint64_t tag) const noexcept {
        return orch_sender_close(raw_.get(), id, clamp_ms<uint32_t>(grace), tag);
    }
    orch_sender *raw() const noexcept { return raw_.get(); }

private:
    friend class engine;
    struct destroy {
        void operator()(orch_sender *raw) const noexcept { orch_sender_destroy(raw); }
    };
    explicit sender(orch_sender *raw) noexcept : raw_(raw) {}
    std::unique_ptr<orch_sender, destroy> raw_;
};

// Reaps the programs of destroyed engines that have ended since; how many have not. See orch_program_reap.
inline std::size_t reap_programs() noexcept {
    std::size_t left = 0;
    orch_program_reap(&left);
    return left;
}

// An engine. Destroyed by its owner thread; see orch_engine_destroy.
class engine {
public:
    static result<engine> create(const config &config = {}) {
        orch_engine *raw = nullptr;
        const status made = orch_engine_create(&config.raw, &raw);
        if (!made) return made;
        return engine(raw);
    }

    // The life of the engine.
    int fd() const noexcept { return orch_engine_get_fd(raw_.get()); }
    status turn(milliseconds timeout = milliseconds{0}) noexcept {
        return orch_engine_turn(raw_.get(), clamp_ms<int32_t>(timeout));
    }
    std::optional<event> next_event() noexcept {
        orch_event raw = {};
        raw.size = sizeof raw;
        if (orch_engine_next_event(raw_.get(), &raw) != ORCH_OK) return std::nullopt;
        return event(raw);
    }
    status shutdown(milliseconds grace) noexcept {
        return orch_engine_shutdown(raw_.get(), clamp_ms<uint32_t>(grace));
    }
    status bind_thread() noexcept { return orch_engine_bind_thread(raw_.get()); }
    result<orch::sender> make_sender() {
        orch_sender *raw = nullptr;
        const status made = orch_sender_create(raw_.get(), &raw);
        if (!made) return made;
        return orch::sender(raw);
    }
    // How long the turns took so far, and what one of their stages (ORCH_STAGE_*) did.
    orch_turn_stats turn_stats() const noexcept {
        orch_turn_stats stats = {};
        stats.size = sizeof stats;
        if (orch_engine_turn_stats(raw_.get(), &stats) != ORCH_OK) stats = {};
        return stats;
    }
    result<orch_stage_stats> stage_stats(uint32_t stage) const noexcept {
        orch_stage_stats stats = {};
        stats.size = sizeof stats;
        const status done = orch_engine_stage_stats(raw_.get(), stage, &stats);
        if (!done) return done;
        return stats;
    }
    status reset_turn_stats() noexcept { return orch_engine_reset_turn_stats(raw_.get()); }
    // The message of the last call on this engine that failed.
    std::string last_error() const {
        orch_error error = {};
        error.size = sizeof error;
        if (orch_error_get(raw_.get(), &error) != ORCH_OK) return {};
        return std::string(view(error.message));
    }

    // Terminals.
    result<terminal_id> spawn(const spawn_options &options = {}) {
        return options.lower([&](const orch_spawn_options &raw) -> result<terminal_id> {
            terminal_id id = 0;
            const status made = orch_terminal_spawn(raw_.get(), &raw, &id);
            if (!made) return made;
            return id;
        });
    }
    result<terminal_id> adopt(int fd, const orch_adopt_options *options = nullptr) noexcept {
        terminal_id id = 0;
        const status made = orch_terminal_adopt(raw_.get(), fd, options, &id);
        if (!made) return made;
        return id;
    }
    // How many of the bytes were accepted.
    result<size_t> write(terminal_id id, std::string_view data) noexcept {
        size_t accepted = 0;
        const status done =
            orch_terminal_write(raw_.get(), id, data.data(), data.size(), &accepted);
        if (!done) return done;
        return accepted;
    }
    status paste(terminal_id id, std::string_view text) noexcept {
        return orch_terminal_paste(raw_.get(), id, text.data(), text.size());
    }
    status send_eof(terminal_id id) noexcept { return orch_terminal_send_eof(raw_.get(), id); }
    status resize(terminal_id id, orch_size size) noexcept {
        return orch_terminal_resize(raw_.get(), id, size);
    }
    // `policy` is one of ORCH_SIZE_*.
    status set_size_policy(terminal_id id, uint32_t policy) noexcept {
        return orch_terminal_set_size_policy(raw_.get(), id, policy);
    }
    status set_mode(terminal_id id, uint32_t mode) noexcept {
        return orch_terminal_set_mode(raw_.get(), id, mode);
    }
    status signal(terminal_id id, int number, uint32_t target = ORCH_SIGNAL_FOREGROUND) noexcept {
        return orch_terminal_signal(raw_.get(), id, number, target);
    }
    status close(terminal_id id, milliseconds grace) noexcept {
        return orch_terminal_close(raw_.get(), id, clamp_ms<uint32_t>(grace));
    }
    status pause(terminal_id id) noexcept { return orch_terminal_pause(raw_.get(), id); }
    status resume(terminal_id id) noexcept { return orch_terminal_resume(raw_.get(), id); }

    // Many terminals at once.
    result<batch_report> batch(const std::vector<op> &ops) {
        static_assert(sizeof(op) == sizeof(orch_op), "op adds nothing to orch_op");
        batch_report report = new_report(ops.size());
        const status done = orch_terminal_batch(raw_.get(), ops.data(), ops.size(), sizeof(op),
                                       report.statuses.data(), &report.totals);
        if (!done) return done;
        return report;
    }
    result<batch_report> write_many(const std::vector<terminal_id> &ids, std::string_view data) {
        batch_report report = new_report(ids.size());
        const status done =
            orch_terminal_write_many(raw_.get(), ids.data(), ids.size(), data.data(), data.size(),
                                     report.statuses.data(), &report.totals);
        if (!done) return done;
        return report;
    }

    // Readers.
    result<reader_id> attach(terminal_id id, const orch_attach_options *options = nullptr) noexcept {
        reader_id reader = 0;
        const status made = orch_terminal_attach(raw_.get(), id, options, &reader);
        if (!made) return made;
        return reader;
    }
    status detach(reader_id id) noexcept { return orch_reader_detach(raw_.get(), id); }
    status pause_reader(reader_id id) noexcept { return orch_reader_pause(raw_.get(), id); }
    status resume_reader(reader_id id) noexcept { return orch_reader_resume(raw_.get(), id); }
    status set_delivery(reader_id id, uint32_t delivery) noexcept {
        return orch_reader_set_delivery(raw_.get(), id, delivery);
    }
    status request_snapshot(reader_id id, size_t scrollback = 0) noexcept {
        return orch_reader_request_snapshot(raw_.get(), id, scrollback);
    }
    status scroll_to(reader_id id, uint32_t rows) noexcept {
        return orch_reader_scroll_to(raw_.get(), id, rows);
    }

    // Screens. What a question gives is borrowed until the next one that has an answer.
    status clear_screen(terminal_id id) noexcept {
        return orch_terminal_clear_screen(raw_.get(), id);
    }
    // Colours that are reported to the program, 0xRRGGBB each.
    status set_colors(terminal_id id, uint32_t foreground, uint32_t background,
                      uint32_t cursor) noexcept {
        return orch_terminal_set_colors(raw_.get(), id, foreground, background, cursor);
    }
    // What changed since a generation; everything for 0.
    result<screen_update> screen(terminal_id id, uint64_t generation = 0) noexcept {
        orch_screen_update out = {};
        out.size = sizeof out;
        const status done = orch_terminal_get_screen(raw_.get(), id, generation, &out);
        if (!done) return done;
        return screen_update(out);
    }
    result<orch::rows> rows(terminal_id id, int32_t first, size_t count) noexcept {
        orch_rows out = {};
        const status done = orch_terminal_get_rows(raw_.get(), id, first, count, &out);
        if (!done) return done;
        return orch::rows(out);
    }
    result<std::string_view> text(terminal_id id, size_t scrollback = 0) noexcept {
        orch_bytes out = {};
        const status done = orch_terminal_get_text(raw_.get(), id, scrollback, &out);
        if (!done) return done;
        return view(out);
    }
    result<orch_snapshot> snapshot(terminal_id id, size_t scrollback = 0) noexcept {
        orch_snapshot out = {};
        out.size = sizeof out;
        const status done = orch_terminal_get_snapshot(raw_.get(), id, scrollback, &out);
        if (!done) return done;
        return out;
    }
    // Where a place in a line is now: its row and column. ORCH_E_NOT_FOUND when it is gone.
    result<std::pair<int32_t, uint32_t>> locate(terminal_id id, orch_line_position place) noexcept {
        std::pair<int32_t, uint32_t> out;
        const status done = orch_terminal_get_position(raw_.get(), id, place, &out.first, &out.second);
        if (!done) return done;
        return out;
    }
    result<orch::marks> marks(terminal_id id) noexcept {
        orch_marks out = {};
        out.size = sizeof out;
        const status done = orch_terminal_get_marks(raw_.get(), id, &out);
        if (!done) return done;
        return orch::marks(out);
    }
    result<matches> search(terminal_id id, const orch::search &what) noexcept {
        orch_matches out = {};
        out.size = sizeof out;
        const status done = orch_terminal_search(raw_.get(), id, &what.raw, &out);
        if (!done) return done;
        return matches(out);
    }

    // File watches. What a question gives is borrowed until the next one about a watch.
    result<watch_id> watch(const watch_options &options) {
        return options.lower([&](const orch_watch_options &raw) -> result<watch_id> {
            watch_id id = 0;
            const status made = orch_watch_add(raw_.get(), &raw, &id);
            if (!made) return made;
            return id;
        });
    }
    status unwatch(watch_id id) noexcept { return orch_watch_remove(raw_.get(), id); }
    // ORCH_EVENT_WATCH_SYNCED brings the tag back as its offset.
    status sync_watch(watch_id id, uint64_t sync_tag) noexcept {
        return orch_watch_sync(raw_.get(), id, sync_tag);
    }
    // What changed since the cursor, which moves behind it; ask again while it has more.
    result<orch::file_changes> file_changes(watch_id id, file_cursor &cursor,
                                            size_t max = 0) noexcept {
        orch_file_changes out = {};
        out.size = sizeof out;
        const status done = orch_watch_get_changes(raw_.get(), id, &cursor.raw, max, &out);
        if (!done) return done;
        return orch::file_changes(out);
    }
    // Appends the next part of the tree to `saved`, for watch_options::since; true while there is more.
    result<bool> save_watch(watch_id id, orch_save_cursor &cursor, std::string &saved,
                            size_t max = 0) {
        orch_bytes part = {};
        uint32_t more = 0;
        const status done = orch_watch_save(raw_.get(), id, &cursor, max, &part, &more);
        if (!done) return done;
        saved.append(static_cast<const char *>(part.data), part.len);
        return more != 0;
    }
    result<orch_watch_state> watch_state(watch_id id) noexcept {
        orch_watch_state out = {};
        out.size = sizeof out;
        const status done = orch_watch_get_state(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    std::vector<watch_id> watches() {
        size_t count = 0;
        if (orch_watch_list(raw_.get(), nullptr, 0, &count) != ORCH_OK) return {};
        std::vector<watch_id> ids(count);
        if (orch_watch_list(raw_.get(), ids.data(), count, &count) != ORCH_OK) return {};
        return ids;
    }

    status publish_watch(watch_id id, bool publish = true) noexcept {
        return orch_watch_set_published(raw_.get(), id, publish);
    }

    // The application state. What a question gives is borrowed until the next one that has an answer.
    result<orch_state_version> state_version() noexcept {
        orch_state_version out = {};
        const status done = orch_state_get_version(raw_.get(), &out);
        if (!done) return done;
        return out;
    }
    result<uint64_t> state_hash(uint32_t collections = ORCH_COLLECTION_ALL) noexcept {
        uint64_t out = 0;
        const status done = orch_state_get_hash(raw_.get(), collections, &out);
        if (!done) return done;
        return out;
    }
    result<orch_session> session(std::string_view id) noexcept {
        orch_session out = {};
        out.size = sizeof out;
        const status done = orch_state_get_session(raw_.get(), bytes(id), &out);
        if (!done) return done;
        return out;
    }
    result<orch_pane> pane(std::string_view id) noexcept {
        orch_pane out = {};
        out.size = sizeof out;
        const status done = orch_state_get_pane(raw_.get(), bytes(id), &out);
        if (!done) return done;
        return out;
    }
    result<orch_state_terminal> terminal_facts(terminal_id id) noexcept {
        orch_state_terminal out = {};
        out.size = sizeof out;
        const status done = orch_state_get_terminal(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    result<orch_state_file> file_facts(watch_id watch, uint64_t id) noexcept {
        orch_state_file out = {};
        out.size = sizeof out;
        const status done = orch_state_get_file(raw_.get(), watch, id, &out);
        if (!done) return done;
        return out;
    }
    // The version that it made. On a conflict `refusal` gets the operation that met it.
    result<orch_state_version> change(const change_set &set, orch_state_refusal *refusal = nullptr) {
        return set.lower([&](const std::vector<orch_state_op> &ops) -> result<orch_state_version> {
            orch_state_version out = {};
            if (refusal != nullptr) refusal->size = sizeof *refusal;
            const status done = orch_state_change(raw_.get(), ops.data(), ops.size(),
                                                  sizeof(orch_state_op), &out, refusal);
            if (!done) return done;
            return out;
        });
    }
    status set(const orch::session &session, uint64_t base = no_base) {
        const orch::session::lowered lowered = session.lower();
        return orch_state_set_session(raw_.get(), &lowered.raw, base, nullptr);
    }
    status set(const orch::pane &pane, uint64_t base = no_base) {
        const orch::pane::lowered lowered = pane.lower();
        return orch_state_set_pane(raw_.get(), &lowered.raw, base, nullptr);
    }
    status remove_session(std::string_view id, uint64_t base = no_base) noexcept {
        return orch_state_remove_session(raw_.get(), bytes(id), base, nullptr);
    }
    status remove_pane(std::string_view id, uint64_t base = no_base) noexcept {
        return orch_state_remove_pane(raw_.get(), bytes(id), base, nullptr);
    }
    // What changed since the cursor, which moves behind it; ask again while it has more.
    result<orch::state_changes> state_changes(state_cursor &cursor,
                                              uint32_t collections = ORCH_COLLECTION_ALL,
                                              size_t max = 0) noexcept {
        orch_state_changes out = {};
        out.size = sizeof out;
        const status done =
            orch_state_get_changes(raw_.get(), &cursor.raw, collections, max, &out);
        if (!done) return done;
        return orch::state_changes(out);
    }
    // Answers a review (ORCH_EVENT_REVIEW).
    status accept(uint64_t review) noexcept {
        return orch_review_answer(raw_.get(), review, 1, bytes({}));
    }
    status refuse(uint64_t review, std::string_view reason) noexcept {
        return orch_review_answer(raw_.get(), review, 0, bytes(reason));
    }

    // The server.
    result<listener_id> listen(const listen_options &options) {
        return options.lower([&](const orch_listener_options &raw) -> result<listener_id> {
            listener_id id = 0;
            const status made = orch_listener_add(raw_.get(), &raw, &id);
            if (!made) return made;
            return id;
        });
    }
    // Where it listens, with the port that the system chose.
    result<std::string> listen_address(listener_id id) {
        size_t len = 0;
        status done = orch_listener_get_address(raw_.get(), id, nullptr, 0, &len);
        if (!done) return done;
        std::string out(len, '\0');
        done = orch_listener_get_address(raw_.get(), id, out.data(), out.size(), &len);
        if (!done) return done;
        return out;
    }
    status unlisten(listener_id id) noexcept { return orch_listener_remove(raw_.get(), id); }
    result<token> add_token(const token_options &options) {
        token out;
        out.text.resize(ORCH_TOKEN_BYTES);
        const status made = orch_token_add(raw_.get(), &options.raw, out.text.data(), &out.id);
        if (!made) return made;
        return out;
    }
    status revoke_token(token_id id) noexcept { return orch_token_revoke(raw_.get(), id); }
    status grant_directory(std::string_view path) noexcept {
        return orch_grant_directory(raw_.get(), bytes(path));
    }
    status revoke_directory(std::string_view path) noexcept {
        return orch_revoke_directory(raw_.get(), bytes(path));
    }
    status revoke_profile(std::string_view name) noexcept {
        return orch_revoke_profile(raw_.get(), bytes(name));
    }
    status grant_profile(std::string_view name, const spawn_options &options = {}) {
        return options.lower([&](const orch_spawn_options &raw) -> status {
            return orch_grant_profile(raw_.get(), bytes(name), &raw);
        });
    }
    // Everybody who is let in. Their names are borrowed until the next call of this.
    std::vector<orch_client_state> clients() {
        const size_t stride = sizeof(orch_client_state);
        size_t count = 0;
        if (orch_client_list(raw_.get(), nullptr, 0, stride, &count) != ORCH_OK) return {};
        orch_client_state info = {};
        info.size = stride;
        std::vector<orch_client_state> out(count, info);
        if (orch_client_list(raw_.get(), out.data(), count, stride, &count) != ORCH_OK) return {};
        return out;
    }
    status close_client(client_id id, std::string_view reason = {}) noexcept {
        return orch_client_close(raw_.get(), id, bytes(reason));
    }

    // State. Texts and arrays are borrowed until the next state query.
    result<orch_terminal_state> state(terminal_id id) noexcept {
        orch_terminal_state out = {};
        out.size = sizeof out;
        const status done = orch_terminal_get_state(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    std::vector<terminal_id> terminals(uint32_t filter = ORCH_TERMINALS_ALL) {
        size_t count = 0;
        if (orch_terminal_list(raw_.get(), filter, nullptr, 0, &count) != ORCH_OK) return {};
        std::vector<terminal_id> ids(count);
        if (orch_terminal_list(raw_.get(), filter, ids.data(), count, &count) != ORCH_OK) return {};
        return ids;
    }

    // Peers: other engines that are mirrored here. What happens comes as ORCH_EVENT_PEER.
    result<peer_id> connect(const peer_options &options) {
        return options.lower([&](const orch_peer_options &raw) -> result<peer_id> {
            peer_id id = 0;
            const status made = orch_peer_connect(raw_.get(), &raw, &id);
            if (!made) return made;
            return id;
        });
    }
    status disconnect(peer_id id) noexcept { return orch_peer_disconnect(raw_.get(), id); }
    std::vector<peer_id> peers() {
        size_t count = 0;
        if (orch_peer_list(raw_.get(), nullptr, 0, &count) != ORCH_OK) return {};
        std::vector<peer_id> ids(count);
        if (orch_peer_list(raw_.get(), ids.data(), count, &count) != ORCH_OK) return {};
        return ids;
    }
    // Its texts and arrays are borrowed until the next call of this that has an answer.
    result<orch_peer_state> peer_state(peer_id id) noexcept {
        orch_peer_state out = {};
        out.size = sizeof out;
        const status done = orch_peer_get_state(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    status peer_attach(peer_id id, terminal_id terminal,
                       const peer_attach_options &options = {}) noexcept {
        return orch_peer_attach(raw_.get(), id, terminal, &options.raw);
    }
    // The columns and rows of the window that shows the terminal; see `orch_peer_set_grid`.
    status peer_set_grid(peer_id id, terminal_id terminal, orch_size grid) noexcept {
        return orch_peer_set_grid(raw_.get(), id, terminal, grid);
    }
    status peer_detach(peer_id id, terminal_id terminal) noexcept {
        return orch_peer_detach(raw_.get(), id, terminal);
    }
    status peer_write(peer_id id, terminal_id terminal, std::string_view data) noexcept {
        return orch_peer_write(raw_.get(), id, terminal, data.data(), data.size());
    }
    // Requests. Each gives the number under which its answer comes.
    result<uint64_t> peer_batch(peer_id id, const std::vector<op> &ops) noexcept {
        return numbered([&](uint64_t *out) {
            return orch_peer_batch(raw_.get(), id, ops.data(), ops.size(), sizeof(op), out);
        });
    }
    result<uint64_t> peer_spawn(peer_id id, std::string_view profile, std::string_view cwd = {},
                                std::optional<orch_size> window = {}) noexcept {
        return numbered([&](uint64_t *out) {
            return orch_peer_spawn(raw_.get(), id, bytes(profile), bytes(cwd),
                                   window ? &*window : nullptr, out);
        });
    }
    result<uint64_t> peer_search(peer_id id, terminal_id terminal, std::string_view pattern,
                                 uint32_t flags = 0, uint32_t max = 0) noexcept {
        return numbered([&](uint64_t *out) {
            return orch_peer_search(raw_.get(), id, terminal, bytes(pattern), flags, max, out);
        });
    }
    result<uint64_t> peer_query(peer_id id, terminal_id terminal) noexcept {
        return numbered(
            [&](uint64_t *out) { return orch_peer_query(raw_.get(), id, terminal, out); });
    }
    result<uint64_t> peer_watch(peer_id id, std::string_view path) noexcept {
        return numbered(
            [&](uint64_t *out) { return orch_peer_watch(raw_.get(), id, bytes(path), out); });
    }
    result<uint64_t> peer_unwatch(peer_id id, watch_id watch) noexcept {
        return numbered(
            [&](uint64_t *out) { return orch_peer_unwatch(raw_.get(), id, watch, out); });
    }
    result<uint64_t> peer_change(peer_id id, const change_set &set) {
        return set.lower([&](const std::vector<orch_state_op> &ops) {
            return numbered([&](uint64_t *out) {
                return orch_peer_change(raw_.get(), id, ops.data(), ops.size(),
                                        sizeof(orch_state_op), out);
            });
        });
    }
    // The copy of a peer's state. What a question gives is borrowed until the next one that has an answer.
    // None, while there is no version.
    result<std::optional<orch_state_version>> peer_state_version(peer_id id) noexcept {
        orch_state_version out = {};
        const status done = orch_peer_state_version(raw_.get(), id, &out);
        if (!done) return done;
        if (done.code() == ORCH_DONE) return std::optional<orch_state_version>();
        return std::optional<orch_state_version>(out);
    }
    result<uint64_t> peer_state_hash(peer_id id,
                                     uint32_t collections = ORCH_COLLECTION_ALL) noexcept {
        return numbered([&](uint64_t *out) {
            return orch_peer_state_hash(raw_.get(), id, collections, out);
        });
    }
    result<orch_session> peer_session(peer_id id, std::string_view session) noexcept {
        orch_session out = {};
        out.size = sizeof out;
        const status done = orch_peer_get_session(raw_.get(), id, bytes(session), &out);
        if (!done) return done;
        return out;
    }
    result<orch_pane> peer_pane(peer_id id, std::string_view pane) noexcept {
        orch_pane out = {};
        out.size = sizeof out;
        const status done = orch_peer_get_pane(raw_.get(), id, bytes(pane), &out);
        if (!done) return done;
        return out;
    }
    result<orch_state_terminal> peer_terminal(peer_id id, terminal_id terminal) noexcept {
        orch_state_terminal out = {};
        out.size = sizeof out;
        const status done = orch_peer_get_terminal(raw_.get(), id, terminal, &out);
        if (!done) return done;
        return out;
    }
    result<orch_state_file> peer_file(peer_id id, watch_id watch, uint64_t file) noexcept {
        orch_state_file out = {};
        out.size = sizeof out;
        const status done = orch_peer_get_file(raw_.get(), id, watch, file, &out);
        if (!done) return done;
        return out;
    }
    // Entries from the cursor on, which moves behind them; ask again while it has more.
    result<orch::state_changes> peer_entries(peer_id id, peer_cursor &cursor,
                                             uint32_t collections = ORCH_COLLECTION_ALL,
                                             size_t max = 0) noexcept {
        orch_state_changes out = {};
        out.size = sizeof out;
        const status done =
            orch_peer_entries(raw_.get(), id, &cursor.raw, collections, max, &out);
        if (!done) return done;
        return orch::state_changes(out);
    }

    // For every call that has no method here.
    orch_engine *raw() const noexcept { return raw_.get(); }

private:
    struct destroy {
        void operator()(orch_engine *raw) const noexcept { orch_engine_destroy(raw); }
    };
    explicit engine(orch_engine *raw) noexcept : raw_(raw) {}
    template <typename Call>
    static result<uint64_t> numbered(Call call) noexcept {
        uint64_t out = 0;
        const status done = call(&out);
        if (!done) return done;
        return out;
    }
    static batch_report new_report(size_t count) {
        batch_report report;
        report.totals.size = sizeof report.totals;
        report.statuses.resize(count);
        return report;
    }
    std::unique_ptr<orch_engine, destroy> raw_;
};

}  // namespace orch

#endif  // ORCHFLOW_HPP
