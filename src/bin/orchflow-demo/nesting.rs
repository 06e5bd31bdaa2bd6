//! The servers that the demo runs inside, so that `attach` does not show a terminal in itself.
//!
//! The variable lists the servers by the epochs of their states, the innermost first. `serve`
//! prepends its own to those it has inherited, so that an attachment through another server is
//! detected as well.

use std::ffi::OsStr;

pub(crate) const VARIABLE: &str = "ORCHFLOW";

/// The maximum number of servers in the variable; the outermost are dropped.
const DEPTH_MAX: usize = 16;

/// The value of the variable for programs of the server with this epoch.
pub(crate) fn value(epoch: u64) -> String {
    joined(epoch, std::env::var_os(VARIABLE).as_deref())
}

/// Whether the demo runs in a terminal of the server with this epoch.
pub(crate) fn is_inside(epoch: u64) -> bool {
    epochs(std::env::var_os(VARIABLE).as_deref()).any(|known| known == epoch)
}

fn joined(epoch: u64, inherited: Option<&OsStr>) -> String {
    let all = std::iter::once(epoch).chain(epochs(inherited)).take(DEPTH_MAX);
    all.map(|epoch| epoch.to_string()).collect::<Vec<_>>().join(",")
}

fn epochs(value: Option<&OsStr>) -> impl Iterator<Item = u64> {
    let text = value.and_then(OsStr::to_str).unwrap_or_default();
    text.split(',').filter_map(|epoch| epoch.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_listed_from_the_inside() {
        for (inherited, expected) in
            [(None, "7"), (Some(""), "7"), (Some("8,9"), "7,8,9"), (Some("x,9,"), "7,9")]
        {
            assert_eq!(joined(7, inherited.map(OsStr::new)), expected, "{inherited:?}");
        }
        let long = "1,".repeat(100);
        assert_eq!(epochs(Some(joined(7, Some(long.as_ref())).as_ref())).count(), DEPTH_MAX);
    }
}
