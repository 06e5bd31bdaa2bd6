//! The trace itself: see `../../trace.c` for the same in C.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orchflow::{
    Delivery, Engine, Event, ExitStatus, FileBatch, FileChanges, FileCursor, FileEventKind,
    FileType, ReaderId, Size, SpawnOptions, Start, TerminalEvent, TerminalId, WatchEvent, WatchId,
    WatchOptions,
};

/// How long the idle phase is.
pub const IDLE: Duration = Duration::from_millis(300);

const TYPIST: &str = "stty -echo; echo ready; while read -r word; do \
    case $word in size) stty size;; *) echo \"you typed $word\";; esac; done";

const PASTER: &str = "stty raw -echo; mkfifo $FOLDER/fifo; echo ready; \
    read -r go <$FOLDER/fifo; head -c 102400 | cksum; rm $FOLDER/fifo";

type Done = Result<(), Box<dyn Error>>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Busy,
    BusyNoMore,
    Idle,
    Over,
}

/// What the trace needs of an event; events themselves borrow the engine.
pub enum Happened {
    Output(TerminalId, ReaderId, String),
    Exited(TerminalId, ExitStatus),
    Closed(TerminalId),
    InputReady,
    Batch(Box<FileBatch>),
    Synced(u64),
    ShutdownComplete,
    Other,
}

impl From<Event<'_>> for Happened {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Terminal { id, event: TerminalEvent::Output { reader, bytes, .. }, .. } => {
                Happened::Output(id, reader, String::from_utf8_lossy(bytes).into_owned())
            }
            Event::Terminal { id, event: TerminalEvent::Exited { status, .. }, .. } => {
                Happened::Exited(id, status)
            }
            Event::Terminal { id, event: TerminalEvent::Closed, .. } => Happened::Closed(id),
            Event::Terminal { event: TerminalEvent::InputReady, .. } => Happened::InputReady,
            Event::Watch { event: WatchEvent::Ready { .. }, .. } => Happened::Synced(0),
            Event::Watch { event: WatchEvent::Batch { batch }, .. } => {
                Happened::Batch(Box::new(batch.clone()))
            }
            Event::Watch { event: WatchEvent::Synced { tag, .. }, .. } => Happened::Synced(tag),
            Event::ShutdownComplete => Happened::ShutdownComplete,
            _ => Happened::Other,
        }
    }
}

pub struct Trace {
    pub step: Step,
    script: TerminalId,
    typist: Option<TerminalId>,
    paster: Option<TerminalId>,
    watch: Option<WatchId>,
    first_reader: Option<ReaderId>,
    second_reader: Option<ReaderId>,
    /// What came of the line that each reader is in.
    lines: HashMap<ReaderId, String>,
    while_paused: usize,
    /// What is still to be pasted.
    paste: Vec<u8>,
    room_again: bool,
    fifo: Option<fs::File>,
    folder: PathBuf,
    wakes: u32,
}

fn spawn(engine: &mut Engine, folder: &Path, script: &str) -> orchflow::Result<TerminalId> {
    engine.spawn(&SpawnOptions::program("sh").args(["-c", script]).env("FOLDER", folder))
}

impl Trace {
    pub fn start(engine: &mut Engine) -> Result<Self, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("orchflow-trace-{}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Trace {
            step: Step::Busy,
            script: spawn(engine, &folder, "for i in 1 2 3; do echo line $i; done; exit 3")?,
            typist: None,
            paster: None,
            watch: None,
            first_reader: None,
            second_reader: None,
            lines: HashMap::new(),
            while_paused: 0,
            paste: Vec::new(),
            room_again: false,
            fifo: None,
            folder,
            wakes: 0,
        })
    }

    pub fn on(&mut self, engine: &mut Engine, happened: Happened) -> Done {
        match happened {
            Happened::Output(terminal, reader, text) => {
                return self.output(engine, terminal, reader, &text);
            }
            Happened::Exited(terminal, status) => return self.exited(engine, terminal, status),
            Happened::Closed(terminal) => return self.closed(engine, terminal),
            Happened::InputReady => {
                if !self.room_again {
                    println!("paste: room again");
                }
                self.room_again = true;
                self.paste_more(engine)?;
            }
            Happened::Batch(batch) => self.batch(&batch)?,
            Happened::Synced(tag) => return self.synced(engine, tag),
            Happened::ShutdownComplete => {
                println!("shutdown: complete");
                self.step = Step::Over;
            }
            Happened::Other => {}
        }
        Ok(())
    }

    fn name(&self, terminal: TerminalId) -> &'static str {
        match terminal {
            id if id == self.script => "script",
            id if Some(id) == self.typist => "typing",
            _ => "paste",
        }
    }

    fn exited(&mut self, engine: &mut Engine, terminal: TerminalId, status: ExitStatus) -> Done {
        let name = self.name(terminal);
        match status {
            ExitStatus::Code(code) => println!("{name}: exit code {code}"),
            ExitStatus::Signal { signal, .. } => println!("{name}: signal {signal}"),
            _ => println!("{name}: unknown"),
        }
        if Some(terminal) != self.typist {
            engine.close(terminal, Duration::ZERO)?;
        }
        Ok(())
    }

    fn closed(&mut self, engine: &mut Engine, terminal: TerminalId) -> Done {
        println!("{}: closed", self.name(terminal));
        if terminal == self.script {
            self.typist = Some(spawn(engine, &self.folder, TYPIST)?);
        } else if Some(terminal) == self.paster {
            self.fifo = None;
            fs::write(self.folder.join("old"), "old")?;
            // Else whoever makes a file in a directory above would wake us: it might be one of rules.
            self.watch = Some(engine.add_watch(&WatchOptions::new(&self.folder).gitignore(false))?);
        }
        Ok(())
    }

    fn output(
        &mut self,
        engine: &mut Engine,
        terminal: TerminalId,
        reader: ReaderId,
        text: &str,
    ) -> Done {
        if Some(terminal) == self.typist && Some(reader) != self.second_reader {
            self.first_reader = Some(reader);
            self.while_paused += text.len();
        }
        let text = self.lines.remove(&reader).unwrap_or_default() + &text.replace('\r', "");
        let mut lines: Vec<&str> = text.split('\n').collect();
        self.lines.insert(reader, lines.pop().unwrap_or_default().to_owned());
        for line in lines {
            if terminal == self.script {
                println!("script: {line}");
            } else if Some(terminal) == self.paster {
                self.paster_line(engine, line)?;
            } else if Some(reader) == self.second_reader {
                self.second_reader_line(engine, terminal, line)?;
            } else {
                self.typist_line(engine, terminal, line)?;
            }
        }
        Ok(())
    }

    /// Once its second line is here, the first reader would have had the first one.
    fn second_reader_line(&mut self, engine: &mut Engine, typist: TerminalId, line: &str) -> Done {
        println!("second reader: {line}");
        if line == "you typed on" {
            engine.write(typist, b"off\r")?;
            return Ok(());
        }
        println!("first reader: paused, {} bytes", self.while_paused);
        Ok(engine.resume_reader(self.first_reader.ok_or("no first reader")?)?)
    }

    fn typist_line(&mut self, engine: &mut Engine, typist: TerminalId, line: &str) -> Done {
        let reader = if self.second_reader.is_some() { "first reader" } else { "typing" };
        println!("{reader}: {line}");
        match line {
            "you typed off" => {
                engine.detach(self.second_reader.ok_or("no second reader")?)?;
                self.paster = Some(spawn(engine, &self.folder, PASTER)?);
            }
            "ready" => drop(engine.write(typist, b"hello\r")?),
            "you typed hello" => {
                engine.resize(typist, Size::cells(100, 30))?;
                engine.write(typist, b"size\r")?;
            }
            "30 100" => {
                self.second_reader = Some(engine.attach(typist, Delivery::Lossless, Start::Now)?);
                engine.pause_reader(self.first_reader.ok_or("no first reader")?)?;
                self.while_paused = 0;
                engine.write(typist, b"on\r")?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The program begins to read when a fifo says so.
    fn paster_line(&mut self, engine: &mut Engine, line: &str) -> Done {
        if line != "ready" {
            println!("paste: checksum and bytes {line}");
            return Ok(());
        }
        self.paste = (b'a'..=b'z').cycle().take(102_400).collect();
        self.paste_more(engine)?;
        println!(
            "paste: {}",
            if self.paste.is_empty() { "room for all" } else { "no room for all" }
        );
        // Also for reading: so it need not wait.
        let mut fifo =
            fs::OpenOptions::new().read(true).write(true).open(self.folder.join("fifo"))?;
        fifo.write_all(b"go\n")?;
        self.fifo = Some(fifo);
        Ok(())
    }

    fn paste_more(&mut self, engine: &mut Engine) -> Done {
        let accepted = engine.write(self.paster.ok_or("no paster")?, &self.paste)?;
        self.paste.drain(..accepted);
        Ok(())
    }

    /// Everything up to this step has been reported.
    fn synced(&mut self, engine: &mut Engine, tag: u64) -> Done {
        let watch = self.watch.ok_or("no watch")?;
        let sub = self.folder.join("sub");
        let draft = sub.join("draft");
        match tag {
            0 => {
                fs::create_dir(&sub)?;
                fs::write(&draft, "one")?;
            }
            1 => fs::OpenOptions::new().append(true).open(&draft)?.write_all(b" and two")?,
            2 => fs::rename(&draft, sub.join("final"))?,
            3 => fs::remove_file(self.folder.join("old"))?,
            _ => {
                self.print_tree(engine, watch)?;
                self.step = Step::BusyNoMore;
                return Ok(());
            }
        }
        Ok(engine.sync_watch(watch, tag + 1)?)
    }

    fn relative(&self, path: &Path) -> Result<String, Box<dyn Error>> {
        let name = path.strip_prefix(&self.folder)?.display().to_string();
        Ok(if name.is_empty() { ".".to_owned() } else { name })
    }

    fn batch(&self, batch: &FileBatch) -> Done {
        for event in batch.events() {
            let kind = match event.kind {
                FileEventKind::Create => "create",
                FileEventKind::Modify => "modify",
                FileEventKind::Metadata => "metadata",
                FileEventKind::Touch => "touch",
                FileEventKind::Delete => "delete",
                FileEventKind::Rename => "rename",
            };
            let from = match event.from {
                Some(from) => format!("{} to ", self.relative(from)?),
                None => String::new(),
            };
            println!("watch: {kind} {from}{}", self.relative(event.path)?);
        }
        Ok(())
    }

    fn print_tree(&self, engine: &mut Engine, watch: WatchId) -> Done {
        let mut changes = FileChanges::default();
        engine.watch_changes(watch, &mut FileCursor::default(), 4096, &mut changes)?;
        for kind in [FileType::Directory, FileType::File] {
            for entry in changes.entries().filter(|entry| entry.kind == kind) {
                let size = match kind {
                    FileType::File => format!(" {} bytes", entry.size),
                    _ => String::new(),
                };
                println!("tree: {}{size}", self.relative(entry.path)?);
            }
        }
        Ok(())
    }

    pub fn count_wake(&mut self) {
        self.wakes += u32::from(self.step == Step::Idle);
    }

    /// Whether the idle phase begins: what has just been done may have left a timer or two.
    pub fn may_idle(&mut self, engine: &mut Engine) -> bool {
        if self.step != Step::BusyNoMore
            || engine.time_to_deadline().is_some_and(|time| time <= 2 * IDLE)
        {
            return false;
        }
        self.step = Step::Idle;
        true
    }

    pub fn idle_over(&mut self, engine: &mut Engine) -> Done {
        println!("idle: {} wakes", self.wakes);
        let is_stale = engine.write(self.script, b"x").is_err_and(|error| error.is_stale_id());
        println!("stale id: {}", if is_stale { "ORCH_E_STALE_ID" } else { "no error" });
        self.step = Step::Busy;
        Ok(engine.shutdown(Duration::from_secs(5))?)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}
