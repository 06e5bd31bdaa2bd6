//! Tokens from a file or from the environment.
//!
//! A token file must belong to the user alone: it is rejected if others can read or write it, if
//! another user owns it, and if it is a symbolic link. `serve` creates a missing one. A credential of a service is
//! the exception: systemd leaves its file to root, and lets the user of the service read it by an access list, which
//! shows as the rights of the group. The variable keeps a token out of the list of processes; programs in the terminals do not inherit it.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The variable with a token.
pub(crate) const TOKEN_VARIABLE: &str = "ORCHFLOW_TOKEN";

/// The variable with the directory of a service's credentials, which systemd makes for this service alone.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// The length of a token in bytes; 43 characters of text.
const SECRET_BYTES: usize = 32;
/// The maximum number of bytes that are read from a token file.
const FILE_BYTES_MAX: u64 = 4096;

/// A token, as text and as bytes.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) secret: [u8; SECRET_BYTES],
}

impl Token {
    /// Parses a token: 43 characters of base64url.
    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let secret: [u8; SECRET_BYTES] = bytes.try_into().ok()?;
        secret.iter().any(|byte| *byte != 0).then(|| Token { text: text.into(), secret })
    }

    fn random() -> Result<Self, String> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).map_err(|error| format!("cannot create a token: {error}"))?;
        Ok(Token { text: URL_SAFE_NO_PAD.encode(secret), secret })
    }
}

/// The token from the environment; `None` if the variable is not set.
pub(crate) fn from_environment() -> Result<Option<Token>, String> {
    let Some(value) = std::env::var_os(TOKEN_VARIABLE) else { return Ok(None) };
    let token = value.to_str().and_then(Token::parse);
    token.map(Some).ok_or_else(|| format!("{TOKEN_VARIABLE}: {FORM}"))
}

/// The message for an invalid token.
const FORM: &str = "not a token; expected 43 characters of A-Z, a-z, 0-9, - and _";

/// The token in this file.
pub(crate) fn from_file(path: &Path) -> Result<Token, String> {
    read(path).map_err(|error| explain(path, &error))
}

/// The token in this file, which is created with a new token if it is missing. Also returns whether
/// it was created.
pub(crate) fn from_file_or_new(path: &Path) -> Result<(Token, bool), String> {
    match read(path) {
        Ok(token) => Ok((token, false)),
        Err(Refusal::System(error)) if error.kind() == io::ErrorKind::NotFound => {
            let token = Token::random()?;
            match create(path, &token) {
                Ok(()) => Ok((token, true)),
                // Another process created it first.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    read(path).map(|token| (token, false)).map_err(|error| explain(path, &error))
                }
                Err(error) => Err(explain(path, &Refusal::System(error))),
            }
        }
        Err(error) => Err(explain(path, &error)),
    }
}

/// Why a file is rejected.
enum Refusal {
    System(io::Error),
    Because(String),
}

fn explain(path: &Path, refusal: &Refusal) -> String {
    let path = path.display();
    match refusal {
        Refusal::System(error) => format!("token file {path}: {error}"),
        Refusal::Because(text) => format!("token file {path}: {text}"),
    }
}

fn read(path: &Path) -> Result<Token, Refusal> {
    let because = |text: &str| Err(Refusal::Because(text.into()));
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            return because("symbolic link; use the path of the file itself");
        }
        opened => opened.map_err(Refusal::System)?,
    };
    let found = file.metadata().map_err(Refusal::System)?;
    if !found.is_file() {
        return because(if found.is_dir() {
            "directory, not a file"
        } else {
            "not a regular file"
        });
    }
    let is_credential = is_credential(path, std::env::var_os(CREDENTIALS).as_deref());
    let own = nix::unistd::geteuid().as_raw();
    if found.uid() != own && !(is_credential && found.uid() == 0) {
        return because("owned by another user");
    }
    let private = if is_credential { 0o037 } else { 0o077 };
    if found.mode() & private != 0 {
        let mode = found.mode() & 0o7777;
        let text = format!("accessible to other users (mode {mode:04o}); run chmod 600");
        return Err(Refusal::Because(text));
    }
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(Refusal::System)?;
    let text = String::from_utf8_lossy(&text);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return because("empty; remove it, and `serve` creates it with a token");
    }
    Token::parse(line).ok_or_else(|| Refusal::Because(FORM.into()))
}

/// Whether a file is in the directory of credentials.
fn is_credential(path: &Path, credentials: Option<&OsStr>) -> bool {
    let folder = credentials.map(Path::new).filter(|folder| folder.is_absolute());
    folder.is_some() && path.parent() == folder
}

/// Creates the file with its content in one step: nobody finds it empty.
fn create(path: &Path, token: &Token) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let name = format!(".orchflow-token-{}", std::process::id());
    let draft = folder.join(name);
    let write = || {
        let mut file: File =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(format!("{}\n", token.text).as_bytes())?;
        file.sync_all()?;
        // A link fails if the name exists; a rename would replace it.
        std::fs::hard_link(&draft, path)
    };
    let outcome = write();
    let _ = std::fs::remove_file(&draft);
    outcome
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;

    /// A directory of this test alone.
    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("orchflow-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    fn refusal(path: &Path) -> String {
        from_file_or_new(path).map(drop).unwrap_err()
    }

    #[test]
    fn a_missing_file_is_made_and_read_again() {
        let folder = folder("token-new");
        let path = folder.join("token");
        let (token, is_new) = from_file_or_new(&path).unwrap();
        assert!(is_new && token.text.len() == 43);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        let (again, is_new) = from_file_or_new(&path).unwrap();
        assert!(!is_new && again.text == token.text && again.secret == token.secret);
        assert_eq!(from_file(&path).unwrap().text, token.text);
        // Nothing else is left in the directory.
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert!(from_file(&folder.join("none")).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_file_may_hold() {
        let folder = folder("token-text");
        let path = folder.join("token");
        let text = Token::random().unwrap().text;
        for (content, ok) in [
            (text.clone(), true),
            (format!("{text}\n"), true),
            (format!("{text}\r\n"), true),
            (format!("{text}\n\n"), false),
            (format!(" {text}"), false),
            (String::new(), false),
            ("\n".into(), false),
            ("secret".into(), false),
            ("A".repeat(43), false),
            (format!("{text}="), false),
            ("x".repeat(10_000), false),
        ] {
            fs::write(&path, &content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let found = from_file_or_new(&path);
            assert_eq!(found.is_ok(), ok, "{content:?}");
            if let Err(refusal) = found {
                assert!(refusal.contains("empty") || refusal.contains("43"), "{refusal}");
            }
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_a_credential() {
        for (path, folder, expected) in [
            ("/run/credentials/a.service/token", Some("/run/credentials/a.service"), true),
            ("/run/credentials/a.service/token", Some("/run/credentials/a.service/"), true),
            ("/run/credentials/a.service/b/token", Some("/run/credentials/a.service"), false),
            ("/run/credentials/token", Some("/run/credentials/a.service"), false),
            ("/run/credentials/a.service/token", None, false),
            ("token", Some(""), false),
            ("/token", Some(""), false),
        ] {
            let found = is_credential(path.as_ref(), folder.map(OsStr::new));
            assert_eq!(found, expected, "{path} {folder:?}");
        }
    }

    #[test]
    fn what_others_could_read_is_refused() {
        let folder = folder("token-mode");
        let path = folder.join("token");
        from_file_or_new(&path).unwrap();
        for mode in [0o604, 0o640, 0o620, 0o601, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let text = refusal(&path);
            assert!(text.contains("chmod 600") && text.contains(&format!("{mode:04o}")), "{text}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(from_file_or_new(&path).is_ok());
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(65534), None).is_ok() {
            assert!(refusal(&path).contains("another user"));
        }
        let link = folder.join("link");
        symlink(&path, &link).unwrap();
        assert!(refusal(&link).contains("symbolic link"));
        symlink(folder.join("nothing"), folder.join("dangling")).unwrap();
        assert!(refusal(&folder.join("dangling")).contains("symbolic link"));
        assert!(refusal(&folder).contains("directory"));
        let fifo = folder.join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(refusal(&fifo).contains("regular file"));
        assert!(refusal(&folder.join("no/such")).contains("No such file"));
        fs::remove_dir_all(folder).unwrap();
    }
}
