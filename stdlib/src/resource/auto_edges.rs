//! What a resource has to do with automatic edges (engine.md §4.1, resources-host.md §1.14).

use crate::paths;

/// Something on a machine that one resource provides and another may need.
///
/// Two subjects match if they are of the same class, at least one key is known on both sides, and no key
/// that both know differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    class: Class,
    keys: [Option<String>; 2],
}

/// What sort of thing a [`Subject`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Class {
    File,
    DropIn,
    PackagedFile,
    Package,
    Service,
    SessionService,
    Timer,
    SessionTimer,
    User,
    Group,
}

impl Subject {
    fn new(class: Class, name: impl Into<String>) -> Self {
        Self {
            class,
            keys: [Some(name.into()), None],
        }
    }

    /// An absolute path, however it is written; a trailing slash means a directory.
    pub fn file(path: impl Into<String>) -> Self {
        Self::new(Class::File, paths::clean_keeping_slash(&path.into()))
    }

    /// A file of a drop-in directory, by the directory's path with its slash.
    pub fn drop_in(directory: impl Into<String>) -> Self {
        Self::new(Class::DropIn, paths::clean_keeping_slash(&directory.into()))
    }

    /// A file as part of the package that ships it.
    pub fn packaged_file(path: impl Into<String>) -> Self {
        Self::new(
            Class::PackagedFile,
            paths::clean_keeping_slash(&path.into()),
        )
    }

    /// A package of the system.
    pub fn package(name: impl Into<String>) -> Self {
        Self::new(Class::Package, name)
    }

    /// A systemd service by its name without suffix; of the user's session, or of the system.
    pub fn service(name: impl Into<String>, session: bool) -> Self {
        let class = if session {
            Class::SessionService
        } else {
            Class::Service
        };
        Self::new(class, name)
    }

    /// Whatever starts this unit at given times; of the user's session, or of the system.
    pub fn timer(unit: impl Into<String>, session: bool) -> Self {
        let class = if session {
            Class::SessionTimer
        } else {
            Class::Timer
        };
        Self::new(class, unit)
    }

    /// An account, by what is known of it.
    pub fn user(name: Option<String>, uid: Option<u32>) -> Self {
        Self {
            class: Class::User,
            keys: [name, uid.map(|uid| uid.to_string())],
        }
    }

    /// An account by name or number, as the parameter `owner` of a file has it.
    pub fn owner(text: &str) -> Self {
        match text.parse() {
            Ok(uid) => Self::user(None, Some(uid)),
            Err(_) => Self::user(Some(text.to_owned()), None),
        }
    }

    /// A group of accounts by name or number, as the parameter `group` of a file has it.
    pub fn owning_group(text: &str) -> Self {
        match text.parse() {
            Ok(gid) => Self::group(None, Some(gid)),
            Err(_) => Self::group(Some(text.to_owned()), None),
        }
    }

    /// A group of accounts, by what is known of it.
    pub fn group(name: Option<String>, gid: Option<u32>) -> Self {
        Self {
            class: Class::Group,
            keys: [name, gid.map(|gid| gid.to_string())],
        }
    }

    /// Whether the two are the same thing.
    pub fn matches(&self, other: &Self) -> bool {
        let mut common = false;
        for (ours, theirs) in self.keys.iter().zip(&other.keys) {
            match (ours, theirs) {
                (Some(ours), Some(theirs)) if ours != theirs => return false,
                (Some(_), Some(_)) => common = true,
                _ => {}
            }
        }
        self.class == other.class && common
    }

    /// The keys that are known; who matches has at least one of them.
    pub fn keys(&self) -> impl Iterator<Item = (Class, usize, &str)> {
        self.keys
            .iter()
            .enumerate()
            .filter_map(|(at, key)| Some((self.class, at, key.as_deref()?)))
    }
}

/// What a resource provides, and what it wants to run before or after.
///
/// ```
/// use mgmt_stdlib::resource::{AutoEdges, Subject};
///
/// let path = "/etc/app/app.conf";
/// let edges = AutoEdges::default()
///     .provides(Subject::file(path))
///     .after_directory_of(path)
///     .after_each([Subject::user(Some("app".to_owned()), None)]);
/// # let _ = edges;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoEdges {
    /// What others can refer to it by.
    pub provides: Vec<Subject>,
    /// With whom it is to be ordered.
    pub wants: Vec<Want>,
}

/// With whom a resource is to be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// To run after each of these.
    AfterEach(Vec<Subject>),
    /// To run after all that match any of these.
    AfterAll(Vec<Subject>),
    /// To run after the first of these that is in the graph.
    AfterFirst(Vec<Subject>),
    /// To run after the nearest directory above this path that is in the graph.
    AfterDirectoryOf(String),
    /// To run before each of these.
    BeforeEach(Vec<Subject>),
    /// To run before these files, or else the nearest directories above them.
    BeforeFiles(Vec<String>),
}

impl AutoEdges {
    /// Others can refer to this resource by `subject`.
    #[must_use]
    pub fn provides(mut self, subject: Subject) -> Self {
        self.provides.push(subject);
        self
    }

    /// Whoever provides any of these runs before this resource.
    #[must_use]
    pub fn after_each(self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.list(subjects, Want::AfterEach)
    }

    /// All who provide any of these run before this resource.
    #[must_use]
    pub fn after_all(self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.list(subjects, Want::AfterAll)
    }

    /// Whoever provides the first of these that is provided at all runs before this resource.
    #[must_use]
    pub fn after_first(self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.list(subjects, Want::AfterFirst)
    }

    /// The nearest directory above `path` that a resource provides runs before this resource.
    #[must_use]
    pub fn after_directory_of(mut self, path: impl Into<String>) -> Self {
        let path = paths::clean_keeping_slash(&path.into());
        self.wants.push(Want::AfterDirectoryOf(path));
        self
    }

    /// This resource runs before whoever provides any of these.
    #[must_use]
    pub fn before_each(self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.list(subjects, Want::BeforeEach)
    }

    /// This resource runs before whoever provides any of these files and directories and, for those that
    /// nobody provides, before whoever provides the nearest directory above (resources-host.md §5.8).
    #[must_use]
    pub fn before_files(mut self, paths: impl IntoIterator<Item = String>) -> Self {
        self.wants
            .push(Want::BeforeFiles(paths.into_iter().collect()));
        self
    }

    fn list(
        mut self,
        subjects: impl IntoIterator<Item = Subject>,
        want: impl FnOnce(Vec<Subject>) -> Want,
    ) -> Self {
        let subjects: Vec<_> = subjects.into_iter().collect();
        if !subjects.is_empty() {
            self.wants.push(want(subjects));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_common_is_needed_and_none_may_differ() {
        let user = |name: Option<&str>, uid| Subject::user(name.map(str::to_owned), uid);
        assert!(user(Some("a"), None).matches(&user(Some("a"), Some(1))));
        assert!(user(None, Some(1)).matches(&user(Some("a"), Some(1))));
        assert!(!user(None, Some(1)).matches(&user(Some("a"), None)));
        assert!(!user(Some("a"), Some(2)).matches(&user(Some("a"), Some(1))));
        assert!(!user(Some("a"), None).matches(&Subject::group(Some("a".to_owned()), None)));
        assert!(!Subject::service("a", true).matches(&Subject::service("a", false)));
        assert!(!Subject::file("/a").matches(&Subject::file("/a/")));
        assert!(Subject::file("/a//b/./").matches(&Subject::file("/a/b/")));
    }
}
