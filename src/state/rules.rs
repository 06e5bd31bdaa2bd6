//! What a session and a pane may be, each for itself.

use std::borrow::Cow;
use std::collections::HashSet;

use super::entry::{Metadata, Pane, PaneContent, Session};

const ID_BYTES_MAX: usize = 64;
const NAME_BYTES_MAX: usize = 1024;
/// The longest path that the kernel takes.
const PATH_BYTES_MAX: usize = 4096;
const CUSTOM_BYTES_MAX: usize = 256;
const METADATA_PAIRS_MAX: usize = 32;
const METADATA_KEY_BYTES_MAX: usize = 64;
const METADATA_VALUE_BYTES_MAX: usize = 4 << 10;
const METADATA_BYTES_MAX: usize = 16 << 10;

type Broken = Cow<'static, str>;

pub(super) fn check_id(id: &str) -> Result<(), Broken> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(fits) {
        return Ok(());
    }
    Err("an id is 1 to 64 bytes of A-Z a-z 0-9 _ . : -".into())
}

pub(super) fn check_session(session: &Session) -> Result<(), Broken> {
    check_name(&session.name)?;
    let mut seen = HashSet::with_capacity(session.panes.len());
    for pane in &session.panes {
        if !seen.insert(pane.as_str()) {
            return Err(format!("the session lists the pane {pane:?} twice").into());
        }
    }
    check_metadata(&session.metadata)
}

pub(super) fn check_pane(pane: &Pane) -> Result<(), Broken> {
    check_name(&pane.title)?;
    match &pane.content {
        PaneContent::Empty | PaneContent::Terminal(_) => {}
        PaneContent::File(path) => {
            let fits = path.len() <= PATH_BYTES_MAX && path.first() == Some(&b'/');
            if !fits || path.contains(&0) {
                return Err("a file's path is absolute, at most 4,096 bytes, without NUL".into());
            }
        }
        PaneContent::Custom(name) if name.len() > CUSTOM_BYTES_MAX => {
            return Err("custom content is at most 256 bytes".into());
        }
        PaneContent::Custom(_) => {}
    }
    check_metadata(&pane.metadata)
}

fn check_name(name: &str) -> Result<(), Broken> {
    if name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err("a name or title is at most 1,024 bytes".into())
}

fn check_metadata(metadata: &Metadata) -> Result<(), Broken> {
    let fits = |(key, value): (&String, &String)| {
        (1..=METADATA_KEY_BYTES_MAX).contains(&key.len()) && value.len() <= METADATA_VALUE_BYTES_MAX
    };
    let bytes: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    let bounded = metadata.len() <= METADATA_PAIRS_MAX && bytes <= METADATA_BYTES_MAX;
    if bounded && metadata.iter().all(fits) {
        return Ok(());
    }
    Err("metadata: at most 32 pairs, keys of 1 to 64 bytes, values to 4 KiB, 16 KiB together"
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let longest = "x".repeat(64);
        for good in ["a", "A-Z_0.9:x", &longest] {
            assert!(check_id(good).is_ok(), "{good:?}");
        }
        let too_long = "x".repeat(65);
        for bad in ["", " ", "a b", "a/b", "\u{e9}", "a\0", &too_long] {
            assert!(check_id(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn contents() {
        let long = [b"/".as_slice(), &[b'x'; 4095]].concat();
        let too_long = [long.as_slice(), b"x"].concat();
        let cases = [
            (PaneContent::Empty, true),
            (PaneContent::Terminal(0), true),
            (PaneContent::File(b"/".to_vec()), true),
            (PaneContent::File(b"/\xff".to_vec()), true),
            (PaneContent::File(long), true),
            (PaneContent::File(too_long), false),
            (PaneContent::File(Vec::new()), false),
            (PaneContent::File(b"x".to_vec()), false),
            (PaneContent::File(b"/a\0".to_vec()), false),
            (PaneContent::Custom("x".repeat(256)), true),
            (PaneContent::Custom("x".repeat(257)), false),
        ];
        for (content, good) in cases {
            let pane = Pane { content, ..Pane::default() };
            assert_eq!(check_pane(&pane).is_ok(), good, "{pane:?}");
        }
        let pane = Pane { title: "x".repeat(1025), ..Pane::default() };
        assert!(check_pane(&pane).is_err());
    }

    #[test]
    fn metadata() {
        let pairs = |pairs: usize, key: usize, value: usize| -> Metadata {
            let key = |n| format!("{n:0key$}");
            (0..pairs).map(|n| (key(n), "v".repeat(value))).collect()
        };
        let cases = [
            (pairs(0, 0, 0), true),
            (pairs(32, 2, 0), true),
            (pairs(33, 2, 0), false),
            (pairs(1, 64, 4096), true),
            (pairs(1, 65, 0), false),
            (pairs(1, 1, 4097), false),
            (pairs(4, 1, 4095), true),
            (pairs(4, 1, 4096), false),
            (Metadata::from([(String::new(), String::new())]), false),
        ];
        for (metadata, good) in cases {
            let session = Session { metadata, ..Session::default() };
            assert_eq!(check_session(&session).is_ok(), good, "{session:?}");
        }
        let panes = vec!["a".into(), "b".into(), "a".into()];
        assert!(check_session(&Session { panes, ..Session::default() }).is_err());
    }
}
