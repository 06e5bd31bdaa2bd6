//! Reading what a repository says of ignoring, in steps of bounded cost: configuration, `info/exclude`, the list of the
//! user, the index.
//!
//! Files are looked for where git looks: `.git` may be a file that names the directory (worktrees, submodules), and a
//! worktree shares the directory of its repository. Configuration comes from the system, the user, the
//! repository, the worktree and the environment, the last one wins. The list of the user is `core.excludesFile` or in
//! the usual place; `info/exclude` is that of the common directory. The walk upwards ends at the top of a repository.
//! Nothing but regular files is read.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::disk;
use super::filter::Repository;
use super::git::{
    Changes, Compiling, Condition, FILE_BYTES_MAX, IndexReading, Line, Places, Settings, Tracked,
    is_remote_url, lines,
};
use super::tree::{FileType, Stat};

/// What looking for a file costs, and reading each byte of it.
pub(super) const LOOK_COST: u64 = 20_000;
pub(super) const BYTES_PER_NS: u64 = 4;

/// Files of configuration that are read, with those that they include, and how deep they include each other.
const CONFIG_FILES_MAX: usize = 64;
const INCLUDE_DEPTH_MAX: u8 = 10;
/// Bytes of a file that names a directory.
const POINTER_MAX: usize = 8192;
/// Bytes of the index that are read at once.
const INDEX_PIECE: usize = 16 << 10;
/// Variables that the environment may set.
const ENVIRONMENT_MAX: usize = 1000;

/// Where a repository has its files.
pub(super) struct GitDir {
    /// Of this working tree.
    own: PathBuf,
    /// That of all working trees.
    common: PathBuf,
}

impl GitDir {
    /// The repository whose working tree begins at a directory.
    pub(super) fn of(top: &Path) -> Option<Self> {
        let own = pointed_to(&top.join(".git"), top)?;
        let common = match disk::read_file(&own.join("commondir"), POINTER_MAX) {
            Some((text, _)) => own.join(path_of(&text)),
            None => own.clone(),
        };
        let is_dir = |path: PathBuf| path.is_dir();
        let has_head = own.join("HEAD").symlink_metadata().is_ok();
        let is_valid = has_head && is_dir(common.join("objects")) && is_dir(common.join("refs"));
        is_valid.then_some(GitDir { own, common })
    }

    /// What git creates while it changes the working tree.
    pub(super) fn index_lock(&self) -> PathBuf {
        self.own.join("index.lock")
    }

    /// What a directory would need to be a repository.
    pub(super) fn missing(top: &Path) -> Vec<SourceFile> {
        let git = top.join(".git");
        let own = pointed_to(&git, top).unwrap_or_else(|| git.clone());
        ["HEAD", "objects", "refs", "commondir"].map(|name| SourceFile::at(&own.join(name))).into()
    }
}

/// The directory that `.git` is, or names.
fn pointed_to(git: &Path, top: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_path_buf());
    }
    let (text, _) = disk::read_file(git, POINTER_MAX)?;
    text.strip_prefix(b"gitdir: ").map(|path| top.join(path_of(path)))
}

fn path_of(text: &[u8]) -> PathBuf {
    let end = text.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
    PathBuf::from(OsStr::from_bytes(text.get(..end).unwrap_or_default()))
}

/// A file that rules come from, and what it was before it was read.
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    stat: Option<Stat>,
}

impl SourceFile {
    pub(super) fn at(path: &Path) -> Self {
        let stat = disk::look_at_root(path.as_os_str().as_bytes()).ok().flatten();
        let stat = stat.filter(|stat| stat.kind != FileType::Other);
        SourceFile { path: path.to_path_buf(), stat }
    }

    /// Whether it is not what it was.
    pub(super) fn has_changed(&self) -> bool {
        SourceFile::at(&self.path).stat != self.stat
    }
}

enum Stage {
    Config,
    Exclude,
    User,
    Index,
    Done,
}

/// What is still to be done with the configuration.
enum Pending {
    File(PathBuf, u8),
    /// A file, if the condition holds.
    Conditional(Condition, PathBuf, u8),
    /// The file of the working tree, if the configuration so far has one.
    Worktree,
    Set(Vec<u8>, Option<Vec<u8>>),
}

/// The URLs of remotes. They count wherever they are, so all of the configuration is read for them, if anything
/// depends on them, and then once more.
enum Urls {
    Unasked,
    Collecting(Vec<Vec<u8>>),
    Known(Vec<Vec<u8>>),
}

/// A repository that is being read.
pub(super) struct RepositoryLoading {
    /// Where its working tree begins.
    top: PathBuf,
    git: GitDir,
    places: Places,
    stage: Stage,
    pending: VecDeque<Pending>,
    files: usize,
    settings: Settings,
    urls: Urls,
    /// The branch of the working tree, if it was asked for and there is one.
    branch: Option<Option<Vec<u8>>>,
    compiling: Option<(PathBuf, Compiling)>,
    index: Option<(OwnedFd, IndexReading)>,
    room: usize,
    hasher: DefaultHasher,
    repository: Repository,
    changes: Changes,
    /// Files that were read, or that would have been.
    sources: Vec<SourceFile>,
    /// Files that were not read to their end.
    left_out: Vec<PathBuf>,
}

/// What was read.
pub(super) struct ReadRepository {
    pub(super) repository: Repository,
    /// How what is tracked differs from before.
    pub(super) changes: Changes,
    pub(super) sources: Vec<SourceFile>,
    pub(super) left_out: Vec<PathBuf>,
}

impl RepositoryLoading {
    /// `room`: how many rules there may be.
    pub(super) fn new(top: PathBuf, git: GitDir, room: usize) -> Self {
        let places = places();
        let pending = config_files(&git, &places);
        RepositoryLoading {
            top,
            git,
            places,
            stage: Stage::Config,
            pending,
            files: 0,
            settings: Settings::default(),
            urls: Urls::Unasked,
            branch: None,
            compiling: None,
            index: None,
            room,
            hasher: DefaultHasher::new(),
            repository: Repository::default(),
            changes: Changes::default(),
            sources: Vec::new(),
            left_out: Vec::new(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Does the next step; what it has cost. `before`: what was tracked when the repository was read last.
    pub(super) fn step(&mut self, before: Option<&Tracked>) -> u64 {
        if let Some((_, compiling)) = &mut self.compiling
            && !compiling.is_done()
        {
            return compiling.step();
        }
        match self.stage {
            Stage::Config => self.configure(),
            Stage::Exclude => {
                if let Some(rules) = self.compiled() {
                    self.repository.exclude = rules;
                    self.stage = Stage::User;
                    return LOOK_COST / 10;
                }
                self.compile(Some(self.git.common.join("info/exclude")))
            }
            Stage::User => {
                if let Some(rules) = self.compiled() {
                    self.repository.user = rules;
                    self.stage = Stage::Index;
                    return LOOK_COST / 10;
                }
                let list = self.settings.excludes_file.clone();
                let usual = || self.places.config.as_ref().map(|dir| dir.join("git/ignore"));
                self.compile(list.or_else(usual).map(|list| self.top.join(list)))
            }
            Stage::Index => self.read_index(before),
            Stage::Done => 0,
        }
    }

    fn compiled(&mut self) -> Option<super::git::Rules> {
        let (path, compiling) = self.compiling.take()?;
        let rules = compiling.finish();
        if rules.has_left_out() {
            self.left_out.push(path);
        }
        self.room = self.room.saturating_sub(rules.count());
        Some(rules)
    }

    fn compile(&mut self, path: Option<PathBuf>) -> u64 {
        let (text, size) = path.as_ref().and_then(|path| self.read(path)).unwrap_or_default();
        let cut = size > text.len() as u64;
        let cost = LOOK_COST + text.len() as u64 / BYTES_PER_NS;
        text.hash(&mut self.hasher);
        let compiling = Compiling::new(text, self.room, cut);
        self.compiling = Some((path.unwrap_or_default(), compiling));
        cost
    }

    /// Reads a file, which is watched from now on.
    fn read(&mut self, path: &Path) -> Option<(Vec<u8>, u64)> {
        if self.sources.iter().all(|known| known.path != path) {
            self.sources.push(SourceFile::at(path));
        }
        let (text, stat) = disk::read_file(path, FILE_BYTES_MAX)?;
        Some((text, stat.size))
    }

    fn configure(&mut self) -> u64 {
        match self.pending.pop_front() {
            None if matches!(self.urls, Urls::Collecting(_)) => {
                self.configure_again();
                0
            }
            None => {
                self.settings.fold.hash(&mut self.hasher);
                self.repository.fold = self.settings.fold;
                self.stage = Stage::Exclude;
                0
            }
            Some(Pending::Set(name, value)) => {
                if let (Urls::Collecting(urls), true) = (&mut self.urls, is_remote_url(&name)) {
                    urls.extend(value.clone());
                }
                self.settings.set(&name, value.as_deref(), &self.places);
                LOOK_COST / 10
            }
            Some(Pending::Worktree) => {
                if self.settings.worktree_config {
                    let file = self.git.own.join("config.worktree");
                    self.pending.push_front(Pending::File(file, 0));
                }
                0
            }
            Some(Pending::File(path, depth)) => self.read_config(&path, depth),
            Some(Pending::Conditional(condition, path, depth)) => {
                if self.holds(&condition) {
                    self.pending.push_front(Pending::File(path, depth));
                }
                LOOK_COST
            }
        }
    }

    /// Whether an included file counts.
    fn holds(&mut self, condition: &Condition) -> bool {
        match (condition, &self.urls) {
            (Condition::Always, _) => true,
            (Condition::OnBranch(pattern), _) => {
                let branch = self.branch();
                branch.is_some_and(|branch| Condition::is_of_branch(pattern, &branch))
            }
            (Condition::HasUrl(pattern), Urls::Known(urls)) => {
                urls.iter().any(|url| Condition::is_of_url(pattern, url))
            }
            // Such a file has no URLs, says git.
            (Condition::HasUrl(_), Urls::Collecting(_)) => false,
            (Condition::HasUrl(_), Urls::Unasked) => {
                self.configure_again();
                false
            }
        }
    }

    /// Reads the configuration from its beginning: for the URLs of remotes, then with them.
    fn configure_again(&mut self) {
        self.urls = match std::mem::replace(&mut self.urls, Urls::Unasked) {
            Urls::Collecting(urls) => Urls::Known(urls),
            _ => Urls::Collecting(Vec::new()),
        };
        self.pending = config_files(&self.git, &self.places);
        (self.settings, self.files) = (Settings::default(), 0);
        self.left_out.clear();
    }

    /// The branch of the working tree; from now on it is watched for.
    fn branch(&mut self) -> Option<Vec<u8>> {
        if self.branch.is_none() {
            let head = self.read(&self.git.own.join("HEAD")).unwrap_or_default().0;
            let name = head.strip_prefix(b"ref:").map(<[u8]>::trim_ascii);
            let branch = name.and_then(|name| name.strip_prefix(b"refs/heads/"));
            self.branch = Some(branch.map(<[u8]>::to_vec));
        }
        self.branch.clone().flatten()
    }

    fn read_config(&mut self, path: &Path, depth: u8) -> u64 {
        self.files += 1;
        if self.files > CONFIG_FILES_MAX || depth > INCLUDE_DEPTH_MAX {
            self.left_out.push(path.to_path_buf());
            return LOOK_COST;
        }
        let Some((text, size)) = self.read(path) else { return LOOK_COST };
        if size > text.len() as u64 {
            self.left_out.push(path.to_path_buf());
        }
        let git_dir = self.git.own.canonicalize().unwrap_or_else(|_| self.git.own.clone());
        for line in lines(&text, path, &git_dir, &self.places).into_iter().rev() {
            self.pending.push_front(match line {
                Line::Set(name, value) => Pending::Set(name, value),
                Line::Include(path, Condition::Always) => Pending::File(path, depth + 1),
                Line::Include(path, condition) => Pending::Conditional(condition, path, depth + 1),
            });
        }
        LOOK_COST + text.len() as u64
    }

    fn read_index(&mut self, before: Option<&Tracked>) -> u64 {
        if self.index.is_none() {
            let path = self.git.own.join("index");
            self.sources.push(SourceFile::at(&path));
            let Settings { fold, is_sha256, .. } = self.settings;
            let begin = |size| IndexReading::new(fold, is_sha256, size);
            self.index = disk::open_file(&path).map(|(fd, stat)| (fd, begin(stat.size)));
            if self.index.is_none() {
                self.finish_index(begin(0), before);
            }
            return LOOK_COST;
        }
        let Some((fd, mut reading)) = self.index.take() else { return 0 };
        let mut piece = [0; INDEX_PIECE];
        let count = nix::unistd::read(&fd, &mut piece).unwrap_or(0);
        let fed = match piece.get(..count).filter(|piece| !piece.is_empty()) {
            Some(piece) => reading.feed(piece, before),
            None => None,
        };
        match fed {
            Some(cost) => {
                self.index = Some((fd, reading));
                LOOK_COST + cost
            }
            None => {
                self.next_index(reading, before);
                2 * LOOK_COST
            }
        }
    }

    /// Goes on with the other part of a split index.
    fn next_index(&mut self, mut reading: IndexReading, before: Option<&Tracked>) {
        let file = |name| disk::open_file(&self.git.own.join(name));
        match reading.next_part().and_then(file) {
            Some((fd, _)) => self.index = Some((fd, reading)),
            None => self.finish_index(reading, before),
        }
    }

    fn finish_index(&mut self, reading: IndexReading, before: Option<&Tracked>) {
        (self.repository.tracked, self.changes) = reading.finish(before);
        if self.repository.tracked.has_left_out() {
            self.left_out.push(self.git.own.join("index"));
        }
        self.repository.digest = self.hasher.finish();
        self.stage = Stage::Done;
    }

    /// What was read, when it is done.
    pub(super) fn finish(self) -> ReadRepository {
        ReadRepository {
            repository: self.repository,
            changes: self.changes,
            sources: self.sources,
            left_out: self.left_out,
        }
    }
}

/// Where the process looks for the configuration of its user.
fn places() -> Places {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = set("HOME").map(PathBuf::from);
    let usual = || home.as_ref().map(|home| home.join(".config"));
    let config = set("XDG_CONFIG_HOME").map(PathBuf::from).or_else(usual);
    Places { home, config }
}

/// The files of configuration, and what the environment sets, in the order in which they count.
fn config_files(git: &GitDir, places: &Places) -> VecDeque<Pending> {
    let mut pending = VecDeque::new();
    let mut add = |path: PathBuf| pending.push_back(Pending::File(path, 0));
    let is_on = |value: std::ffi::OsString| value != "0" && value != "false" && !value.is_empty();
    if !std::env::var_os("GIT_CONFIG_NOSYSTEM").is_some_and(is_on) {
        add(std::env::var_os("GIT_CONFIG_SYSTEM").map_or("/etc/gitconfig".into(), PathBuf::from));
    }
    match std::env::var_os("GIT_CONFIG_GLOBAL") {
        Some(global) => add(PathBuf::from(global)),
        None => {
            places.config.iter().for_each(|dir| add(dir.join("git/config")));
            places.home.iter().for_each(|dir| add(dir.join(".gitconfig")));
        }
    }
    add(git.common.join("config"));
    pending.push_back(Pending::Worktree);
    let count = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok());
    for n in 0..count.unwrap_or(0).min(ENVIRONMENT_MAX) {
        let get = |what: &str| std::env::var_os(format!("GIT_CONFIG_{what}_{n}"));
        let Some(name) = get("KEY") else { break };
        let name = name.into_vec().to_ascii_lowercase();
        pending.push_back(Pending::Set(name, get("VALUE").map(OsStringExt::into_vec)));
    }
    pending
}
