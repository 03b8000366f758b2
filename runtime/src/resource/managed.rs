//! What the resources of the running graph want to be there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use mgmt_stdlib::paths;

/// The absolute paths that the resources of the running graph manage and want to be there. Whoever commits a
/// graph keeps them true; a trailing slash means a directory. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct ManagedPaths(Arc<RwLock<Arc<Managed>>>);

/// The managed paths at one instant.
#[derive(Clone, Debug, Default)]
pub struct Managed {
    /// Without dots and double slashes; each with the number of resources that manage it.
    by_path: BTreeMap<String, usize>,
}

impl ManagedPaths {
    /// The paths of resources that leave the graph, and of those that come. It costs what they are.
    pub fn exchange(
        &self,
        gone: impl IntoIterator<Item = String>,
        come: impl IntoIterator<Item = String>,
    ) {
        let mut present = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let managed = Arc::make_mut(&mut present);
        for path in come {
            *managed
                .by_path
                .entry(paths::clean_keeping_slash(&path))
                .or_default() += 1;
        }
        for path in gone {
            let path = paths::clean_keeping_slash(&path);
            if let Some(count) = managed.by_path.get_mut(&path) {
                *count -= 1;
                if *count == 0 {
                    managed.by_path.remove(&path);
                }
            }
        }
    }

    /// The paths as they are now.
    pub fn snapshot(&self) -> Arc<Managed> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Managed {
    /// Whether somebody manages this directory.
    pub fn has_directory(&self, path: &Path) -> bool {
        self.by_path.contains_key(&with_slash(path))
    }

    /// All that is managed.
    pub fn all(&self) -> impl Iterator<Item = &Path> {
        self.by_path.keys().map(Path::new)
    }

    /// What is managed at or below a directory, the directory itself included if it is managed as such.
    pub fn below(&self, directory: &Path) -> impl Iterator<Item = &Path> {
        let start = with_slash(directory);
        self.by_path
            .range(start.clone()..)
            .map(|(path, _)| path)
            .take_while(move |path| path.starts_with(&start))
            .map(Path::new)
    }
}

fn with_slash(directory: &Path) -> String {
    let mut text = directory.display().to_string();
    if !text.ends_with('/') {
        text.push('/');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_managed_as_long_as_one_resource_does() {
        let paths = ManagedPaths::default();
        let path = || ["/a//b".to_owned()];
        paths.exchange([], path());
        paths.exchange(
            [],
            ["/a/./b".to_owned(), "/ab".to_owned(), "/a/".to_owned()],
        );
        let below = || -> Vec<String> {
            let managed = paths.snapshot();
            let below = managed.below(Path::new("/a"));
            below.map(|path| path.display().to_string()).collect()
        };
        assert_eq!(below(), ["/a/", "/a/b"]);
        assert!(paths.snapshot().has_directory(Path::new("/a")));
        assert!(!paths.snapshot().has_directory(Path::new("/ab")));
        paths.exchange(path(), []);
        assert_eq!(below(), ["/a/", "/a/b"]);
        paths.exchange(path(), ["/a/c".to_owned()]);
        assert_eq!(below(), ["/a/", "/a/c"]);
        paths.exchange(["/never/there".to_owned()], []);
        assert_eq!(paths.snapshot().below(Path::new("/")).count(), 3);
    }
}
