//! The page that `serve` gives to browsers: its files are in this program, or on the disk while somebody works on
//! them.

use std::path::PathBuf;

use orchflow::ListenerOptions;

/// The files of the page, by their paths.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

/// A directory that is looked into before [`FILES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageDirectory {
    /// What the paths of its files begin with.
    pub(crate) prefix: String,
    pub(crate) directory: PathBuf,
}

/// Adds the page to a listener.
pub(crate) fn with_page(
    listen: ListenerOptions,
    directories: &[PageDirectory],
) -> std::io::Result<ListenerOptions> {
    let listen =
        FILES.iter().fold(listen, |listen, (path, bytes)| listen.resource(*path, "", *bytes));
    directories.iter().try_fold(listen, |listen, PageDirectory { prefix, directory }| {
        Ok(listen.resource_directory(prefix, std::path::absolute(directory)?))
    })
}
