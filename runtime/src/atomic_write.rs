//! Writes files so that nobody ever sees half of one (resources-host.md §1.11).
//!
//! [`Staged::write`] puts the new content into a temporary file beside the target, with its final owner and mode;
//! [`AtomicWriter::commit`] makes it durable and renames it over the target. What is promised once
//! `commit` has returned: whatever happens to the machine, the path holds the new content. Before
//! that, and if it fails, the path holds the old content, or nothing if there was none.
//!
//! Making a file durable takes a commit of the file system's journal, whose cost hardly depends on how many
//! files are in it. So the commits of all files that are ready at the same time are done together: writing
//! them out is started for all before the first is waited for, each directory is synced once. A
//! thousand new files cost a few commits of the journal rather than two thousand.
//!
//! Some files can not be replaced and are overwritten in place: those with several hard links, mount points
//! (such as `/etc/hosts` in a container), those in `/proc` and `/sys`, and those whose directory can not be
//! written to or whose owner could not be kept.

mod group;
mod staged;

pub use group::AtomicWriter;
pub(crate) use group::commit_all;
pub use staged::{Attributes, Slot, Staged, is_own_temporary, temporary_name};
