// orchflow.hpp: OrchFlow for C++17, a header-only wrapper of orchflow.h.
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
//         while (auto event = engine->next_event())
//             if (const auto *output = event->output()) show(orch::view(*output));
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
using std::chrono::nanoseconds;

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
inline std::string_view view(const orch_event_output &output) noexcept {
    return {reinterpret_cast<const char *>(output.data), output.len};
}
inline std::string_view view(const orch_event_snapshot &snapshot) noexcept {
    return {reinterpret_cast<const char *>(snapshot.data), snapshot.len};
}
inline std::string_view view(const orch_event_peer_output &output) noexcept {
    return {reinterpret_cast<const char *>(output.data), output.len};
}
inline std::string_view view(const orch_event_peer_snapshot &snapshot) noexcept {
    return {reinterpret_cast<const char *>(snapshot.data), snapshot.len};
}
inline std::vector<orch_bytes> bytes_of_all(const std::vector<std::string> &texts) {
    std::vector<orch_bytes> out;
    out.reserve(texts.size());
    for (const std::string &text : texts) out.push_back(bytes(text));
    return out;
}
// A struct of the C interface with every default: zeroes, and its size.
template <typename T>
T sized() noexcept {
    T out = {};
    out.size = sizeof out;
    return out;
}
// A copy of a struct that the library lends. It may be larger or smaller than this header knows.
template <typename T>
T copy_of(const T &lent) noexcept {
    T out = {};
    std::memcpy(&out, &lent, std::min(lent.size, sizeof out));
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
    orch_config raw = sized<orch_config>();
};

// How to keep a screen, how to take over a PTY, how to attach a reader: the same.
struct screen_options {
    orch_screen_options raw = sized<orch_screen_options>();
};
struct adopt_options {
    orch_adopt_options raw = sized<orch_adopt_options>();
};
struct attach_options {
    orch_attach_options raw = sized<orch_attach_options>();
};

// A colour of the C interface by its parts, 0xRRGGBB.
constexpr orch_color rgb(uint32_t parts) noexcept { return ORCH_COLOR_RGB + parts; }

// A duration in nanoseconds; what is below 0 is 0, which is the default of an option.
inline uint64_t clamp_ns(nanoseconds time) noexcept {
    return time.count() < 0 ? 0 : static_cast<uint64_t>(time.count());
}

// The delays between retries, when a circuit breaker opens, with every default; change what you like in `raw`.
struct retry_options {
    retry_options() = default;
    // `attempts`: 0 for no limit.
    retry_options(nanoseconds initial, nanoseconds max, uint32_t attempts = 0) noexcept {
        raw.initial_ns = clamp_ns(initial);
        raw.max_ns = clamp_ns(max);
        raw.attempts = attempts;
    }
    orch_retry_options raw = sized<orch_retry_options>();
};
struct breaker_options {
    breaker_options() = default;
    breaker_options(uint32_t failures, uint32_t successes, nanoseconds open_for) noexcept {
        raw.failures = failures;
        raw.successes = successes;
        raw.open_ns = clamp_ns(open_for);
    }
    orch_breaker_options raw = sized<orch_breaker_options>();
};

// A series of retries: a value without an engine. Start it before it is used.
class retry {
public:
    static result<retry> start(const retry_options &options = {}) noexcept {
        retry out;
        const status made = orch_retry_start(&options.raw, &out.raw_);
        if (!made) return made;
        return out;
    }
    // `random`: any of all numbers of 64 bits. Nothing when all retries are used up.
    std::optional<nanoseconds> next_delay(uint64_t random) noexcept {
        uint64_t delay_ns = 0;
        if (orch_retry_next_delay(&raw_, random, &delay_ns) != ORCH_OK) return std::nullopt;
        return nanoseconds(delay_ns);
    }
    // It worked: the next failure starts at the beginning.
    void reset() noexcept { orch_retry_reset(&raw_); }
    uint32_t attempts() const noexcept { return raw_.attempts; }

private:
    retry() = default;
    orch_retry raw_ = {};
};

// A circuit breaker: a value without an engine. Start it before it is used. Times are those of any clock that does not
// go back, since some moment.
class breaker {
public:
    static result<breaker> start(const breaker_options &options = {}) noexcept {
        breaker out;
        const status made = orch_breaker_start(&options.raw, &out.raw_);
        if (!made) return made;
        return out;
    }
    // Whether a call may be made now. Then report its outcome.
    bool allow(nanoseconds now) noexcept {
        return orch_breaker_allow(&raw_, clamp_ns(now)) == ORCH_OK;
    }
    void succeeded(nanoseconds now) noexcept { record(ORCH_OUTCOME_SUCCESS, now); }
    void failed(nanoseconds now) noexcept { record(ORCH_OUTCOME_FAILURE, now); }
    // The call was not made, or its outcome will never be known.
    void abandon() noexcept { record(ORCH_OUTCOME_ABANDONED, nanoseconds(0)); }
    // One of ORCH_BREAKER_*.
    orch_breaker_state state(nanoseconds now) const noexcept {
        orch_breaker_state out = ORCH_BREAKER_CLOSED;
        orch_breaker_get_state(&raw_, clamp_ns(now), &out, nullptr);
        return out;
    }
    // The time until it allows a trial, if there is one to wait for.
    std::optional<nanoseconds> trial_in(nanoseconds now) const noexcept {
        int64_t in_ns = -1;
        orch_breaker_get_state(&raw_, clamp_ns(now), nullptr, &in_ns);
        if (in_ns < 0) return std::nullopt;
        return nanoseconds(in_ns);
    }

private:
    breaker() = default;
    void record(orch_outcome outcome, nanoseconds now) noexcept {
        orch_breaker_record(&raw_, outcome, clamp_ns(now));
    }
    orch_breaker raw_ = {};
};

// When a program is started again after it has ended: by default unless it exits with code 0. A value.
class restart_options {
public:
    // Also after it has exited with code 0.
    restart_options &always() noexcept { return raw_.flags |= ORCH_RESTART_ALWAYS, *this; }
    // Terminals of ended runs that stay; 0: a start closes the one before.
    restart_options &keep_ended(uint32_t terminals) noexcept {
        raw_.keep_ended = terminals;
        raw_.flags &= ~static_cast<uint32_t>(ORCH_RESTART_CLOSE_ENDED);
        if (terminals == 0) raw_.flags |= ORCH_RESTART_CLOSE_ENDED;
        return *this;
    }
    restart_options &retry(const retry_options &options) noexcept {
        return retry_ = options.raw, *this;
    }
    restart_options &breaker(const breaker_options &options) noexcept {
        return breaker_ = options.raw, *this;
    }
    restart_options &stable_after(nanoseconds time) noexcept {
        return raw_.stable_after_ns = clamp_ns(time), *this;
    }

    // The options in C's form, for the time of the call `use`.
    template <typename Use>
    auto lower(Use use) const {
        orch_restart_options raw = raw_;
        raw.retry = &retry_;
        raw.breaker = &breaker_;
        return use(raw);
    }

private:
    orch_restart_options raw_ = sized<orch_restart_options>();
    orch_retry_options retry_ = sized<orch_retry_options>();
    orch_breaker_options breaker_ = sized<orch_breaker_options>();
};

// How to start a program. Owns its texts, so it can be kept and used again.
class spawn_options {
public:
    // The user's shell.
    spawn_options() = default;
    // A program and its arguments.
    spawn_options(std::initializer_list<std::string_view> argv) : argv_(argv.begin(), argv.end()) {}
    explicit spawn_options(std::vector<std::string> argv) noexcept : argv_(std::move(argv)) {}

    spawn_options &arg(std::string_view value) { return argv_.emplace_back(value), *this; }
    spawn_options &env(std::string_view name, std::string_view value) {
        std::string entry(name);
        return env_.emplace_back(entry.append("=").append(value)), *this;
    }
    spawn_options &env_remove(std::string_view name) { return env_.emplace_back(name), *this; }
    spawn_options &env_clear() noexcept { return env_clear_ = true, *this; }
    spawn_options &cwd(std::string_view path) { return cwd_ = path, *this; }
    spawn_options &window(orch_size size) noexcept { return window_ = size, *this; }
    spawn_options &delivery(orch_delivery delivery) noexcept { return delivery_ = delivery, *this; }
    spawn_options &log_bytes(size_t bytes) noexcept { return log_bytes_ = bytes, *this; }
    spawn_options &tag(uint64_t tag) noexcept { return tag_ = tag, *this; }
    spawn_options &screen(const screen_options &screen) noexcept { return screen_ = screen.raw, *this; }
    // Starts it again after it has ended.
    spawn_options &restart(const restart_options &options) noexcept { return restart_ = options, *this; }

    // The options in C's form, for the time of the call `use`.
    template <typename Use>
    auto lower(Use use) const {
        const std::vector<orch_bytes> argv = bytes_of_all(argv_), env = bytes_of_all(env_);
        orch_spawn_options raw = sized<orch_spawn_options>();
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
        if (!restart_) return use(raw);
        return restart_->lower([&](const orch_restart_options &restart) {
            raw.restart = &restart;
            return use(raw);
        });
    }

private:
    std::vector<std::string> argv_, env_;
    std::string cwd_;
    std::optional<orch_size> window_;
    bool env_clear_ = false;
    orch_delivery delivery_ = ORCH_DELIVERY_LOSSLESS;
    size_t log_bytes_ = 0;
    uint64_t tag_ = 0;
    std::optional<orch_screen_options> screen_;
    std::optional<restart_options> restart_;
};

// What to watch and how. Owns its texts, so it can be kept and used again.
class watch_options {
public:
    // A directory with all that is in it, or a single file.
    explicit watch_options(std::string_view root) : roots_{std::string(root)} {}

    // One more root in the same tree.
    watch_options &root(std::string_view path) { return roots_.emplace_back(path), *this; }
    watch_options &ignore(std::string_view glob) { return ignore_.emplace_back(glob), *this; }
    // How long a name has to be quiet; 0: names are looked at at once.
    watch_options &window(milliseconds wait) noexcept {
        raw_.window_ms = clamp_ms<uint32_t>(wait);
        debounce_ = raw_.window_ms != 0;
        return *this;
    }
    watch_options &max_wait(milliseconds wait) noexcept {
        return raw_.max_wait_ms = clamp_ms<uint32_t>(wait), *this;
    }
    // Sum of ORCH_WATCH_NO_GITIGNORE and the like.
    watch_options &flags(orch_watch_flags flags) noexcept { return raw_.flags = flags, *this; }
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
        if (!debounce_) raw.flags |= ORCH_WATCH_NO_DEBOUNCE;
        raw.roots = roots.data();
        raw.root_count = roots.size();
        raw.ignore = ignore.data();
        raw.ignore_count = ignore.size();
        raw.since = bytes(since_);
        return use(raw);
    }

private:
    std::vector<std::string> roots_, ignore_;
    std::string since_;
    bool debounce_ = true;
    orch_watch_options raw_ = sized<orch_watch_options>();
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
        return *static_cast<const T *>(orch_element_at(data_, stride_, index));
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
        const strided<orch_row> all(raw_.rows, raw_.row_count, raw_.row_stride);
        return {all[index], raw_.run_stride};
    }
    index_iterator<rows> begin() const noexcept { return {*this, 0}; }
    index_iterator<rows> end() const noexcept { return {*this, size()}; }

private:
    orch_rows raw_;
};

// What changed on a screen. Borrowed: from an event as its bytes, from engine::screen until the next
// query about a screen.
class screen_update {
public:
    explicit screen_update(const orch_screen_update &raw) noexcept {
        std::memcpy(&raw_, &raw, std::min(raw.size, sizeof raw_));
    }
    uint64_t generation() const noexcept { return raw_.generation; }
    uint64_t offset() const noexcept { return raw_.offset; }
    bool is_full() const noexcept { return (raw_.flags & ORCH_UPDATE_FULL) != 0; }
    const orch_screen_cursor &cursor() const noexcept { return raw_.cursor; }
    // The title, if it changed or everything is reported.
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
    explicit search(std::string_view pattern, orch_search_flags flags = 0) noexcept {
        raw.pattern = bytes(pattern);
        raw.flags = flags;
    }
    // Goes on where a search with this result ended.
    search &go_on(const class matches &found) noexcept;
    orch_search_options raw = sized<orch_search_options>();
};

// What a search found. Borrowed until the next query about a screen.
class matches {
public:
    explicit matches(const orch_matches &raw) noexcept : raw_(raw) {}
    size_t size() const noexcept { return raw_.match_count; }
    const orch_match &operator[](size_t index) const noexcept {
        return *static_cast<const orch_match *>(
            orch_element_at(raw_.matches, raw_.match_stride, index));
    }
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
    raw.flags |= ORCH_SEARCH_FROM_ROW | ORCH_SEARCH_FROM_LINE;
    raw.from = found.next().value_or(INT32_MAX);
    raw.from_col = found.next_col();
    raw.from_line = found.next_line();
    return *this;
}

// Places that the program has marked, in the order of the text. Borrowed until the next query about a screen.
class marks {
public:
    explicit marks(const orch_marks &raw) noexcept : raw_(raw) {}
    size_t size() const noexcept { return raw_.mark_count; }
    const orch_mark &operator[](size_t index) const noexcept {
        return *static_cast<const orch_mark *>(orch_element_at(raw_.marks, raw_.mark_stride, index));
    }
    index_iterator<marks> begin() const noexcept { return {*this, 0}; }
    index_iterator<marks> end() const noexcept { return {*this, size()}; }

private:
    orch_marks raw_;
};

// What changed in the files of a watch in one flush. Borrowed from an event as its bytes.
class watch_batch {
public:
    explicit watch_batch(const orch_event_watch_batch &raw) noexcept : raw_(&raw) {}
    orch_file_version version() const noexcept { return raw_->version; }
    // Whether the tree equals the disk as far as events are known.
    bool is_complete() const noexcept { return raw_->complete != 0; }
    strided<orch_file_event> events() const noexcept {
        return {raw_->events, raw_->event_count, raw_->event_stride};
    }
    strided<orch_file_summary> summaries() const noexcept {
        return {raw_->summaries, raw_->summary_count, raw_->summary_stride};
    }
    // Every other field.
    const orch_event_watch_batch &raw() const noexcept { return *raw_; }

private:
    const orch_event_watch_batch *raw_;
};

// How far a host has read the changes of a watch; a new one has read nothing.
struct file_cursor {
    orch_file_cursor raw = {};
};

// What changed in the tree of a watch since a cursor. Borrowed until the next query about a watch.
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

// Metadata of the host's own about a session or a pane. Owns its texts.
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
    // The next pane in order; panes that are left out come after them.
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

// A pane to set; empty by default. Owns its texts, so it can be kept and used again.
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

// The version of the entry that a change is built on; 0 if there must be no entry.
using base_version = std::optional<uint64_t>;
// No base: the change is made whatever is there.
inline constexpr std::nullopt_t no_base = std::nullopt;

// Changes of sessions and panes that are made together or not at all.
class change_set {
public:
    change_set &set(orch::session session, base_version base = no_base) {
        sessions_.push_back(std::move(session));
        return add(ORCH_STATE_OP_SET_SESSION, base, {});
    }
    change_set &set(orch::pane pane, base_version base = no_base) {
        panes_.push_back(std::move(pane));
        return add(ORCH_STATE_OP_SET_PANE, base, {});
    }
    change_set &remove_session(std::string_view id, base_version base = no_base) {
        return add(ORCH_STATE_OP_REMOVE_SESSION, base, id);
    }
    change_set &remove_pane(std::string_view id, base_version base = no_base) {
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
            if (made.base) op.flags = ORCH_STATE_OP_HAS_BASE;
            op.base = made.base.value_or(0);
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
        base_version base;
        std::string id;
    };
    change_set &add(uint32_t kind, base_version base, std::string_view id) {
        return changes_.push_back({kind, base, std::string(id)}), *this;
    }
    // In the order of the changes that set them.
    std::vector<orch::session> sessions_;
    std::vector<orch::pane> panes_;
    std::vector<change> changes_;
};

// The panes of a session in their order, and the metadata of a session or a pane.
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

// How far a host has read the changes of a state; a new one has read nothing.
struct state_cursor {
    state_cursor() = default;
    // That of a host that has what was there at this version.
    explicit state_cursor(orch_state_version version) noexcept {
        raw.epoch = version.epoch;
        raw.n = version.n;
    }
    orch_state_cursor raw = {};
};

// What changed in a state since a cursor. Borrowed until the next query about the state.
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
    explicit review(const orch_event_review &raw) noexcept : raw_(&raw) {}
    // Names it, for engine::accept and engine::refuse.
    uint64_t id() const noexcept { return raw_->review; }
    client_id client() const noexcept { return raw_->client; }
    strided<orch_state_op> ops() const noexcept {
        return {raw_->ops, raw_->op_count, raw_->op_stride};
    }
    // Every other field.
    const orch_event_review &raw() const noexcept { return *raw_; }

private:
    const orch_event_review *raw_;
};

// Where to listen. Owns its texts, so it can be kept and used again.
class listen_options {
public:
    // "127.0.0.1:0", "[::1]:8000", or the absolute path of a Unix socket.
    explicit listen_options(std::string_view address) : address_(address) {}
    // A socket that listens already, as a supervisor passes it on. It stays yours; engines use copies.
    static listen_options adopted(int fd) {
        listen_options options{std::string_view{}};
        options.adopts_fd_ = true;
        options.fd_ = fd;
        return options;
    }

    // One more name that requests may be addressed to.
    listen_options &host(std::string_view name) { return hosts_.emplace_back(name), *this; }
    // Lets pages of this origin connect.
    listen_options &origin(std::string_view origin) { return origins_.emplace_back(origin), *this; }
    listen_options &allow_remote(bool on = true) noexcept { return allow_remote_ = on, *this; }
    // Serves the figures of the engine at /metrics, to whoever shows a token with the scope observe.
    listen_options &metrics() noexcept { return reports_ |= ORCH_REPORT_METRICS, *this; }
    // Serves reports and pages alone: no client may connect.
    listen_options &without_clients() noexcept { return reports_ |= ORCH_REPORT_ONLY, *this; }
    // Serves these bytes to browsers. Without a media type, it is chosen by the end of the path.
    listen_options &resource(std::string_view path, std::string_view content,
                             std::string_view media_type = {}) {
        return resources_.push_back({std::string(path), std::string(media_type), std::string(content)}),
               *this;
    }
    // For development: serves the files of this directory instead.
    listen_options &resource_directory(std::string_view path) {
        return resource_directory_ = path, *this;
    }
    // Serves the health of the engine at "/healthz".
    listen_options &health() noexcept { return reports_ |= ORCH_REPORT_HEALTH, *this; }

    // The options in C's form, for the time of the call `use`.
    template <typename Use>
    auto lower(Use use) const {
        const std::vector<orch_bytes> hosts = bytes_of_all(hosts_), origins = bytes_of_all(origins_);
        orch_listener_options raw = sized<orch_listener_options>();
        raw.address = bytes(address_);
        raw.hosts = hosts.data();
        raw.host_count = hosts.size();
        raw.origins = origins.data();
        raw.origin_count = origins.size();
        raw.allow_remote = allow_remote_;
        std::vector<orch_resource> resources;
        for (const page &each : resources_) {
            resources.push_back({bytes(each.path), bytes(each.media_type), bytes(each.content)});
        }
        raw.resources = resources.data();
        raw.resource_count = resources.size();
        raw.resource_stride = sizeof(orch_resource);
        raw.resource_directory = bytes(resource_directory_);
        raw.adopts_fd = adopts_fd_;
        raw.fd = fd_;
        raw.reports = reports_;
        return use(raw);
    }

private:
    struct page {
        std::string path, media_type, content;
    };
    std::string address_, resource_directory_;
    std::vector<std::string> hosts_, origins_;
    std::vector<page> resources_;
    bool allow_remote_ = false, adopts_fd_ = false;
    int fd_ = 0;
    orch_reports reports_ = 0;
};

// What a token is like: a sum of ORCH_SCOPE_* that it allows, and more. Texts are borrowed until it is
// made.
struct token_options {
    explicit token_options(uint32_t scopes) noexcept { raw.scopes = scopes; }
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
    orch_token_options raw = sized<orch_token_options>();
};

// A token: its id in the engine, and the text by which a client is authenticated.
struct token {
    token_id id = 0;
    std::string text;
};

// Which engine to connect to and how. Owns its texts, so it can be kept and used again.
class peer_options {
public:
    // "127.0.0.1:8000", "[::1]:8000", "unix:" and a path, or an absolute path; and the text of a token.
    peer_options(std::string_view address, std::string_view token)
        : address_(address), token_(token) {}

    // How the other engine names this one.
    peer_options &name(std::string_view name) { return name_ = name, *this; }
    // The `Host` that the request names.
    peer_options &host(std::string_view host) { return host_ = host, *this; }
    // Sum of ORCH_COLLECTION_*.
    peer_options &collections(uint32_t set) noexcept { return raw_.collections = set, *this; }
    // Sum of ORCH_CONNECT_COMPRESS, ORCH_CONNECT_JSON and ORCH_CONNECT_NO_RETRY.
    peer_options &flags(uint32_t flags) noexcept { return raw_.flags = flags, *this; }
    // `attempts`: 0 for no limit.
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
    // Sum of ORCH_NOTICES_*.
    peer_options &notices(uint32_t kinds) noexcept { return raw_.notices = kinds, *this; }

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
    orch_peer_options raw_ = sized<orch_peer_options>();
};

// How to follow a terminal of another engine, with every default; change what you like in `raw`.
struct peer_attach_options {
    orch_peer_attach_options raw = sized<orch_peer_attach_options>();
};

// When a lost connection is tried again, if it is.
inline std::optional<milliseconds> retry_in(const orch_event_peer_disconnected &lost) noexcept {
    if (lost.retry_in_ms < 0) return std::nullopt;
    return milliseconds(lost.retry_in_ms);
}

// The outcome of each operation of a batch, and the matches of a search in the order of the text. Borrowed, as
// what they come from.
inline strided<orch_remote_result> results_of(const orch_event_peer_reply &reply) noexcept {
    return {reply.results, reply.result_count, reply.result_stride};
}
inline strided<orch_match> matches_of(const orch_event_peer_reply &reply) noexcept {
    return {reply.matches, reply.match_count, reply.match_stride};
}

// An event. What it points to is borrowed until the next next_event or turn of the engine.
class event {
public:
    explicit event(const orch_event &raw) noexcept : raw_(raw) {}
    orch_event_kind kind() const noexcept { return raw_.kind; }
    // The terminal, watch or peer that it is about; 0 for the engine.
    uint64_t source() const noexcept { return raw_.source; }
    uint64_t tag() const noexcept { return raw_.tag; }

    // The payload of ORCH_EVENT_OUTPUT and so on; none for an event of another kind.
    const orch_event_output *output() const noexcept {
        return of(ORCH_EVENT_OUTPUT, raw_.payload.output);
    }
    const orch_event_gap *gap() const noexcept {
        return of(ORCH_EVENT_GAP, raw_.payload.gap);
    }
    const orch_event_restart *restart() const noexcept {
        return of(ORCH_EVENT_RESTART, raw_.payload.restart);
    }
    const orch_event_exited *exited() const noexcept {
        return of(ORCH_EVENT_EXITED, raw_.payload.exited);
    }
    const orch_event_eof *eof() const noexcept {
        return of(ORCH_EVENT_EOF, raw_.payload.eof);
    }
    const orch_event_screen *screen() const noexcept {
        return of(ORCH_EVENT_SCREEN, raw_.payload.screen);
    }
    const orch_event_snapshot *snapshot() const noexcept {
        return of(ORCH_EVENT_SNAPSHOT, raw_.payload.snapshot);
    }
    const orch_event_cleared *cleared() const noexcept {
        return of(ORCH_EVENT_CLEARED, raw_.payload.cleared);
    }
    const orch_event_delivery_changed *delivery_changed() const noexcept {
        return of(ORCH_EVENT_DELIVERY_CHANGED, raw_.payload.delivery_changed);
    }
    const orch_event_title *title() const noexcept {
        return of(ORCH_EVENT_TITLE, raw_.payload.title);
    }
    const orch_event_cwd *cwd() const noexcept {
        return of(ORCH_EVENT_CWD, raw_.payload.cwd);
    }
    const orch_event_bell *bell() const noexcept {
        return of(ORCH_EVENT_BELL, raw_.payload.bell);
    }
    const orch_event_notification *notification() const noexcept {
        return of(ORCH_EVENT_NOTIFICATION, raw_.payload.notification);
    }
    const orch_event_clipboard *clipboard() const noexcept {
        return of(ORCH_EVENT_CLIPBOARD, raw_.payload.clipboard);
    }
    const orch_event_command_started *command_started() const noexcept {
        return of(ORCH_EVENT_COMMAND_STARTED, raw_.payload.command_started);
    }
    const orch_event_command_finished *command_finished() const noexcept {
        return of(ORCH_EVENT_COMMAND_FINISHED, raw_.payload.command_finished);
    }
    const orch_event_progress *progress() const noexcept {
        return of(ORCH_EVENT_PROGRESS, raw_.payload.progress);
    }
    const orch_event_watch_ready *watch_ready() const noexcept {
        return of(ORCH_EVENT_WATCH_READY, raw_.payload.watch_ready);
    }
    const orch_event_watch_synced *watch_synced() const noexcept {
        return of(ORCH_EVENT_WATCH_SYNCED, raw_.payload.watch_synced);
    }
    const orch_event_watch_warning *watch_warning() const noexcept {
        return of(ORCH_EVENT_WATCH_WARNING, raw_.payload.watch_warning);
    }
    const orch_event_completed *completed() const noexcept {
        return of(ORCH_EVENT_COMPLETED, raw_.payload.completed);
    }
    const orch_event_log *log() const noexcept {
        return of(ORCH_EVENT_LOG, raw_.payload.log);
    }
    const orch_event_slow_turn *slow_turn() const noexcept {
        return of(ORCH_EVENT_SLOW_TURN, raw_.payload.slow_turn);
    }
    const orch_part_health *health() const noexcept {
        const auto *change = of(ORCH_EVENT_HEALTH, raw_.payload.health);
        return change == nullptr ? nullptr : &change->health;
    }
    std::optional<orch::watch_batch> watch_batch() const noexcept {
        const auto *batch = of(ORCH_EVENT_WATCH_BATCH, raw_.payload.watch_batch);
        if (batch == nullptr) return std::nullopt;
        return orch::watch_batch(*batch);
    }
    std::optional<orch::review> review() const noexcept {
        const auto *changes = of(ORCH_EVENT_REVIEW, raw_.payload.review);
        if (changes == nullptr) return std::nullopt;
        return orch::review(*changes);
    }
    const orch_event_peer_connected *peer_connected() const noexcept {
        return of(ORCH_EVENT_PEER_CONNECTED, raw_.payload.peer_connected);
    }
    const orch_event_peer_disconnected *peer_disconnected() const noexcept {
        return of(ORCH_EVENT_PEER_DISCONNECTED, raw_.payload.peer_disconnected);
    }
    const orch_event_peer_state *peer_state() const noexcept {
        return of(ORCH_EVENT_PEER_STATE, raw_.payload.peer_state);
    }
    const orch_event_peer_attached *peer_attached() const noexcept {
        return of(ORCH_EVENT_PEER_ATTACHED, raw_.payload.peer_attached);
    }
    const orch_event_peer_detached *peer_detached() const noexcept {
        return of(ORCH_EVENT_PEER_DETACHED, raw_.payload.peer_detached);
    }
    const orch_event_peer_output *peer_output() const noexcept {
        return of(ORCH_EVENT_PEER_OUTPUT, raw_.payload.peer_output);
    }
    const orch_event_peer_gap *peer_gap() const noexcept {
        return of(ORCH_EVENT_PEER_GAP, raw_.payload.peer_gap);
    }
    const orch_event_peer_snapshot *peer_snapshot() const noexcept {
        return of(ORCH_EVENT_PEER_SNAPSHOT, raw_.payload.peer_snapshot);
    }
    const orch_event_peer_screen *peer_screen() const noexcept {
        return of(ORCH_EVENT_PEER_SCREEN, raw_.payload.peer_screen);
    }
    const orch_event_peer_exited *peer_exited() const noexcept {
        return of(ORCH_EVENT_PEER_EXITED, raw_.payload.peer_exited);
    }
    const orch_event_peer_reply *peer_reply() const noexcept {
        return of(ORCH_EVENT_PEER_REPLY, raw_.payload.peer_reply);
    }
    const orch_event_peer_applied *peer_applied() const noexcept {
        return of(ORCH_EVENT_PEER_APPLIED, raw_.payload.peer_applied);
    }
    const orch_event_peer_rejected *peer_rejected() const noexcept {
        return of(ORCH_EVENT_PEER_REJECTED, raw_.payload.peer_rejected);
    }
    const orch_event_peer_problem *peer_problem() const noexcept {
        return of(ORCH_EVENT_PEER_PROBLEM, raw_.payload.peer_problem);
    }
    const orch_event_peer_delivery_changed *peer_delivery_changed() const noexcept {
        return of(ORCH_EVENT_PEER_DELIVERY_CHANGED, raw_.payload.peer_delivery_changed);
    }
    const orch_event_peer_notice *peer_notice() const noexcept {
        return of(ORCH_EVENT_PEER_NOTICE, raw_.payload.peer_notice);
    }

    // What changed on a screen: ORCH_EVENT_SCREEN, ORCH_EVENT_PEER_SCREEN.
    std::optional<screen_update> update() const noexcept {
        if (const auto *ours = screen()) return screen_update(*ours->update);
        if (const auto *theirs = peer_screen()) return screen_update(*theirs->update);
        return std::nullopt;
    }
    // The struct of the C interface.
    const orch_event &raw() const noexcept { return raw_; }

private:
    template <typename Payload>
    const Payload *of(orch_event_kind kind, const Payload *payload) const noexcept {
        return raw_.kind == kind ? payload : nullptr;
    }
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
    static op set_mode(terminal_id id, orch_mode mode) noexcept {
        op out(id, ORCH_OP_SET_MODE);
        out.value = mode;
        return out;
    }
    static op send_signal(terminal_id id, int signal, orch_signal_target target) noexcept {
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
    op(terminal_id id, orch_op_kind op_kind) noexcept : orch_op() {
        terminal = id;
        kind = op_kind;
    }
};

// What became of a batch: totals, and a status for each operation.
struct batch_report {
    orch_batch_result totals = sized<orch_batch_result>();
    std::vector<int32_t> statuses;
};

// The stages of the turns, in their order. Borrowed, as what they come from.
inline strided<orch_stage_stats> stages_of(const orch_engine_stats &stats) noexcept {
    return {stats.stages, stats.stage_count, stats.stage_stride};
}

// The parts of an engine that are not as they should be. Borrowed, as what they come from.
inline strided<orch_part_health> parts_of(const orch_engine_health &health) noexcept {
    return {health.parts, health.part_count, health.part_stride};
}

// Posts commands to an engine from any thread; may outlive it. See orch_sender_post for the errors.
class sender {
public:
    status notify(uint64_t tag) const noexcept { return post(make(ORCH_COMMAND_NOTIFY), tag); }
    status post(const op &op, uint64_t tag) const noexcept {
        orch_command raw = make(ORCH_COMMAND_OP);
        raw.op = &op;
        raw.op_size = sizeof(orch_op);
        return post(raw, tag);
    }
    status spawn(const spawn_options &options, uint64_t tag) const {
        return options.lower([&](const orch_spawn_options &options_raw) {
            orch_command raw = make(ORCH_COMMAND_SPAWN);
            raw.spawn = &options_raw;
            return post(raw, tag);
        });
    }
    status close(terminal_id id, milliseconds grace, uint64_t tag) const noexcept {
        orch_command raw = make(ORCH_COMMAND_CLOSE);
        raw.terminal = id;
        raw.grace_ms = clamp_ms<uint32_t>(grace);
        return post(raw, tag);
    }
    status post(const orch_command &command, uint64_t tag) const noexcept {
        return orch_sender_post(raw_.get(), &command, tag);
    }
    orch_sender *raw() const noexcept { return raw_.get(); }

private:
    friend class engine;
    struct destroy {
        void operator()(orch_sender *raw) const noexcept { orch_sender_destroy(raw); }
    };
    explicit sender(orch_sender *raw) noexcept : raw_(raw) {}
    static orch_command make(uint32_t kind) noexcept {
        orch_command out = sized<orch_command>();
        out.kind = kind;
        return out;
    }
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
        orch_event raw = sized<orch_event>();
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
    // What the engine uses, and how its turns went; stages_of has their parts. Borrowed until the next
    // call of this.
    result<orch_engine_stats> stats() const noexcept {
        orch_engine_stats out = sized<orch_engine_stats>();
        const status done = orch_engine_get_stats(raw_.get(), &out);
        if (!done) return done;
        return out;
    }
    // What memory is used for, and who gave way.
    result<orch_memory> memory() const noexcept {
        orch_memory out = sized<orch_memory>();
        const status done = orch_engine_get_memory(raw_.get(), &out);
        if (!done) return done;
        return out;
    }
    status reset_stats() noexcept { return orch_engine_reset_stats(raw_.get()); }
    // What the engine has counted and measured. What its pointers lead to is borrowed until the next call of this.
    result<orch_metrics> metrics() const noexcept {
        orch_metrics out = sized<orch_metrics>();
        const status done = orch_engine_get_metrics(raw_.get(), &out);
        if (!done) return done;
        return out;
    }
    // All figures as text for Prometheus, borrowed until the next call of this.
    result<std::string_view> metrics_text() const noexcept {
        orch_bytes out{};
        const status done = orch_engine_get_text(raw_.get(), ORCH_TEXT_METRICS, &out);
        if (!done) return done;
        return view(out);
    }
    result<orch_terminal_metrics> terminal_metrics(terminal_id id) const noexcept {
        orch_terminal_metrics out = sized<orch_terminal_metrics>();
        const status done = orch_terminal_get_metrics(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    result<orch_client_metrics> client_metrics(uint64_t id) const noexcept {
        orch_client_metrics out = sized<orch_client_metrics>();
        const status done = orch_client_get_metrics(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    result<orch_watch_metrics> watch_metrics(uint64_t id) const noexcept {
        orch_watch_metrics out = sized<orch_watch_metrics>();
        const status done = orch_watch_get_metrics(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    // Whether times and sizes are recorded.
    status set_observing(bool on) noexcept { return orch_engine_set_observing(raw_.get(), on); }
    // How the engine is; parts_of has what is not as it should be. Borrowed until the next call of this.
    result<orch_engine_health> health() const noexcept {
        orch_engine_health out = sized<orch_engine_health>();
        const status done = orch_engine_get_health(raw_.get(), &out);
        if (!done) return done;
        return out;
    }
    // The state of everything, one line each, and the last events. Empty if the call is refused.
    std::string dump() const { return text(ORCH_TEXT_DUMP); }
    std::string flight_record() const { return text(ORCH_TEXT_FLIGHT_RECORD); }
    // The message of the last call on this engine that failed.
    std::string last_error() const {
        orch_error error = sized<orch_error>();
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
    status send_eof(terminal_id id) noexcept { return control(id, ORCH_CONTROL_EOF); }
    // One of ORCH_CONTROL_*.
    status control(terminal_id id, orch_control what) noexcept {
        return orch_terminal_control(raw_.get(), id, what);
    }
    // An option of ORCH_TERMINAL_OPTION_*; those below have names of their own.
    status set(terminal_id id, orch_terminal_option option, uint32_t value) noexcept {
        return orch_terminal_set(raw_.get(), id, option, value);
    }
    status resize(terminal_id id, orch_size size) noexcept {
        return orch_terminal_resize(raw_.get(), id, size);
    }
    status set_size_policy(terminal_id id, orch_size_policy policy) noexcept {
        return set(id, ORCH_TERMINAL_OPTION_SIZE_POLICY, policy);
    }
    status set_mode(terminal_id id, orch_mode mode) noexcept {
        return set(id, ORCH_TERMINAL_OPTION_MODE, mode);
    }
    status signal(terminal_id id, int number,
                  orch_signal_target target = ORCH_SIGNAL_FOREGROUND) noexcept {
        return orch_terminal_signal(raw_.get(), id, number, target);
    }
    status close(terminal_id id, milliseconds grace) noexcept {
        return orch_terminal_close(raw_.get(), id, clamp_ms<uint32_t>(grace));
    }
    status pause(terminal_id id) noexcept {
        return set(id, ORCH_TERMINAL_OPTION_PAUSED, 1);
    }
    status resume(terminal_id id) noexcept {
        return set(id, ORCH_TERMINAL_OPTION_PAUSED, 0);
    }

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
    // An option of ORCH_READER_OPTION_*; those below have names of their own.
    status set_reader(reader_id id, orch_reader_option option, uint32_t value) noexcept {
        return orch_reader_set(raw_.get(), id, option, value);
    }
    status pause_reader(reader_id id) noexcept {
        return set_reader(id, ORCH_READER_OPTION_PAUSED, 1);
    }
    status resume_reader(reader_id id) noexcept {
        return set_reader(id, ORCH_READER_OPTION_PAUSED, 0);
    }
    status set_delivery(reader_id id, orch_delivery delivery) noexcept {
        return set_reader(id, ORCH_READER_OPTION_DELIVERY, delivery);
    }
    status request_snapshot(reader_id id, size_t scrollback = 0) noexcept {
        return orch_reader_request_snapshot(raw_.get(), id, scrollback);
    }
    status scroll_to(reader_id id, uint32_t rows) noexcept {
        return set_reader(id, ORCH_READER_OPTION_SCROLL, rows);
    }

    // Screens. What a query returns is borrowed until the next one that succeeds.
    status clear_screen(terminal_id id) noexcept { return control(id, ORCH_CONTROL_CLEAR); }
    // Colours that are reported to the program: rgb, or ORCH_COLOR_DEFAULT.
    status set_colors(terminal_id id, orch_color foreground, orch_color background,
                      orch_color cursor) noexcept {
        return orch_terminal_set_colors(raw_.get(), id, foreground, background, cursor);
    }
    // What changed since a generation; everything for 0.
    result<screen_update> screen(terminal_id id, uint64_t generation = 0) noexcept {
        orch_screen_update out = sized<orch_screen_update>();
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
        orch_snapshot out = sized<orch_snapshot>();
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
        orch_marks out = sized<orch_marks>();
        const status done = orch_terminal_get_marks(raw_.get(), id, &out);
        if (!done) return done;
        return orch::marks(out);
    }
    result<matches> search(terminal_id id, const orch::search &what) noexcept {
        orch_matches out = sized<orch_matches>();
        const status done = orch_terminal_search(raw_.get(), id, &what.raw, &out);
        if (!done) return done;
        return matches(out);
    }

    // File watches. What a query returns is borrowed until the next one about a watch.
    result<watch_id> watch(const watch_options &options) {
        return options.lower([&](const orch_watch_options &raw) -> result<watch_id> {
            watch_id id = 0;
            const status made = orch_watch_add(raw_.get(), &raw, &id);
            if (!made) return made;
            return id;
        });
    }
    status unwatch(watch_id id) noexcept { return orch_watch_remove(raw_.get(), id); }
    // ORCH_EVENT_WATCH_SYNCED brings the tag back.
    status sync_watch(watch_id id, uint64_t sync_tag) noexcept {
        return orch_watch_sync(raw_.get(), id, sync_tag);
    }
    // What changed since the cursor, which moves behind it. Call again while it has more.
    result<orch::file_changes> file_changes(watch_id id, file_cursor &cursor,
                                            size_t max = 0) noexcept {
        orch_file_changes out = sized<orch_file_changes>();
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
    // Reports what became of keeping what save_watch gave: 0, or the error number.
    status report_save(watch_id id, int os_error) noexcept {
        return orch_watch_report_save(raw_.get(), id, os_error);
    }
    result<orch_watch_state> watch_state(watch_id id) noexcept {
        orch_watch_state out = sized<orch_watch_state>();
        const status done = orch_watch_get_state(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    std::vector<watch_id> watches() const { return list(ORCH_LIST_WATCHES); }

    status publish_watch(watch_id id, bool publish = true) noexcept {
        return orch_watch_set_published(raw_.get(), id, publish);
    }

    // The application state. What a query returns is borrowed until the next one that succeeds.
    result<orch_state_version> state_version() noexcept {
        orch_state_version out = {};
        const status done = orch_state_get_version(raw_.get(), 0, &out);
        if (!done) return done;
        return out;
    }
    result<uint64_t> state_hash(uint32_t collections = ORCH_COLLECTION_ALL) noexcept {
        return peer_state_hash(0, collections);
    }
    result<orch_session> session(std::string_view id) noexcept { return peer_session(0, id); }
    result<orch_pane> pane(std::string_view id) noexcept { return peer_pane(0, id); }
    result<orch_state_terminal> state_terminal(terminal_id id) noexcept {
        return peer_terminal(0, id);
    }
    result<orch_state_file> state_file(watch_id watch, uint64_t id) noexcept {
        return peer_file(0, watch, id);
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
    // One change; the version that it made.
    result<orch_state_version> set(const orch::session &session, base_version base = no_base) {
        return change(change_set().set(session, base));
    }
    result<orch_state_version> set(const orch::pane &pane, base_version base = no_base) {
        return change(change_set().set(pane, base));
    }
    result<orch_state_version> remove_session(std::string_view id, base_version base = no_base) {
        return change(change_set().remove_session(id, base));
    }
    result<orch_state_version> remove_pane(std::string_view id, base_version base = no_base) {
        return change(change_set().remove_pane(id, base));
    }
    // What changed since the cursor, which moves behind it. Call again while it has more.
    result<orch::state_changes> state_changes(state_cursor &cursor,
                                              uint32_t collections = ORCH_COLLECTION_ALL,
                                              size_t max = 0) noexcept {
        return peer_state_changes(0, cursor, collections, max);
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
    // Whether it accepts connections, since when, and why not.
    result<orch_listener_state> listen_state(listener_id id) {
        orch_listener_state out = sized<orch_listener_state>();
        const status done = orch_listener_get_state(raw_.get(), id, &out);
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
        return orch_directory_set_granted(raw_.get(), bytes(path), 1);
    }
    status revoke_directory(std::string_view path) noexcept {
        return orch_directory_set_granted(raw_.get(), bytes(path), 0);
    }
    // A program that clients may start by this name.
    status set_profile(std::string_view name, const spawn_options &options = {}) {
        return options.lower([&](const orch_spawn_options &raw) -> status {
            return orch_profile_set(raw_.get(), bytes(name), &raw);
        });
    }
    status remove_profile(std::string_view name) noexcept {
        return orch_profile_set(raw_.get(), bytes(name), nullptr);
    }
    std::vector<listener_id> listeners() const { return list(ORCH_LIST_LISTENERS); }
    std::vector<client_id> clients() const { return list(ORCH_LIST_CLIENTS); }
    // Its name is borrowed until the next call of this that succeeds.
    result<orch_client_state> client_state(client_id id) noexcept {
        orch_client_state out = sized<orch_client_state>();
        const status done = orch_client_get_state(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    status close_client(client_id id, std::string_view reason = {}) noexcept {
        return orch_client_close(raw_.get(), id, bytes(reason));
    }

    // State. Texts and arrays are borrowed until the next state query.
    result<orch_terminal_state> state(terminal_id id) noexcept {
        orch_terminal_state out = sized<orch_terminal_state>();
        const status done = orch_terminal_get_state(raw_.get(), id, &out);
        if (!done) return done;
        return out;
    }
    std::vector<terminal_id> terminals() const { return list(ORCH_LIST_TERMINALS); }
    // Those whose program is running and that are not being closed.
    std::vector<terminal_id> active_terminals() const { return list(ORCH_LIST_ACTIVE_TERMINALS); }
    // The ids of everything of one kind, ORCH_LIST_*.
    std::vector<uint64_t> list(uint32_t kind) const {
        size_t count = 0;
        if (orch_engine_list(raw_.get(), kind, nullptr, 0, &count) != ORCH_OK) return {};
        std::vector<uint64_t> ids(count);
        if (orch_engine_list(raw_.get(), kind, ids.data(), count, &count) != ORCH_OK) return {};
        return ids;
    }

    // Peers: other engines that are mirrored here. What happens comes as ORCH_EVENT_PEER_*.
    result<peer_id> connect(const peer_options &options) {
        return options.lower([&](const orch_peer_options &raw) -> result<peer_id> {
            peer_id id = 0;
            const status made = orch_peer_connect(raw_.get(), &raw, &id);
            if (!made) return made;
            return id;
        });
    }
    status disconnect(peer_id id) noexcept { return orch_peer_disconnect(raw_.get(), id); }
    std::vector<peer_id> peers() const { return list(ORCH_LIST_PEERS); }
    // Its texts and arrays are borrowed until the next call of this that succeeds.
    result<orch_peer_state> peer_state(peer_id id) noexcept {
        orch_peer_state out = sized<orch_peer_state>();
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
    // Looks at what is so many rows above the top of a screen; see `orch_peer_scroll`.
    status peer_scroll(peer_id id, terminal_id terminal, uint32_t rows) noexcept {
        return orch_peer_scroll(raw_.get(), id, terminal, rows);
    }
    status peer_detach(peer_id id, terminal_id terminal) noexcept {
        return orch_peer_detach(raw_.get(), id, terminal);
    }
    status peer_write(peer_id id, terminal_id terminal, std::string_view data) noexcept {
        return orch_peer_write(raw_.get(), id, terminal, data.data(), data.size());
    }
    // Requests. Each gives the number under which its reply comes.
    result<uint64_t> peer_request(peer_id id, const orch_request &request) noexcept {
        uint64_t out = 0;
        const status done = orch_peer_request(raw_.get(), id, &request, &out);
        if (!done) return done;
        return out;
    }
    result<uint64_t> peer_batch(peer_id id, const std::vector<op> &ops) noexcept {
        orch_request raw = request(ORCH_REQUEST_BATCH);
        raw.ops = ops.data();
        raw.op_count = ops.size();
        raw.op_stride = sizeof(op);
        return peer_request(id, raw);
    }
    result<uint64_t> peer_spawn(peer_id id, std::string_view profile, std::string_view cwd = {},
                                std::optional<orch_size> window = {}) noexcept {
        orch_request raw = request(ORCH_REQUEST_SPAWN);
        raw.profile = bytes(profile);
        raw.cwd = bytes(cwd);
        if (window) raw.window = *window;
        return peer_request(id, raw);
    }
    result<uint64_t> peer_search(peer_id id, terminal_id terminal, std::string_view pattern,
                                 uint32_t flags = 0, uint32_t max = 0) noexcept {
        orch_request raw = request(ORCH_REQUEST_SEARCH);
        raw.terminal = terminal;
        raw.pattern = bytes(pattern);
        raw.flags = flags;
        raw.matches_max = max;
        return peer_request(id, raw);
    }
    // Rows around a place, or around the top of the screen; see ORCH_REQUEST_ROWS.
    result<uint64_t> peer_rows(peer_id id, terminal_id terminal,
                               std::optional<orch_line_position> from, uint32_t above,
                               uint32_t max) noexcept {
        orch_request raw = request(ORCH_REQUEST_ROWS);
        raw.terminal = terminal;
        raw.from = from.value_or(orch_line_position{ORCH_LINE_NONE, 0});
        raw.above = above;
        raw.rows_max = max;
        return peer_request(id, raw);
    }
    result<uint64_t> peer_query(peer_id id, terminal_id terminal) noexcept {
        orch_request raw = request(ORCH_REQUEST_QUERY);
        raw.terminal = terminal;
        return peer_request(id, raw);
    }
    result<uint64_t> peer_stats(peer_id id) noexcept {
        return peer_request(id, request(ORCH_REQUEST_STATS));
    }
    result<uint64_t> peer_watch(peer_id id, std::string_view path) noexcept {
        orch_request raw = request(ORCH_REQUEST_WATCH);
        raw.path = bytes(path);
        return peer_request(id, raw);
    }
    result<uint64_t> peer_unwatch(peer_id id, watch_id watch) noexcept {
        orch_request raw = request(ORCH_REQUEST_UNWATCH);
        raw.watch = watch;
        return peer_request(id, raw);
    }
    // With the version of an earlier slice, the reply says whether the file has changed. 0 bytes: 64 KiB.
    result<uint64_t> peer_read(peer_id id, std::string_view path, uint64_t offset = 0, uint32_t max = 0,
                               std::optional<orch_peer_file_version> base = {}) noexcept {
        orch_request raw = request(ORCH_REQUEST_READ);
        raw.path = bytes(path);
        raw.offset = offset;
        raw.bytes_max = max;
        if (base) raw.base = &*base;
        return peer_request(id, raw);
    }
    result<uint64_t> peer_change(peer_id id, const change_set &set) {
        return set.lower([&](const std::vector<orch_state_op> &ops) {
            orch_request raw = request(ORCH_REQUEST_CHANGE);
            raw.changes = ops.data();
            raw.change_count = ops.size();
            raw.change_stride = sizeof(orch_state_op);
            return peer_request(id, raw);
        });
    }
    // The copy of a peer's state. What a query returns is borrowed until the next one that succeeds.
    // None, while there is no version.
    result<std::optional<orch_state_version>> peer_state_version(peer_id id) noexcept {
        orch_state_version out = {};
        const status done = orch_state_get_version(raw_.get(), id, &out);
        if (!done) return done;
        if (done.code() == ORCH_DONE) return std::optional<orch_state_version>();
        return std::optional<orch_state_version>(out);
    }
    result<uint64_t> peer_state_hash(peer_id id,
                                     uint32_t collections = ORCH_COLLECTION_ALL) noexcept {
        uint64_t out = 0;
        const status done = orch_state_get_hash(raw_.get(), id, collections, &out);
        if (!done) return done;
        return out;
    }
    result<orch_session> peer_session(peer_id id, std::string_view session) noexcept {
        const auto found = entry(id, ORCH_COLLECTION_SESSIONS, session);
        if (!found) return found.error();
        return copy_of(*found->session);
    }
    result<orch_pane> peer_pane(peer_id id, std::string_view pane) noexcept {
        const auto found = entry(id, ORCH_COLLECTION_PANES, pane);
        if (!found) return found.error();
        return copy_of(*found->pane);
    }
    result<orch_state_terminal> peer_terminal(peer_id id, terminal_id terminal) noexcept {
        const auto found = entry(id, ORCH_COLLECTION_TERMINALS, {}, terminal);
        if (!found) return found.error();
        return copy_of(*found->terminal);
    }
    result<orch_state_file> peer_file(peer_id id, watch_id watch, uint64_t file) noexcept {
        const auto found = entry(id, ORCH_COLLECTION_FILES, {}, file, watch);
        if (!found) return found.error();
        return copy_of(*found->file);
    }
    // Entries from the cursor on, which moves behind them. Call again while it has more.
    result<orch::state_changes> peer_state_changes(peer_id id, state_cursor &cursor,
                                                   uint32_t collections = ORCH_COLLECTION_ALL,
                                                   size_t max = 0) noexcept {
        orch_state_changes out = sized<orch_state_changes>();
        const status done =
            orch_state_get_changes(raw_.get(), id, &cursor.raw, collections, max, &out);
        if (!done) return done;
        return orch::state_changes(out);
    }

    // For every call that has no method here.
    orch_engine *raw() const noexcept { return raw_.get(); }

private:
    std::string text(orch_text_kind kind) const {
        orch_bytes out = {};
        if (orch_engine_get_text(raw_.get(), kind, &out) != ORCH_OK) return {};
        return std::string(view(out));
    }

    struct destroy {
        void operator()(orch_engine *raw) const noexcept { orch_engine_destroy(raw); }
    };
    explicit engine(orch_engine *raw) noexcept : raw_(raw) {}
    static orch_request request(uint32_t kind) noexcept {
        orch_request out = sized<orch_request>();
        out.kind = kind;
        return out;
    }
    result<orch_state_entry> entry(peer_id peer, uint32_t collection, std::string_view text,
                                   uint64_t id = 0, watch_id watch = 0) noexcept {
        orch_state_key key = {};
        key.collection = collection;
        key.text = bytes(text);
        key.id = id;
        key.watch = watch;
        orch_state_entry out = sized<orch_state_entry>();
        const status done = orch_state_get_entry(raw_.get(), peer, &key, &out);
        if (!done) return done;
        return out;
    }
    static batch_report new_report(size_t count) {
        batch_report report;
        report.statuses.resize(count);
        return report;
    }
    std::unique_ptr<orch_engine, destroy> raw_;
};

}  // namespace orch

#endif  // ORCHFLOW_HPP
