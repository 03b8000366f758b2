//! What takes limits, or mounts, of its own.

use std::process::Command;

use super::*;
use crate::namespaces;

/// Runs an ignored test of this module by itself, where it may mount and has limits of its own.
fn in_own_namespaces(test: &str) {
    namespaces::run_test(
        &["--user", "--map-root-user", "--mount"],
        "",
        &format!("{}::{test}", module_path!()),
    );
}

#[test]
fn what_can_not_be_watched_is_looked_at() {
    in_own_namespaces("inside_with_few_watches");
    in_own_namespaces("inside_without_instances");
}

#[test]
fn a_tree_may_be_deeper_than_files_can_be_open() {
    let test = format!("{}::inside_with_few_open_files", module_path!());
    namespaces::run_test(&[], "ulimit -n 64", &test);
}

#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_with_few_open_files() {
    let scratch = Scratch::new();
    let deepest = vec!["d"; 200].join("/");
    scratch.mkdir(&deepest);
    let mut watch = scratch.watch_tree("d").await;
    fs::remove_dir(scratch.path(&deepest)).unwrap();
    changes(&mut watch).await;
    // What removes the directory holds them open.
    for depth in (1..200).rev() {
        fs::remove_dir(scratch.path(&vec!["d"; depth].join("/"))).unwrap();
    }
}

/// Sets a limit of this user namespace.
fn limit(name: &str, value: usize) {
    fs::write(format!("/proc/sys/user/{name}"), value.to_string()).unwrap();
}

/// Waits until that many are watched.
async fn watched(scratch: &Scratch, count: usize) {
    let enough = async {
        while scratch.watches() != count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, enough).await.expect("it is watched");
}

#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_with_few_watches() {
    let mut scratch = Scratch::new();
    scratch.hub = PathHub::looking_each(Duration::from_millis(10));
    scratch.mkdir("one");
    scratch.mkdir("two/deep");
    let mut first = scratch.watch("one/file").await;
    let available = scratch.watches();
    limit("max_inotify_watches", available);
    let mut second = scratch.watch("two/file").await;
    let mut tree = scratch.watch_tree("two/").await;
    assert_eq!(scratch.watches(), available);
    pending(&mut second);
    pending(&mut tree);
    scratch.write("two/file");
    changes(&mut second).await;
    scratch.write("two/deep/file");
    changes(&mut tree).await;
    // What is watched goes on.
    scratch.write("one/file");
    changes(&mut first).await;
    // Once there is room, everything is watched, and nobody is told without a reason.
    limit("max_inotify_watches", available + 10);
    watched(&scratch, available + 2).await;
    forget(&scratch, &mut second).await;
    scratch.settle().await;
    assert!(!pending(&mut second));
    scratch.write("two/file");
    changes(&mut second).await;
}

#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_without_instances() {
    limit("max_inotify_instances", 0);
    let mut scratch = Scratch::new();
    scratch.hub = PathHub::looking_each(Duration::from_millis(10));
    let mut watch = scratch.watch("d/file").await;
    scratch.mkdir("d");
    scratch.write("d/file");
    changes(&mut watch).await;
    assert_eq!(scratch.watches(), 0);
    limit("max_inotify_instances", 1);
    changes(&mut watch).await;
    scratch.settle().await;
    assert!(scratch.watches() > 0);
}

#[test]
fn mounting_is_noticed() {
    in_own_namespaces("inside_with_a_mount");
}

#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_with_a_mount() {
    let mount = |program: &str, arguments: &[&str], path: PathBuf| {
        let mut command = Command::new(program);
        assert!(
            command
                .args(arguments)
                .arg(path)
                .status()
                .unwrap()
                .success()
        );
    };
    let scratch = Scratch::new();
    scratch.mkdir("d");
    scratch.write("d/file");
    let mut watch = scratch.watch("d/file").await;
    for _ in 0..3 {
        mount("mount", &["-t", "tmpfs", "none"], scratch.path("d"));
        changes(&mut watch).await;
        forget(&scratch, &mut watch).await;
        scratch.write("d/file");
        changes(&mut watch).await;
        forget(&scratch, &mut watch).await;
        mount("umount", &[], scratch.path("d"));
        changes(&mut watch).await;
        forget(&scratch, &mut watch).await;
        scratch.write("d/file");
        changes(&mut watch).await;
        forget(&scratch, &mut watch).await;
    }
}
