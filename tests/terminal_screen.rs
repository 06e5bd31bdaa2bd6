//! The screen through the public interface: what programs show, answers, news, snapshots, resuming.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods, missing_docs)]

mod support;

use std::io::Write;

use orchflow::{
    AdoptOptions, Color, Delivery, ErrorKind, Event, Limits, Progress, ProgressState, ReaderId,
    ReaderOptions, Rgb, Rows, ScreenOptions, Size, Start, TerminalEvent, TerminalId, Underline,
};
use support::host::{Host, sh};
use support::played::{Played, with_screen};

fn rows(host: &mut Host, id: TerminalId) -> Rows {
    let mut rows = Rows::default();
    host.engine.screen_rows(id, 0, usize::MAX, &mut rows).unwrap();
    rows
}

#[test]
fn a_program_is_shown() {
    let mut host = Host::new();
    let options = sh("printf 'one\\r\\n\\033[1;31mtwo\\033[0m three'; exec cat");
    let id = host.spawn(&options.screen(ScreenOptions::default()).size(Size::cells(30, 4)));
    host.wait_text(id, "three");
    assert_eq!(host.engine.screen_text(id, 10).unwrap(), "one\ntwo three\n\n\n");
    let state = host.engine.terminal_state(id).unwrap().screen.unwrap();
    assert_eq!((state.cursor.row, state.cursor.col, state.cursor.visible), (1, 9, true));
    assert!(state.bytes > 0 && state.failures == 0 && state.history == 0);
    host.close(id);
}

#[test]
fn rows_are_runs_of_text_with_a_style() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    tty.play(
        &mut host,
        "a\x1b[1;4:3;38;2;1;2;3;48;5;17mb日本\x1b[0m e\u{301}\x1b]8;id=x;http://l\x1b\\L"
            .as_bytes(),
    );
    let rows = rows(&mut host, tty.id);
    let row = rows.iter().next().unwrap();
    let runs: Vec<_> = row.runs().collect();
    let texts: Vec<_> = runs.iter().map(|run| (run.text, run.cols, run.wide)).collect();
    let expected = [
        ("a", 1, false),
        ("b", 1, false),
        ("日本", 4, true),
        (" ", 1, false),
        ("e\u{301}", 1, false),
        ("L", 1, false),
    ];
    assert_eq!(texts, expected);
    let style = runs[1].style;
    assert_eq!(style.foreground, Color::Rgb(Rgb { r: 1, g: 2, b: 3 }));
    assert_eq!(style.background, Color::Indexed(17));
    assert_eq!(style.underline, Underline::Curly);
    assert_eq!(style.attributes.bits(), 1);
    assert_eq!(runs[5].link.unwrap().uri, "http://l");
    assert_eq!(
        (row.index(), row.is_wrapped(), row.text()),
        (0, false, "ab日本 e\u{301}L".to_owned())
    );
}

/// Whatever the split, each question is answered once; and not again when a snapshot is taken or
/// somebody attaches.
#[test]
fn questions_are_answered_once_also_with_nobody_attached() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().reader(None));
    let table = [
        ("\x1b[c", "\x1b[?62;22c"),
        ("\x1b[>c", "\x1b[>1;10;0c"),
        ("\x1b[5n", "\x1b[0n"),
        ("\x1b[3;7H\x1b[6n", "\x1b[3;7R"),
        ("\x1b[?7$p", "\x1b[?7;1$y"),
        ("\x1b[?2004h\x1b[?2004$p", "\x1b[?2004;1$y"),
        ("\x1b[?2026$p", "\x1b[?2026;2$y"),
        ("\x1b[4$p", "\x1b[4;2$y"),
        ("\x1b[?9999$p", "\x1b[?9999;0$y"),
        ("\x1b]4;1;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x07"),
        ("\x1b]4;1;#0a0b0c\x07\x1b]4;1;?\x1b\\", "\x1b]4;1;rgb:0a0a/0b0b/0c0c\x1b\\"),
        ("\x1b]10;?\x07", "\x1b]10;rgb:e5e5/e5e5/e5e5\x07"),
        ("\x1b]11;?\x07", "\x1b]11;rgb:0000/0000/0000\x07"),
        ("\x1b[>5u\x1b[?u", "\x1b[?5u"),
        ("\x1b[<u\x1b[?u", "\x1b[?0u"),
        ("\x1b[18t", "\x1b[8;5;20t"),
    ];
    for (question, answer) in table {
        tty.play(&mut host, question.as_bytes());
        tty.typed(&mut host, answer);
    }
    let reader = host.attach(tty.id, Delivery::Lossless, Start::Oldest);
    host.engine.snapshot(tty.id, 100).unwrap();
    host.engine.request_snapshot(reader, 0).unwrap();
    host.read_events();
    tty.play(&mut host, b"\x1b[5n");
    tty.typed(&mut host, "\x1b[0n");
    assert_eq!(host.engine.terminal_state(tty.id).unwrap().input_waiting, 0);
}

/// A real program asks for checksums and titles: without the option it gets nothing, not even an empty answer.
#[test]
fn the_screen_is_read_back_only_where_the_host_allows_it() {
    let asks = "stty raw -echo; printf '\\033]2;secret\\007AB\\033[1;1;1;1;1;2*y\\033[20t\\033[21t\\033[5n'";
    let refused = "^[[0n";
    let allowed = "^[P1!~FF7D^[\\^[]L^[\\^[]lsecret^[\\^[[0n";
    for (readback, typed, answers) in [(false, 4, refused), (true, 31, allowed)] {
        let mut host = Host::new();
        let screen = ScreenOptions { readback, ..ScreenOptions::default() };
        let program = sh(&format!("{asks}; dd bs=1 count={typed} 2>/dev/null | cat -v"));
        let id = host.spawn(&program.screen(screen).size(Size::cells(60, 5)));
        host.wait_exit(id);
        let text = host.engine.screen_text(id, 0).unwrap();
        assert_eq!(text.trim_end(), format!("AB{answers}"), "readback {readback}");
    }
}

#[test]
fn without_answers_nothing_is_typed() {
    let mut host = Host::new();
    let screen = ScreenOptions { replies: false, ..ScreenOptions::default() };
    let mut tty = Played::new(&mut host, AdoptOptions::new().screen(screen));
    tty.play(&mut host, b"\x1b[c\x1b[6n");
    host.engine.write(tty.id, b"!").unwrap();
    tty.typed(&mut host, "!");
}

/// A flood of questions to a program that reads nothing fills the queue and no more.
#[test]
fn a_flood_of_questions_is_bounded() {
    let limits = Limits { input_bytes: 4096, ..Limits::default() };
    let mut host = Host::with_limits(limits);
    let mut tty = Played::new(&mut host, with_screen());
    tty.play(&mut host, &b"\x1b[c".repeat(20_000));
    assert!(host.engine.terminal_state(tty.id).unwrap().input_waiting <= 4096);
}

#[test]
fn events_are_reported() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    let output = "\x1b]2;a title\x07\x07\x07\x1b]7;file://h/home/a%20b\x07\x1b]9;done\x07\
        \x1b]777;notify;T;B\x07\x1b]133;C;cmdline=make\x07\x1b]133;D;2\x07\x1b]52;c;aGVsbG8=\x07";
    tty.play(&mut host, output.as_bytes());
    let expected = [
        "title a title",
        "cwd /home/a b",
        "notification \"\" \"done\"",
        "notification \"T\" \"B\"",
        "started \"make\"",
        "finished Some(2)",
        "clipboard false hello",
        "bell 2",
    ];
    let id = tty.id;
    host.wait("the news", |host| host.seen(id).news.len() == expected.len());
    assert_eq!(host.seen(id).news, expected);
    let state = host.engine.terminal_state(id).unwrap().screen.unwrap();
    assert_eq!((state.title.as_str(), state.last_exit_code), ("a title", Some(2)));
    assert_eq!(state.cwd.unwrap().to_str(), Some("/home/a b"));
    tty.play(&mut host, b"\x1b[22t\x1b]0;other\x07");
    tty.play(&mut host, b"\x1b[23t");
    host.wait("titles", |host| host.seen(id).news.last().unwrap() == "title a title");
}

#[test]
fn progress_is_an_event_and_a_state() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    let id = tty.id;
    let rows = [
        (&b"\x1b]9;4;1;30\x07"[..], Some((ProgressState::Normal, 30))),
        (b"\x1b]9;4;2;30\x07", Some((ProgressState::Failed, 30))),
        (b"\x1b]9;4;3\x1b\\", Some((ProgressState::Indeterminate, 0))),
        (b"\x1b]9;4;4;200\x07", Some((ProgressState::Paused, 100))),
        (b"\x1b]9;4;0\x07", None),
        // Unknown, and the same again: no news.
        (b"\x1b]9;4;7;50\x07\x1b]9;4;0\x07\x1b]9;4;1;99\x07", Some((ProgressState::Normal, 99))),
        (b"\x1bc", None),
    ];
    for (number, (output, expected)) in rows.into_iter().enumerate() {
        tty.play(&mut host, output);
        let progress = expected.map(|(state, percent)| Progress { state, percent });
        host.wait("the news", |host| host.seen(id).news.len() == number + 1);
        assert_eq!(host.seen(id).news[number], format!("progress {progress:?}"));
        assert_eq!(host.engine.terminal_state(id).unwrap().screen.unwrap().progress, progress);
    }
}

#[test]
fn the_clipboard_is_off_by_default() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, AdoptOptions::new().screen(ScreenOptions::default()));
    tty.play(&mut host, b"\x1b]52;c;aGVsbG8=\x07\x1b]52;c;?\x07\x07");
    let id = tty.id;
    host.wait("the bell", |host| !host.seen(id).news.is_empty());
    assert_eq!(host.seen(id).news, ["bell 1"]);
}

/// Programs leave the padding out and put spaces in; line ends of wrapped base64 are dropped by the parser.
#[test]
fn clipboard_writes_need_no_padding() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    let id = tty.id;
    let writes = [
        ("c;aGVsbG8=", "clipboard false hello"),
        ("c;aGVsbG8", "clipboard false hello"),
        ("p;aGVsbA", "clipboard true hell"),
        (";aGVsbA==", "clipboard false hell"),
        ("c;aGVs\r\nbG8=\r\n", "clipboard false hello"),
        ("c;aGVs bG8 ", "clipboard false hello"),
    ];
    for (write, expected) in writes {
        tty.play(&mut host, format!("\x1b]52;{write}\x1b\\").as_bytes());
        host.wait(write, |host| host.seen(id).news.len() == 1);
        assert_eq!(host.seen.get_mut(&id).unwrap().news.pop().unwrap(), expected, "{write}");
    }
    // What is garbled is not written: the bell that follows is the only news.
    tty.play(&mut host, b"\x1b]52;c;aGVs!G8=\x07\x1b]52;c;a\x07\x07");
    host.wait("the bell", |host| !host.seen(id).news.is_empty());
    assert_eq!(host.seen(id).news, ["bell 1"]);
}

/// A snapshot, fed to another terminal, shows the same there.
#[test]
fn a_snapshot_is_the_screen() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen());
    for n in 0..30 {
        tty.play(&mut host, format!("\x1b[3{}mline {n}\r\n", n % 8).as_bytes());
    }
    tty.play(&mut host, "\x1b[0mwide 日本 \x1b[2;3r\x1b[?1h\x1b[4 q\x1b]2;T\x07".as_bytes());
    let snapshot = host.engine.snapshot(tty.id, 1000).unwrap();
    let state = host.engine.terminal_state(tty.id).unwrap();
    assert_eq!((snapshot.offset, snapshot.cols, snapshot.rows), (state.log_end, 20, 5));
    let mut copy = Played::new(&mut host, with_screen());
    copy.play(&mut host, &snapshot.bytes);
    assert_eq!(
        host.engine.screen_text(copy.id, 1000).unwrap(),
        host.engine.screen_text(tty.id, 1000).unwrap()
    );
    let (a, b) =
        (state.screen.unwrap(), host.engine.terminal_state(copy.id).unwrap().screen.unwrap());
    assert_eq!((a.cursor, a.modes, a.title, a.history), (b.cursor, b.modes, b.title, b.history));
    assert_eq!(rows(&mut host, tty.id), rows(&mut host, copy.id));
}

#[test]
fn a_reader_resumes_with_bytes_or_with_a_snapshot() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().log_bytes(64 << 10).reader(None));
    tty.play(&mut host, b"first ");
    tty.play(&mut host, b"second");
    let near = host
        .engine
        .attach_with(tty.id, &ReaderOptions::new(Delivery::Lossless).start(Start::Resume(6)));
    let near = near.unwrap();
    host.wait("the bytes", |host| host.heard(near).bytes == b"second");
    assert!(host.heard(near).snapshots.is_empty());
    host.detach(near).unwrap();

    tty.play(&mut host, &b"0123456789abcdef\r\n".repeat(6000));
    tty.play(&mut host, b"\x1b[31mlast");
    let far = host.attach(tty.id, Delivery::Lossless, Start::Resume(6));
    host.wait("a snapshot", |host| !host.heard(far).snapshots.is_empty());
    tty.play(&mut host, b" and more");
    host.wait("bytes after it", |host| host.heard(far).bytes == b" and more");
    let snapshot = host.heard(far).snapshots[0].clone();
    let mut copy = Played::new(&mut host, with_screen());
    copy.play(&mut host, &[&snapshot.bytes[..], b" and more"].concat());
    assert_eq!(
        host.engine.screen_text(copy.id, 0).unwrap(),
        host.engine.screen_text(tty.id, 0).unwrap()
    );
    let past = host.engine.attach(tty.id, Delivery::Lossless, Start::Resume(u64::MAX));
    assert_eq!(past.unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// Rows of a long scrollback are counted in parts after a change of the width, also when nothing else happens.
#[test]
fn a_long_scrollback_is_counted_at_another_width() {
    const LINES: usize = 10_000;
    let mut host = Host::new();
    let screen = ScreenOptions { scrollback: 100_000, ..ScreenOptions::default() };
    let options = AdoptOptions::new().screen(screen).reader(None);
    let mut tty = Played::new(&mut host, options);
    let line = format!("{}\r\n", "\u{65e5}".repeat(50));
    for _ in 0..LINES / 100 {
        tty.play(&mut host, line.repeat(100).as_bytes());
    }
    let history =
        |host: &mut Host| host.engine.terminal_state(tty.id).unwrap().screen.unwrap().history;
    assert_eq!(
        history(&mut host),
        5 * LINES + 1 - 5,
        "rows of 20 columns, above five on the screen"
    );
    host.engine.resize(tty.id, Size::cells(40, 5)).unwrap();
    let all = 3 * LINES + 1 - 5;
    assert!(history(&mut host) < all, "not in one go");
    host.wait("all rows", |host| history(host) == all);
}

/// A snapshot in the middle of a sequence or a character is cut before it.
#[test]
fn snapshots_are_cut_between_sequences() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().reader(None));
    for (output, held) in [
        (&b"a\x1b[3"[..], 3),
        (b"1mb", 0),
        (b"\xe6\x97", 2),
        (b"\xa5", 0),
        (b"\x1b]2;ti", 6),
        (b"tle\x07x", 0),
    ] {
        tty.play(&mut host, output);
        let end = host.engine.terminal_state(tty.id).unwrap().log_end;
        assert_eq!(end - host.engine.snapshot(tty.id, 0).unwrap().offset, held, "{output:?}");
    }
    assert_eq!(host.engine.screen_text(tty.id, 0).unwrap().lines().next(), Some("ab日x"));
}

/// A string longer than the log: the snapshot begins it anew, so that its rest is not shown.
#[test]
fn a_snapshot_in_an_endless_string_hides_its_rest() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().log_bytes(64 << 10).reader(None));
    tty.play(&mut host, b"before\x1b]2;");
    tty.play(&mut host, &vec![b'x'; 300_000]);
    let snapshot = host.engine.snapshot(tty.id, 0).unwrap();
    assert_eq!(snapshot.offset, host.engine.terminal_state(tty.id).unwrap().log_end);
    let mut copy = Played::new(&mut host, with_screen().reader(None));
    copy.play(&mut host, &snapshot.bytes);
    copy.play(&mut host, b"rest of it\x07 after");
    assert_eq!(host.engine.screen_text(copy.id, 0).unwrap(), "before after\n\n\n\n\n");
}

/// A lossy reader's bytes go on where a parser can begin, and on request with a snapshot.
#[test]
fn gaps_end_between_sequences() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().log_bytes(64 << 10).reader(None));
    let lossy = host.attach(tty.id, Delivery::Lossy, Start::Now);
    host.engine.pause_reader(lossy).unwrap();
    for n in 0..20_000 {
        tty.play(&mut host, format!("\x1b[38;5;{}mx", n % 256).as_bytes());
    }
    host.engine.resume_reader(lossy).unwrap();
    host.wait("the rest", |host| {
        host.heard(lossy).lost() > 0 && !host.heard(lossy).bytes.is_empty()
    });
    let first = host.heard(lossy).bytes.clone();
    assert!(first.starts_with(b"\x1b[38") || first.starts_with(b"x"), "{:?}", &first[..8]);
    host.engine.request_snapshot(lossy, 0).unwrap();
    host.wait("a snapshot", |host| !host.heard(lossy).snapshots.is_empty());
}

/// The window that shows the terminal has other colours: questions are answered by them from then on, and who
/// asked for it hears of a change between dark and light.
#[test]
fn colours_of_the_host_change() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().reader(None));
    let grey = |level| Rgb { r: level, g: level, b: level };
    tty.play(&mut host, b"\x1b[?996n\x1b]11;?\x07");
    tty.typed(&mut host, "\x1b[?997;1n\x1b]11;rgb:0000/0000/0000\x07");
    host.engine.set_screen_colors(tty.id, grey(0), grey(255), grey(9)).unwrap();
    tty.play(&mut host, b"\x1b]10;?\x07\x1b]11;?\x07\x1b]12;?\x07\x1b[?996n\x1b[?2031h");
    tty.typed(
        &mut host,
        "\x1b]10;rgb:0000/0000/0000\x07\x1b]11;rgb:ffff/ffff/ffff\x07\x1b]12;rgb:0909/0909/0909\x07\x1b[?997;2n",
    );
    host.engine.set_screen_colors(tty.id, grey(0), grey(250), grey(9)).unwrap();
    host.engine.set_screen_colors(tty.id, grey(255), grey(5), grey(9)).unwrap();
    tty.typed(&mut host, "\x1b[?997;1n");
    // What the program has set itself stays.
    tty.play(&mut host, b"\x1b]11;#102030\x07");
    host.engine.set_screen_colors(tty.id, grey(0), grey(255), grey(9)).unwrap();
    tty.typed(&mut host, "\x1b[?997;2n");
    tty.play(&mut host, b"\x1b]11;?\x07");
    tty.typed(&mut host, "\x1b]11;rgb:1010/2020/3030\x07");
    let cat = host.spawn(&sh("exec cat"));
    let refused = host.engine.set_screen_colors(cat, grey(0), grey(0), grey(0)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoScreen);
    host.close(tty.id);
    let refused = host.engine.set_screen_colors(tty.id, grey(0), grey(0), grey(0)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::StaleId);
}

/// What was answered before a reader resumed is not asked again; live bytes are exact unless the
/// reader wants them without questions.
#[test]
fn questions_are_left_out_of_what_is_played_again() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().reader(None));
    for part in [&b"a\x1b[c"[..], b"b\x1b[6", b"nc\x1b]11;?\x07d\x1b]10;?\x1b", b"\\e\x1b[?25hf"] {
        tty.play(&mut host, part);
    }
    let resumed = host.attach(tty.id, Delivery::Lossless, Start::Resume(0));
    let exact = host.attach(tty.id, Delivery::Lossless, Start::Oldest);
    let options = ReaderOptions::new(Delivery::Lossless).without_queries();
    let quiet = host.engine.attach_with(tty.id, &options).unwrap();
    let mut heard: std::collections::HashMap<ReaderId, Vec<u8>> = Default::default();
    let mut listen = |host: &mut Host| {
        host.engine.turn(Some(std::time::Duration::ZERO)).unwrap();
        while let Some(event) = host.engine.next_event().unwrap() {
            if let Event::Terminal { event: TerminalEvent::Output { reader, bytes, .. }, .. } =
                event
            {
                heard.entry(reader).or_default().extend_from_slice(bytes);
            }
        }
    };
    listen(&mut host);
    let id = tty.id;
    let end = host.engine.terminal_state(id).unwrap().log_end + 6;
    tty.slave.write_all(b"g\x1b[5nh").unwrap();
    host.turn_until("the output", |engine| engine.terminal_state(id).unwrap().log_end == end);
    listen(&mut host);
    let text = |reader| String::from_utf8_lossy(&heard[&reader]).into_owned();
    assert_eq!(text(resumed), "abcde\x1b[?25hfg\x1b[5nh");
    assert_eq!(text(quiet), "abcde\x1b[?25hfgh");
    assert_eq!(text(exact), "a\x1b[cb\x1b[6nc\x1b]11;?\x07d\x1b]10;?\x1b\\e\x1b[?25hfg\x1b[5nh");
}

/// Nobody who is not to get a question gets its beginning, however reads cut it; what turns out to be
/// another sequence, and what never ends, comes whole.
#[test]
fn a_question_that_reads_cut_is_left_out_whole() {
    let mut host = Host::new();
    let mut tty = Played::new(&mut host, with_screen().reader(None));
    let options = ReaderOptions::new(Delivery::Lossless).without_queries();
    let quiet = host.engine.attach_with(tty.id, &options).unwrap();
    let mut heard = Vec::new();
    let mut listen = |host: &mut Host| {
        host.engine.turn(Some(std::time::Duration::ZERO)).unwrap();
        while let Some(event) = host.engine.next_event().unwrap() {
            let Event::Terminal { event, .. } = event else { continue };
            match event {
                TerminalEvent::Output { reader, bytes, .. } if reader == quiet => {
                    heard.extend_from_slice(bytes);
                }
                _ => {}
            }
        }
        String::from_utf8_lossy(&heard).into_owned()
    };
    let table: [(&[u8], &str); 7] = [
        (b"a\x1b[", "a"),
        (b"6", "a"),
        (b"nb", "ab"),
        (b"\x1b[3", "ab"),
        (b"1mc", "ab\x1b[31mc"),
        (b"\x1b]11;", "ab\x1b[31mc"),
        (b"?\x07d\x1b[", "ab\x1b[31mcd"),
    ];
    let mut end = 0;
    let id = tty.id;
    for (written, expected) in table {
        end += written.len() as u64;
        tty.slave.write_all(written).unwrap();
        host.turn_until("the output", |engine| engine.terminal_state(id).unwrap().log_end == end);
        assert_eq!(listen(&mut host), expected, "after {written:?}");
    }
    drop(tty);
    host.turn_until("the end", |engine| engine.terminal_state(id).unwrap().hung_up);
    assert_eq!(listen(&mut host), "ab\x1b[31mcd\x1b[");
}
