//! The path watcher against a real file system.

mod chance;
mod inside;

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::*;

/// Far longer than an event takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);

struct Scratch {
    dir: TempDir,
    hub: PathHub,
    /// How often it has settled.
    settled: Cell<usize>,
}

impl Scratch {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            hub: PathHub::new(),
            settled: Cell::new(0),
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    async fn watch(&self, path: &str) -> PathWatch {
        self.hub.watch(self.path(path), false).await.unwrap()
    }

    async fn watch_tree(&self, path: &str) -> PathWatch {
        self.hub.watch(self.path(path), true).await.unwrap()
    }

    fn write(&self, path: &str) {
        fs::write(self.path(path), "x").unwrap();
    }

    fn mkdir(&self, path: &str) {
        fs::create_dir_all(self.path(path)).unwrap();
    }

    /// Returns once all events so far were handled: those of one instance come in order.
    async fn settle(&self) {
        // Not the name of before, the removal of which may still be told.
        let number = self.settled.get();
        self.settled.set(number + 1);
        let name = self.path(&format!("settled{number}"));
        let mut settled = self.hub.watch(&name, false).await.unwrap();
        fs::write(&name, "").unwrap();
        changes(&mut settled).await;
        drop(settled);
        fs::remove_file(&name).unwrap();
    }

    fn watches(&self) -> usize {
        self.counts().1
    }

    fn nodes(&self) -> usize {
        self.counts().0
    }

    fn counts(&self) -> (usize, usize) {
        let (counts, answer) = std::sync::mpsc::channel();
        let worker = self.hub.worker().unwrap();
        worker.inbox().ask(Request::Count(counts));
        answer.recv().unwrap()
    }
}

async fn changes(watch: &mut PathWatch) {
    timeout(PATIENCE, watch.changed())
        .await
        .expect("an event arrives")
        .unwrap();
}

/// Takes the pending event, if there is one.
fn pending(watch: &mut PathWatch) -> bool {
    futures::FutureExt::now_or_never(watch.changed()).is_some()
}

async fn forget(scratch: &Scratch, watch: &mut PathWatch) {
    scratch.settle().await;
    pending(watch);
}

#[tokio::test]
async fn a_file_comes_changes_and_goes() {
    let scratch = Scratch::new();
    let mut watch = scratch.watch("a").await;
    scratch.write("a");
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    fs::write(scratch.path("a"), "y").unwrap();
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    fs::set_permissions(
        scratch.path("a"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .unwrap();
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    fs::remove_file(scratch.path("a")).unwrap();
    changes(&mut watch).await;
}

#[tokio::test]
async fn siblings_and_reads_are_no_events() {
    let scratch = Scratch::new();
    scratch.write("a");
    let mut watch = scratch.watch("a").await;
    scratch.write("b");
    fs::read(scratch.path("a")).unwrap();
    scratch.settle().await;
    assert!(!pending(&mut watch));
}

#[tokio::test]
async fn a_burst_is_one_event() {
    let scratch = Scratch::new();
    let mut watch = scratch.watch("a").await;
    for _ in 0..10 {
        scratch.write("a");
    }
    scratch.settle().await;
    assert!(pending(&mut watch));
    assert!(!pending(&mut watch));
}

#[tokio::test]
async fn replacement_by_rename_is_seen() {
    let scratch = Scratch::new();
    scratch.write("a");
    let mut watch = scratch.watch("a").await;
    scratch.write("new");
    fs::rename(scratch.path("new"), scratch.path("a")).unwrap();
    changes(&mut watch).await;
    // The new file is watched, too.
    forget(&scratch, &mut watch).await;
    scratch.write("a");
    changes(&mut watch).await;
}

#[tokio::test]
async fn missing_directories_are_followed_as_they_come_and_go() {
    let scratch = Scratch::new();
    let mut watch = scratch.watch("x/y/z/file").await;
    for _ in 0..3 {
        scratch.mkdir("x/y/z");
        forget(&scratch, &mut watch).await;
        scratch.write("x/y/z/file");
        changes(&mut watch).await;
        forget(&scratch, &mut watch).await;
        fs::remove_dir_all(scratch.path("x")).unwrap();
        changes(&mut watch).await;
        forget(&scratch, &mut watch).await;
    }
}

#[tokio::test]
async fn nothing_is_lost_when_levels_come_fast() {
    let scratch = Scratch::new();
    for round in 0..50 {
        let mut watch = scratch.watch(&format!("{round}/b/c/file")).await;
        scratch.mkdir(&format!("{round}/b/c"));
        scratch.write(&format!("{round}/b/c/file"));
        scratch.settle().await;
        assert!(pending(&mut watch));
        // Whatever came in between, from now on the file itself is watched.
        scratch.write(&format!("{round}/b/c/file"));
        changes(&mut watch).await;
    }
}

#[tokio::test]
async fn a_moved_ancestor_is_noticed_and_released() {
    let scratch = Scratch::new();
    scratch.mkdir("a/b/c");
    scratch.write("a/b/c/file");
    let mut watch = scratch.watch("a/b/c/file").await;
    let before = scratch.watches();
    fs::rename(scratch.path("a"), scratch.path("away")).unwrap();
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    assert_eq!(scratch.watches(), before - 3);
    scratch.write("away/b/c/file");
    scratch.settle().await;
    assert!(!pending(&mut watch));
    scratch.mkdir("a/b/c");
    scratch.write("a/b/c/file");
    changes(&mut watch).await;
}

#[tokio::test]
async fn a_directory_tells_of_its_entries() {
    let scratch = Scratch::new();
    scratch.mkdir("d/sub");
    let mut watch = scratch.watch("d/").await;
    scratch.write("d/a");
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    scratch.write("d/sub/deep");
    scratch.settle().await;
    assert!(!pending(&mut watch));
}

#[tokio::test]
async fn a_tree_tells_of_everything_below() {
    let scratch = Scratch::new();
    scratch.mkdir("t/old");
    let mut watch = scratch.watch_tree("t/").await;
    scratch.write("t/old/a");
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    // Made in one go, so that the inner ones exist before the outer one is watched.
    scratch.mkdir("t/new/one/two");
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    scratch.write("t/new/one/two/file");
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    fs::remove_dir_all(scratch.path("t/new")).unwrap();
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    let remaining = scratch.nodes();
    drop(watch);
    assert!(scratch.nodes() < remaining);
}

#[tokio::test]
async fn links_are_watched_at_both_ends() {
    let scratch = Scratch::new();
    scratch.mkdir("real");
    scratch.write("real/file");
    symlink("real/file", scratch.path("link")).unwrap();
    let mut watch = scratch.watch("link").await;
    scratch.write("real/file");
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    scratch.write("other");
    symlink("other", scratch.path("new")).unwrap();
    fs::rename(scratch.path("new"), scratch.path("link")).unwrap();
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    scratch.write("real/file");
    scratch.settle().await;
    assert!(!pending(&mut watch));
    scratch.write("other");
    changes(&mut watch).await;
}

#[tokio::test]
async fn a_link_to_a_directory_on_the_way_is_followed() {
    let scratch = Scratch::new();
    scratch.mkdir("real");
    symlink("real", scratch.path("link")).unwrap();
    let mut watch = scratch.watch("link/file").await;
    scratch.write("real/file");
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    fs::rename(scratch.path("real"), scratch.path("gone")).unwrap();
    changes(&mut watch).await;
    forget(&scratch, &mut watch).await;
    scratch.mkdir("real");
    scratch.write("real/file");
    changes(&mut watch).await;
}

#[tokio::test]
async fn dangling_and_circular_links_rest() {
    let scratch = Scratch::new();
    symlink("missing/file", scratch.path("link")).unwrap();
    symlink("two", scratch.path("one")).unwrap();
    symlink("one", scratch.path("two")).unwrap();
    let mut watch = scratch.watch("link").await;
    let mut circle = scratch.watch("one/below").await;
    scratch.mkdir("missing");
    scratch.write("missing/file");
    changes(&mut watch).await;
    scratch.settle().await;
    assert!(!pending(&mut circle));
    fs::remove_file(scratch.path("two")).unwrap();
    scratch.mkdir("two");
    scratch.write("two/below");
    changes(&mut circle).await;
}

#[tokio::test]
async fn a_link_to_itself_in_a_tree_is_not_followed() {
    let scratch = Scratch::new();
    scratch.mkdir("t");
    symlink(".", scratch.path("t/self")).unwrap();
    let _explicit = scratch.watch("t/self/file").await;
    let mut watch = scratch.watch_tree("t/").await;
    scratch.write("t/file");
    changes(&mut watch).await;
    assert!(scratch.nodes() < 20, "{}", scratch.nodes());
}

#[tokio::test]
async fn changes_through_another_hard_link_are_seen() {
    let scratch = Scratch::new();
    scratch.mkdir("elsewhere");
    scratch.write("a");
    fs::hard_link(scratch.path("a"), scratch.path("elsewhere/b")).unwrap();
    let mut watch = scratch.watch("a").await;
    scratch.write("elsewhere/b");
    changes(&mut watch).await;
}

#[tokio::test]
async fn many_files_of_a_directory_cost_one_watch() {
    let scratch = Scratch::new();
    let first = scratch.watch("0").await;
    let before = scratch.watches();
    let mut watches = Vec::new();
    for i in 1..10_000 {
        watches.push(scratch.watch(&i.to_string()).await);
    }
    assert_eq!(scratch.watches(), before);
    drop(watches);
    drop(first);
    assert_eq!(scratch.nodes(), 0);
    // Only the root, which is never given back.
    assert!(scratch.watches() <= 1);
}

#[tokio::test]
async fn a_relative_path_is_refused() {
    let error = PathHub::new().watch("a/b", false).await.unwrap_err();
    assert_eq!(error.to_string(), "can't watch `a/b`: the path is relative");
}

#[tokio::test]
async fn the_loss_of_the_directory_is_told_to_all() {
    let scratch = Scratch::new();
    scratch.mkdir("d");
    let mut a = scratch.watch("d/a").await;
    let mut b = scratch.watch("d/b").await;
    fs::remove_dir(scratch.path("d")).unwrap();
    changes(&mut a).await;
    changes(&mut b).await;
}

#[tokio::test]
async fn when_events_are_lost_everybody_looks_again() {
    let scratch = Scratch::new();
    scratch.mkdir("d");
    let mut a = scratch.watch("d/a").await;
    let mut b = scratch.watch("b").await;
    scratch.hub.worker().unwrap().inbox().lose_changes();
    changes(&mut a).await;
    changes(&mut b).await;
    // All is watched as before, and nobody is told twice.
    forget(&scratch, &mut a).await;
    assert!(!pending(&mut b));
    scratch.write("d/a");
    changes(&mut a).await;
}

#[test]
fn dots_are_resolved_behind_links() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("real/deep")).unwrap();
    symlink(root.join("real/deep"), root.join("link")).unwrap();
    let resolve = |path: &str| probe::absolute(&root, Path::new(path));
    assert_eq!(resolve("link/../x"), root.join("real/x"));
    assert_eq!(resolve("./a/./b"), root.join("a/b"));
    assert_eq!(resolve("/etc/../x"), Path::new("/x"));
}
