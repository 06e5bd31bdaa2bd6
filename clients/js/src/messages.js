// The messages of docs/PROTOCOL.md for bincode, which needs the order of fields and the numbers of names.
//
// A structure is a list of `field:type`; `=` after it says that a message may omit the field. A choice is a list of
// names in the order of their numbers, with the type of what a name carries. `T?` and `[T]` are as in the protocol.

/** FNV-1a of the declarations that these tables are written for. */
export const SCHEMA = 0xe2d04bb1;

export const STRUCTURES = {
  nothing: "",
  version: "epoch:u64 n:u64",
  place: "line:u64 col:u64",
  file_version: "device:decimal inode:decimal size:u64 changed_ns:decimal",

  // Entries of the state
  session: "id:string version:u64 name:string panes:[string] metadata:map",
  pane: "id:string version:u64 session:string title:string content:content metadata:map",
  terminal:
    "id:u64 version:u64 title:string cwd:bytes? cols:u16 rows:u16 pid:i32? running:bool exit:exit? closing:bool " +
    "screen:bool program:bytes last_exit:i32? hidden_input:bool size_policy:size_policy",
  file:
    "watch:u64 id:decimal version:u64 parent:decimal name:bytes kind:file_kind size:u64 modified_us:i64 mode:u16 " +
    "ignored:bool",
  file_key: "watch:u64 id:decimal",

  // Messages of the client
  hello:
    "token:string?= client:string= resume:version?= collections:[collection]= attach:[attach]= compress:bool= " +
    "notices:[notice_kind]=",
  ack: "version:u64",
  attach: "terminal:u64 mode:mode= start:start= window:u64= cols:u16= rows:u16=",
  of_terminal: "terminal:u64",
  credit: "terminal:u64 offset:u64",
  input: "terminal:u64 data:bytes",
  batch: "id:u64 ops:[terminal_op]",
  terminal_op: "terminal:u64 op:op",
  grid: "cols:u16 rows:u16",
  close: "grace_ms:u32",
  spawn: "id:u64 profile:string cwd:bytes?= cols:u16= rows:u16=",
  change: "mutation:u64 ops:[change_op]",
  change_op: "change:state_change base:u64?=",
  put_session: "id:string name:string panes:[string] metadata:map",
  put_pane: "id:string session:string title:string= content:content= metadata:map=",
  named: "id:string",
  subscribe: "collections:[collection]",
  watch: "id:u64 path:bytes",
  unwatch: "id:u64 watch:u64",
  search: "id:u64 terminal:u64 pattern:string regex:bool= ignore_case:bool= max:u32=",
  query: "id:u64 terminal:u64",
  request: "id:u64",
  rows_request: "id:u64 terminal:u64 from:place?= above:u32= max:u32=",
  scroll_request: "terminal:u64 rows:u32",
  notices: "kinds:[notice_kind]",
  read: "id:u64 path:bytes offset:u64= max:u32= base:file_version?=",

  // Messages of the server
  welcome:
    "protocol:u32 server:string client:u64 scopes:[scope] version:version resumed:bool profiles:[string] " +
    "limits:limits",
  limits:
    "message_bytes:u64 inflated_bytes:u64 messages_per_second:u64 bytes_per_second:u64 attachments:u64 " +
    "window_bytes:u64",
  diff:
    "epoch:u64 from:u64 to:u64 full:bool more:bool removed:[key] sessions:[session] panes:[pane] " +
    "terminals:[terminal] files:[file] applied:[applied] hash:hex?",
  applied: "mutation:u64 version:u64",
  rejected: "mutation:u64 code:code message:string op:u32 session:session? pane:pane?",
  attached: "terminal:u64 mode:mode offset:u64",
  detached: "terminal:u64 reason:detach_reason",
  gap: "terminal:u64 from:u64 to:u64",
  terminal_snapshot: "terminal:u64 offset:u64 cols:u16 rows:u16 line:place data:bytes more:bool",
  screen:
    "terminal:u64 offset:u64 full:bool cols:u16 rows:u16 history:u32 line:place? cursor:cursor modes:u32 " +
    "title:string? scrolls:[scroll] lines:[line] viewport:u32",
  cursor: "row:u16 col:u16 shape:u8 blinking:bool visible:bool",
  scroll: "top:u16 bottom:u16 rows:i16",
  line: "row:i32 wrapped:bool runs:[run]",
  run:
    "text:string cols:u16 wide:bool fg:color bg:color attributes:u16 underline:u8 underline_color:color " +
    "link:string?",
  ended: "terminal:u64 final_offset:u64 exit:exit",
  result: "id:u64 outcome:outcome",
  failure: "code:code message:string",
  spawned: "terminal:u64",
  watching: "watch:u64",
  found: "matches:[match] complete:bool",
  match: "start_row:i32 start_col:u16 end_row:i32 end_col:u16 line:u64? col:u64 cols:u64",
  detail:
    "terminal:u64 foreground_pid:i32? foreground_name:bytes cwd:bytes? log_start:u64 log_end:u64 input_bytes:u64 " +
    "input_waiting:u64 since_input_ms:u64? since_output_ms:u64? paused:bool history:u32",
  rows: "lines:[placed_line] kept_from:place? kept_to:place? history:u32 cols:u16",
  placed_line: "row:i32 place:place? wrapped:bool runs:[run]",
  slice: "data:bytes offset:u64 version:file_version changed:bool end:bool",
  stats: "uptime_ms:u64 turns:u64 longest_turn_us:u64 clients:u32 terminals:u32 watches:u32 queued_bytes:u64",
  observe: "figures_ms:u32= health:bool=",
  figures:
    "uptime_ms:u64 turns:u64 unfinished_turns:u64 pty_read_bytes:u64 pty_written_bytes:u64 received_bytes:u64 " +
    "sent_bytes:u64 received_messages:u64 sent_messages:u64 file_events:u64 rescans:u64 gap_bytes:u64 errors:u64 " +
    "turn:times lag:times response:times file_latency:times diff_age:times round_trip:times memory:[memory_part] " +
    "memory_limit:u64 queued_bytes:u64 terminals:u32 clients:u32 watches:u32 peers:u32",
  times: "count:u64 sum_us:u64 p50_us:u64 p95_us:u64 p99_us:u64 max_us:u64",
  memory_part: "name:string bytes:u64",
  health: "status:health_status parts:[part_health] more:u32",
  part_health: "part:string id:u64 status:health_status reason:string message:string since_ms:u64",
  error: "code:code message:string id:u64? terminal:u64?",
  lag_warning: "terminal:u64 remaining_ms:u32",
  notice_message: "terminal:u64 seq:u64 notice:notice",
  bell: "count:u32",
  notification: "title:string body:string",
  clipboard: "selection:bool text:string",
  progress_notice: "progress:progress?",
  progress: "state:progress_state percent:u8",
  command_started: "command:string",
  command_finished: "exit_code:i32? duration_ms:u64",
  title: "title:string",
  cwd: "path:bytes",
};

export const CHOICES = {
  client_message:
    "hello:hello ack:ack attach:attach detach:of_terminal credit:credit input:input batch:batch spawn:spawn " +
    "change:change subscribe:subscribe watch:watch unwatch:unwatch search:search query:query snapshot:nothing " +
    "ping:request cancel:request rows:rows_request scroll:scroll_request notices:notices read:read stats:request " +
    "observe:observe",
  server_message:
    "welcome:welcome diff:diff rejected:rejected attached:attached detached:detached gap:gap " +
    "terminal_snapshot:terminal_snapshot screen:screen ended:ended result:result error:error pong:request " +
    "lag_warning:lag_warning notice:notice_message figures:figures health:health",
  collection: "sessions panes terminals files",
  key: "session:string pane:string terminal:u64 file:file_key",
  content: "empty terminal:u64 file:bytes custom:string",
  size_policy: "latest smallest fixed",
  exit: "code:i32 signal:i32 unknown",
  file_kind: "file directory symlink other",
  notice_kind: "bell notification clipboard progress command title cwd",
  health_status: "ok degraded failed",
  mode: "lossless lossy screen",
  start: "oldest now offset:u64 snapshot:u32 default",
  op: "input:bytes paste:bytes resize:grid interrupt eof signal:i32 clear close:close",
  state_change: "put_session:put_session remove_session:named put_pane:put_pane remove_pane:named",
  scope: "observe type manage clipboard",
  detach_reason: "asked closed",
  color: "default indexed:u8 rgb:rgb",
  outcome:
    "done failed:failure statuses:[failure?] spawned:spawned watching:watching found:found terminal:detail rows:rows " +
    "slice:slice stats:stats",
  code: "invalid forbidden not_found limit conflict refused ended skipped no_screen system cancelled",
  notice:
    "bell:bell notification:notification clipboard:clipboard progress:progress_notice " +
    "command_started:command_started command_finished:command_finished title:title cwd:cwd",
  progress_state: "normal failed indeterminate paused",
};

/** What stands for an omitted choice, unless it is the first name. */
export const DEFAULTS = { start: "default" };
