//! Writes files so that nobody ever sees half of one (resources-host.md §1.11).
//!
//! [`Staged::write`] puts the new content into a file without a name, with its final owner and
//! mode. What is promised then depends on what was there:
//!
//! - A file that **replaces** another is made durable by [`AtomicWriter::commit`] before it is renamed over
//!   the target, and the directory after it. Whatever happens to the machine, the path holds the old
//!   content or the new one, and once `commit` has returned, the new one.
//! - A **new** file is renamed to its place at once by [`AtomicWriter::place`], and made durable in the
//!   background, which begins at once. The end of the agent loses nothing; the loss of power within that
//!   moment (or, if the agent ends meanwhile, within the seconds that the system takes to write) can leave
//!   the file missing or empty, which the next start of the agent repairs, since it compares the content. [`write_private`] makes new files durable, too.
//!
//! Making a file durable takes a commit of the file system's journal, whose cost depends on whoever else
//! writes to the disk, and hardly on how many files are in it. So all files that are ready at the same time
//! are made durable together: writing them out is started for all before the first is waited for, and each
//! directory is synced once. A thousand new files wait for no commit at all; a thousand replaced ones share a
//! few.
//!
//! Some files can not be replaced and are **overwritten in place**, when they are committed: those with several hard
//! links, mount points (such as `/etc/hosts` in a container), and those whose directory can not be written to or whose
//! owner could not be kept. An error leaves them with their former content, or tells where it is: the new content and a
//! copy of the former one are complete beside the file before it is touched, and the room for it is reserved, or, if the
//! file system can, its blocks are shared instead of copied. So it takes room for both for a moment, and a full disk is an error
//! before anything has changed. What can not be had is that nobody sees half of it: whoever reads the file
//! while it is overwritten may see both contents, and if the machine or the agent is killed at that instant, the file may hold
//! a part of each, until the agent, which compares the content, repairs it. Holes of a sparse
//! file are filled. Files in `/proc` and `/sys` are not files on a disk and are simply written to.

mod group;
mod in_place;
mod private;
mod staged;
mod temporary;

pub(crate) use group::commit_all;
pub use group::{AtomicWriter, Committing};
pub(crate) use private::stage_private;
pub use private::write_private;
pub use staged::{Attributes, Slot, Staged};
pub use temporary::{is_own_temporary, temporary_name};
