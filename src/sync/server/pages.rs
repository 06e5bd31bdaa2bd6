//! The pages of a listener: resources that the host gave, and directories that are looked into for each request.
//!
//! A resource is compressed once, when the listener is made, unless its type is compressed in itself; its bytes are shared
//! by all responses. A file is opened for each request and sent as it is read, so it may change while somebody works on
//! it; what is sent of one that was written to meanwhile is not whole. Neither is ever copied as a whole for a client.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use nix::sys::stat::FileStat;

use super::options::{ListenerOptions, Resource, ResourceDirectory};
use crate::error::{Error, ErrorKind, Result};
use crate::sync::access::files;
use crate::sync::websocket::http::Refusal;
use crate::sync::websocket::http::page::{
    PageHead, PageRequest, percent_decoded, without_parameters,
};

/// Bytes of a page that are queued at once.
pub(super) const PART_BYTES: usize = 64 << 10;
/// Bytes of the path of a resource.
const PATH_BYTES_MAX: usize = 1024;
/// Bytes of a media type.
const MEDIA_TYPE_BYTES_MAX: usize = 128;
/// What `/` is.
const INDEX: &[u8] = b"/index.html";

/// See the module's documentation.
pub(super) struct Pages {
    resources: BTreeMap<Vec<u8>, Page>,
    directories: Vec<ResourceDirectory>,
    /// Files of the directories that are larger are not served.
    file_bytes_max: u64,
    bytes: usize,
}

/// One resource.
struct Page {
    media_type: String,
    plain: Variant,
    /// Only if it is smaller.
    gzip: Option<Variant>,
}

struct Variant {
    bytes: Bytes,
    tag: String,
}

/// The answer to a request for a page.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) head: Vec<u8>,
    pub(super) body: Body,
}

/// What is still to be sent of a page.
#[derive(Debug)]
pub(super) enum Body {
    Shared(Bytes),
    /// A file, from where it is on, and how many bytes.
    File(File, u64),
}

impl Pages {
    /// `None` if there is nothing to serve. `bytes_max`: of the resources of all listeners, of which others have
    /// `bytes_used`; and of one file.
    pub(super) fn new(
        options: &ListenerOptions,
        bytes_used: usize,
        bytes_max: usize,
    ) -> Result<Option<Pages>> {
        let ListenerOptions { resources, resource_directories: directories, .. } = options;
        if resources.is_empty() && directories.is_empty() {
            return Ok(None);
        }
        // The last of a path replaces those before it.
        let resources: BTreeMap<&str, &Resource> =
            resources.iter().map(|resource| (resource.path.as_str(), resource)).collect();
        let bytes = resources.values().map(|resource| resource.bytes.len()).sum();
        if bytes > bytes_max.saturating_sub(bytes_used) {
            let text = format!("resource_bytes: {bytes} bytes beside {bytes_used} of others");
            return Err(Error::limit(format!("{text}, and at most {bytes_max} together")));
        }
        let mut pages = BTreeMap::new();
        for (path, resource) in resources {
            pages.insert(path.as_bytes().to_vec(), page(resource)?);
        }
        directories.iter().try_for_each(check_directory)?;
        let (directories, file_bytes_max) = (directories.to_vec(), bytes_max as u64);
        Ok(Some(Pages { resources: pages, directories, file_bytes_max, bytes }))
    }

    /// Bytes of all resources, as the host gave them.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that they take, with their compressed forms.
    pub(super) fn memory(&self) -> usize {
        let variants = |page: &Page| {
            page.plain.bytes.len() + page.gzip.as_ref().map_or(0, |gzip| gzip.bytes.len())
        };
        self.resources.values().map(variants).sum()
    }

    /// The answer to a request. Files come before resources, so that one can be worked on in place of the other.
    pub(super) fn respond(
        &self,
        path: &str,
        request: &PageRequest,
    ) -> std::result::Result<Response, Refusal> {
        let path = percent_decoded(path).ok_or(Refusal::bad("a malformed escape in the path"))?;
        let path = if path == b"/" { INDEX } else { &path };
        let file = self.directories.iter().find_map(|directory| self.open_in(directory, path));
        if let Some((file, stat)) = file {
            return Ok(respond_file(path, file, &stat, request));
        }
        let page = self.resources.get(path).ok_or(Refusal::new(404, "there is no such page"))?;
        Ok(page.respond(request))
    }

    /// The file that a path names in a directory, if it does.
    fn open_in(&self, directory: &ResourceDirectory, path: &[u8]) -> Option<(File, FileStat)> {
        let below = path.strip_prefix(directory.prefix.as_bytes())?;
        // The kernel would pass over empty names and single dots, and end at a NUL.
        let is_name = |name: &[u8]| !matches!(name, b"" | b"." | b"..") && !name.contains(&0);
        if !below.split(|byte| *byte == b'/').all(is_name) {
            return None;
        }
        files::open_beneath(&directory.directory, Path::new(OsStr::from_bytes(below)))
            .filter(|(_, stat)| stat.st_size as u64 <= self.file_bytes_max)
    }
}

impl Page {
    fn respond(&self, request: &PageRequest) -> Response {
        let gzip = self.gzip.as_ref().filter(|_| request.accepts_gzip);
        let variant = gzip.unwrap_or(&self.plain);
        let head = PageHead {
            media_type: &self.media_type,
            length: variant.bytes.len() as u64,
            is_gzip: gzip.is_some(),
            tag: &variant.tag,
            closes: request.closes,
        };
        respond(&head, Body::Shared(variant.bytes.clone()), request)
    }
}

fn respond(head: &PageHead<'_>, body: Body, request: &PageRequest) -> Response {
    let nothing = Body::Shared(Bytes::new());
    if request.knows(head.tag) {
        Response { head: head.not_modified(), body: nothing }
    } else if request.is_head {
        Response { head: head.found(), body: nothing }
    } else {
        Response { head: head.found(), body }
    }
}

/// The tag of a file changes with whatever the kernel notes of it. A change of its bytes sets the time of its last status
/// change (ctime), which, unlike that of its bytes, no program can set back.
fn respond_file(path: &[u8], file: File, stat: &FileStat, request: &PageRequest) -> Response {
    let FileStat { st_dev: device, st_ino: inode, st_ctime: seconds, st_ctime_nsec: ns, .. } = stat;
    let length = stat.st_size as u64;
    let tag = format!("\"{device:x}-{inode:x}-{length:x}-{seconds:x}-{ns:x}\"");
    let media_type = media_type_of(path);
    let head = PageHead { media_type, length, is_gzip: false, tag: &tag, closes: request.closes };
    respond(&head, Body::File(file, length), request)
}

impl Body {
    /// The bytes that are left.
    pub(super) fn left(&self) -> u64 {
        match self {
            Body::Shared(bytes) => bytes.len() as u64,
            Body::File(_, left) => *left,
        }
    }

    /// The next part; empty at the end. An error if a file has become shorter.
    pub(super) fn next_part(&mut self) -> io::Result<Bytes> {
        match self {
            Body::Shared(bytes) => Ok(bytes.split_to(bytes.len().min(PART_BYTES))),
            Body::File(file, left) => {
                let mut part = vec![0; (*left).min(PART_BYTES as u64) as usize];
                file.read_exact(&mut part)?;
                *left -= part.len() as u64;
                Ok(part.into())
            }
        }
    }
}

fn page(resource: &Resource) -> Result<Page> {
    let path = resource.path.as_bytes();
    if !path.starts_with(b"/") || path.len() > PATH_BYTES_MAX || path.contains(&0) {
        let text = format!(
            "resource {:?}: a path begins with a slash and has at most {PATH_BYTES_MAX} bytes",
            resource.path
        );
        return Err(Error::invalid(text));
    }
    let media_type = match resource.media_type.as_str() {
        "" => media_type_of(path),
        given => given,
    };
    let is_text = media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_text || !media_type.contains('/') || media_type.len() > MEDIA_TYPE_BYTES_MAX {
        let text = format!("resource {:?}: {media_type:?} is no media type", resource.path);
        return Err(Error::invalid(text));
    }
    let bytes = resource.bytes.clone();
    let tag = tag_of(&bytes);
    let gzip = if is_compressed(media_type) { None } else { gzip(&bytes, &tag)? };
    let plain = Variant { bytes, tag: format!("\"{tag}\"") };
    Ok(Page { media_type: media_type.to_owned(), plain, gzip })
}

/// What distinguishes bytes from others that were served under the same path.
fn tag_of(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{:x}-{:016x}", bytes.len(), hasher.finish())
}

/// These bytes compressed, if that makes them smaller.
fn gzip(bytes: &[u8], tag: &str) -> Result<Option<Variant>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let gzip = encoder.write_all(bytes).and_then(|()| encoder.finish());
    let gzip = gzip.map_err(|e| Error::new(ErrorKind::System, format!("gzip: {e}")))?;
    let is_smaller = gzip.len() < bytes.len();
    Ok(is_smaller.then(|| Variant { bytes: gzip.into(), tag: format!("\"{tag}-gzip\"") }))
}

/// Whether what is of this type is compressed in itself, so that gzip only costs time.
fn is_compressed(media_type: &str) -> bool {
    let (kind, name) = without_parameters(media_type).split_once('/').unwrap_or_default();
    match kind {
        "audio" | "video" => true,
        "image" => matches!(name, "png" | "apng" | "jpeg" | "gif" | "webp" | "avif"),
        "font" => matches!(name, "woff" | "woff2"),
        "application" => matches!(name, "gzip" | "zip" | "zstd"),
        _ => false,
    }
}

fn check_directory(given: &ResourceDirectory) -> Result<()> {
    let ResourceDirectory { prefix, directory } = given;
    if !prefix.starts_with('/') || !prefix.ends_with('/') || prefix.len() > PATH_BYTES_MAX {
        let text = format!("resource directory: the prefix {prefix:?} is no path between slashes");
        return Err(Error::invalid(text));
    }
    let name = directory.display();
    if !directory.is_absolute() {
        return Err(Error::invalid(format!("resource directory {name}: not an absolute path")));
    }
    match std::fs::metadata(directory) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Error::new(ErrorKind::NotADirectory, format!("{name}: not a directory"))),
        Err(e) => {
            let kind = match e.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                _ => ErrorKind::System,
            };
            Err(Error::new(kind, format!("resource directory {name}: {e}")))
        }
    }
}

/// The media type that the end of a path stands for.
fn media_type_of(path: &[u8]) -> &'static str {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let end = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_lowercase();
    match end.as_slice() {
        b"html" | b"htm" => "text/html; charset=utf-8",
        b"js" | b"mjs" => "text/javascript; charset=utf-8",
        b"css" => "text/css; charset=utf-8",
        b"txt" | b"md" => "text/plain; charset=utf-8",
        b"json" | b"map" => "application/json",
        b"webmanifest" => "application/manifest+json",
        b"wasm" => "application/wasm",
        b"svg" => "image/svg+xml",
        b"png" => "image/png",
        b"jpg" | b"jpeg" => "image/jpeg",
        b"gif" => "image/gif",
        b"webp" => "image/webp",
        b"avif" => "image/avif",
        b"ico" => "image/x-icon",
        b"woff2" => "font/woff2",
        b"woff" => "font/woff",
        b"ttf" => "font/ttf",
        _ => "application/octet-stream",
    }
}
