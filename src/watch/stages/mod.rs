//! What each stage of a watch keeps between two slices: its cursor, and what it knows. The methods that work on it
//! are those of [`Watch`](super::Watch), in the file of the same name above.

mod due_names;
mod git_lock;
mod polling;
mod reconcile;
mod renames;
mod resume;
mod roots;
mod rule_loading;
mod rule_sources;
mod scan;
mod subtree_removal;
mod sync_points;
mod tracked_names;
mod unlinked;
mod unreadable;

pub(super) use due_names::{Fate, Look, Round};
pub(super) use git_lock::GitLock;
pub(super) use polling::Polling;
pub(super) use reconcile::{Classified, Observed};
pub(super) use renames::{Obstacle, Renames};
pub(super) use resume::Resuming;
pub(super) use roots::{Backoff, Root, Roots, resolve};
pub(super) use rule_loading::{DirLoading, OuterLoading, OuterRules, Step};
pub(super) use rule_sources::{Source, SourceWatching, Sources};
pub(super) use scan::{Current, Lack, Scan};
pub(super) use subtree_removal::SubtreeRemoval;
pub(super) use sync_points::SyncPoint;
pub(super) use tracked_names::TrackedNames;
pub(super) use unlinked::Unlinked;
pub(super) use unreadable::Hindrances;
