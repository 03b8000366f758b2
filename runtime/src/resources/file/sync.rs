//! Makes one directory tree like another (resources-host.md §2.5.4, §2.5.5): first a plan that only looks,
//! then its execution.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, FileType, Metadata};
use std::path::{Path, PathBuf};

use mgmt_stdlib::paths;
use tokio_util::sync::CancellationToken;

use super::content::{Origin, copied_mode};
use super::directory::make_directory;
use super::link::{place_link, read_link};
use super::mounts;
use super::work::found;
use crate::atomic_write::{AtomicWriter, Attributes, Slot, Staged, is_own_temporary};
use crate::removal::{remove_one, remove_tree};
use crate::resource::{Managed, ResourceError};

/// How many files are committed together.
const GROUP: usize = 64;

/// What is to be made like what.
pub(super) struct Sync<'a> {
    /// Nothing stands for an empty directory.
    pub(super) source: Option<&'a Path>,
    pub(super) destination: &'a Path,
    /// Permits replacing an object by one of another type.
    pub(super) force: bool,
    /// Removes what the source does not have.
    pub(super) purge: bool,
    pub(super) spared: Spared,
    pub(super) writer: &'a AtomicWriter,
    pub(super) cancel: &'a CancellationToken,
}

/// One step. Paths are relative to both trees.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Removes whatever is there.
    Remove(PathBuf),
    MakeDirectory(PathBuf),
    CopyFile(PathBuf),
    PlaceLink {
        path: PathBuf,
        text: PathBuf,
    },
}

/// What a purge leaves alone.
#[derive(Default)]
pub(super) struct Spared(BTreeSet<PathBuf>);

impl Spared {
    /// What others manage and what is mounted, without the directory itself.
    ///
    /// # Errors
    /// If it can not be told what is mounted.
    pub(super) fn new(managed: &Managed, directory: &Path) -> Result<Self, ResourceError> {
        // What is managed is known without dots and double slashes, and perhaps without the links on the way here.
        let cleaned = PathBuf::from(paths::clean(&directory.to_string_lossy()));
        let real = fs::canonicalize(directory);
        let real = real.map_err(ResourceError::path("examine", directory))?;
        let mut spared: BTreeSet<PathBuf> = mounts::below(directory)?.into_iter().collect();
        for name in [cleaned, real] {
            spared.extend(managed.below(&name).filter_map(|path| {
                let below = path.strip_prefix(&name).ok()?;
                (below != Path::new("")).then(|| directory.join(below))
            }));
        }
        Ok(Self(spared))
    }

    /// Adds what is managed by other names, which have links on the way. That takes a look at all that is managed.
    ///
    /// # Errors
    /// If there is no directory.
    pub(super) fn look_behind_links(
        &mut self,
        managed: &Managed,
        directory: &Path,
    ) -> Result<(), ResourceError> {
        let real = fs::canonicalize(directory);
        let real = real.map_err(ResourceError::path("examine", directory))?;
        self.0.extend(managed.all().filter_map(|path| {
            let above = fs::canonicalize(path.parent()?).ok()?;
            let below = above.strip_prefix(&real).ok()?;
            Some(directory.join(below).join(path.file_name()?))
        }));
        Ok(())
    }

    fn contains(&self, path: &Path) -> bool {
        self.0.contains(path)
    }

    /// Whether something below the path is spared.
    fn reaches_below(&self, path: &Path) -> bool {
        self.0
            .range(path.to_owned()..)
            .find(|spared| *spared != path)
            .is_some_and(|spared| spared.starts_with(path))
    }
}

/// Entries of a directory by name, links not followed.
type Entries = BTreeMap<OsString, Metadata>;

/// Tells whether to go on.
type Take<'f> = dyn FnMut(Action) -> bool + 'f;

impl Sync<'_> {
    /// Everything there is to do, in order.
    pub(super) fn plan(&self) -> Result<Vec<Action>, ResourceError> {
        let mut actions = Vec::new();
        self.compare(Path::new(""), self.source.is_some(), true, &mut |action| {
            actions.push(action);
            true
        })?;
        Ok(actions)
    }

    /// An action in words.
    pub(super) fn describe(&self, action: &Action) -> String {
        let (verb, path) = match action {
            Action::Remove(path) => ("remove", path),
            Action::MakeDirectory(path) => ("create the directory", path),
            Action::CopyFile(path) => ("copy", path),
            Action::PlaceLink { path, .. } => ("link", path),
        };
        format!("{verb} `{}`", self.destination.join(path).display())
    }

    /// Compares one directory with all below; false if `take` had enough.
    fn compare(
        &self,
        below: &Path,
        in_source: bool,
        in_destination: bool,
        take: &mut Take<'_>,
    ) -> Result<bool, ResourceError> {
        let source = match self.source {
            Some(source) if in_source => list("list the source", &source.join(below))?,
            _ => Entries::new(),
        };
        let destination = if in_destination {
            list("list", &self.destination.join(below))?
        } else {
            Entries::new()
        };
        for (name, wanted) in &source {
            if self.cancel.is_cancelled() {
                return Err(ResourceError::Cancelled);
            }
            let path = below.join(name);
            if !self.compare_entry(path, wanted, destination.get(name), take)? {
                return Ok(false);
            }
        }
        if !self.purge {
            return Ok(true);
        }
        for (name, there) in &destination {
            if source.contains_key(name) || is_own_temporary(name.as_encoded_bytes()) {
                continue;
            }
            if !self.purge_entry(below.join(name), there, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn compare_entry(
        &self,
        path: PathBuf,
        wanted: &Metadata,
        there: Option<&Metadata>,
        take: &mut Take<'_>,
    ) -> Result<bool, ResourceError> {
        let kind = wanted.file_type();
        let same_kind = there.is_some_and(|there| there.file_type() == kind);
        if let Some(there) = there
            && !same_kind
        {
            self.permit_replacement(&path, there.file_type(), kind)?;
            // A link is renamed over what is there.
            let in_place = kind.is_symlink() && !there.is_dir();
            if !in_place && !take(Action::Remove(path.clone())) {
                return Ok(false);
            }
        }
        if kind.is_dir() {
            if !same_kind && !take(Action::MakeDirectory(path.clone())) {
                return Ok(false);
            }
            // Whoever nests the source more than the stack can bear must not bring down the agent.
            return stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                self.compare(&path, true, same_kind, take)
            });
        }
        let destination = self.destination.join(&path);
        if kind.is_symlink() {
            let text = read_link(&self.in_source(&path))?;
            if same_kind && read_link(&destination)? == text {
                return Ok(true);
            }
            return Ok(take(Action::PlaceLink { path, text }));
        }
        let origin = Origin::file(&self.in_source(&path))?;
        if let Some(there) = there
            && same_kind
            && origin.is_content_of(&destination, there, self.cancel)?
        {
            return Ok(true);
        }
        Ok(take(Action::CopyFile(path)))
    }

    fn permit_replacement(
        &self,
        path: &Path,
        there: FileType,
        wanted: FileType,
    ) -> Result<(), ResourceError> {
        let harmless = (there.is_symlink() || there.is_file()) && !wanted.is_dir();
        if self.force || harmless {
            return Ok(());
        }
        let (there, wanted) = (describe(there), describe(wanted));
        Err(ResourceError::message(format!(
            "`{}` is {there} and should be {wanted}: `force` permits replacing it",
            self.destination.join(path).display()
        )))
    }

    fn purge_entry(
        &self,
        path: PathBuf,
        there: &Metadata,
        take: &mut Take<'_>,
    ) -> Result<bool, ResourceError> {
        let absolute = self.destination.join(&path);
        if self.spared.contains(&absolute) {
            return Ok(true);
        }
        if absolute.is_dir() && self.spared.reaches_below(&absolute) {
            // A link on the way to what is managed stays, too; what is behind it is not ours.
            return if there.is_dir() {
                self.compare(&path, false, true, take)
            } else {
                Ok(true)
            };
        }
        Ok(take(Action::Remove(path)))
    }

    fn in_source(&self, path: &Path) -> PathBuf {
        self.source.unwrap_or(Path::new("/")).join(path)
    }

    /// Does what was planned. Replaced files become visible in groups.
    pub(super) fn carry_out(&self, plan: Vec<Action>) -> Result<(), ResourceError> {
        let mut copies = Vec::new();
        for action in plan {
            if self.cancel.is_cancelled() {
                return Err(ResourceError::Cancelled);
            }
            match action {
                Action::Remove(path) => self.remove(&path)?,
                Action::MakeDirectory(path) => self.make_directory(&path)?,
                Action::CopyFile(path) => copies.extend(self.copy(&path)?),
                Action::PlaceLink { path, text } => {
                    let path = self.destination.join(path);
                    place_link(self.writer, &text, &path)?;
                    tracing::info!("symlink `{}` -> `{}`", path.display(), text.display());
                }
            }
            if copies.len() == GROUP {
                self.commit(&mut copies)?;
            }
        }
        self.commit(&mut copies)
    }

    fn remove(&self, path: &Path) -> Result<(), ResourceError> {
        let path = self.destination.join(path);
        let there = found(&path, fs::symlink_metadata(&path))?;
        if there.is_some_and(|there| there.is_dir()) {
            remove_tree(&path, self.cancel)?;
        } else {
            remove_one(&path)?;
        }
        tracing::info!("removed `{}`", path.display());
        Ok(())
    }

    fn make_directory(&self, path: &Path) -> Result<(), ResourceError> {
        let source = self.in_source(path);
        let metadata = fs::metadata(&source).map_err(ResourceError::path("examine", &source))?;
        let path = self.destination.join(path);
        make_directory(&path, copied_mode(&metadata).resolve(0))?;
        tracing::info!("mkdir `{}`", path.display());
        Ok(())
    }

    /// Copies a file. One that replaces another is handed back, to be committed.
    fn copy(&self, path: &Path) -> Result<Option<Copy>, ResourceError> {
        let source = self.in_source(path);
        let origin = Origin::file(&source)?;
        let destination = self.destination.join(path);
        let mut attributes = Attributes::default();
        if let Origin::File(_, metadata) = &origin {
            attributes.mode = Some(copied_mode(metadata));
        }
        let mut copied = 0;
        let staged = Staged::write(Slot::unlimited(), &destination, &attributes, |file| {
            copied = origin.copy_to(file, &destination, self.cancel)?;
            Ok(())
        })?;
        let log = format!("copied `{}`, {copied} bytes", destination.display());
        let Some(staged) = self.writer.place(staged)? else {
            tracing::info!("{log}");
            return Ok(None);
        };
        Ok(Some(Copy { staged, log }))
    }

    fn commit(&self, copies: &mut Vec<Copy>) -> Result<(), ResourceError> {
        let (staged, logs): (Vec<_>, Vec<_>) =
            copies.drain(..).map(|copy| (copy.staged, copy.log)).unzip();
        let mut outcome = Ok(());
        for (result, log) in self.writer.commit_here(staged).into_iter().zip(logs) {
            match result {
                Ok(()) => tracing::info!("{log}"),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }
}

/// A copy that is not yet in its place.
struct Copy {
    staged: Staged,
    /// What is to be logged once it is.
    log: String,
}

/// A tree that can not be read is an error: taken for empty, it would empty the destination.
fn list(operation: &'static str, directory: &Path) -> Result<Entries, ResourceError> {
    let failed = || ResourceError::path(operation, directory);
    let mut entries = Entries::new();
    for entry in fs::read_dir(directory).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        // An entry may have gone since.
        if let Some(metadata) = found(&entry.path(), entry.metadata())? {
            entries.insert(entry.file_name(), metadata);
        }
    }
    Ok(entries)
}

fn describe(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a directory"
    } else if kind.is_file() {
        "a file"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        "a device, pipe or socket"
    }
}
