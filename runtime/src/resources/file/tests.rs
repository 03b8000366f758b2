//! `file` against a real file system.

use std::fs::{self, Permissions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use mgmt_stdlib::mode::MODE_BITS;
use mgmt_stdlib::value::Str;

use super::*;
use crate::namespaces;
use crate::resource::harness::{Scratch, Subject};
use crate::resource::{Change, Changes, Excerpt};

fn exists() -> declared::File {
    declared::File {
        state: "exists".to_owned(),
        ..declared::File::default()
    }
}

fn absent() -> declared::File {
    declared::File {
        state: "absent".to_owned(),
        ..declared::File::default()
    }
}

fn content(text: &str) -> declared::File {
    declared::File {
        content: Some(Str::from(text)),
        ..exists()
    }
}

fn copy_of(source: &str) -> declared::File {
    declared::File {
        source: source.to_owned(),
        recurse: source.ends_with('/'),
        ..exists()
    }
}

fn file(scratch: &Scratch, path: &str, params: declared::File) -> Subject<File> {
    scratch.resource(&scratch.text(path), params)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & MODE_BITS
}

/// Makes files from `path` to content; a path with a trailing slash is a directory.
fn tree(scratch: &Scratch, entries: &[(&str, &str)]) {
    for (path, content) in entries {
        let target = scratch.path(path);
        if path.ends_with('/') {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, content).unwrap();
        }
    }
}

async fn message(file: &Subject<File>) -> String {
    let noop = file.noop().await.unwrap_err().to_string();
    let apply = file.apply().await.unwrap_err().to_string();
    assert_eq!(noop, apply);
    apply
}

#[tokio::test]
async fn content_is_written_and_repaired() {
    let scratch = Scratch::new();
    let file = file(&scratch, "a", content("hello\n"));
    file.converges().await;
    assert_eq!(read(&scratch.path("a")), "hello\n");
    for wrong in ["", "hello!", "hallo\n", "hello\nhello\n"] {
        fs::write(scratch.path("a"), wrong).unwrap();
        file.converges().await;
        assert_eq!(read(&scratch.path("a")), "hello\n");
    }
}

#[tokio::test]
async fn content_longer_than_a_block_is_compared_to_the_end() {
    let scratch = Scratch::new();
    let long = "x".repeat(200_000);
    let file = file(&scratch, "a", content(&long));
    file.converges().await;
    let mut wrong = long.clone().into_bytes();
    wrong[199_999] = b'y';
    fs::write(scratch.path("a"), wrong).unwrap();
    file.converges().await;
    assert_eq!(read(&scratch.path("a")), long);
}

#[tokio::test]
async fn an_empty_file_is_made() {
    let scratch = Scratch::new();
    let file = file(&scratch, "a", exists());
    file.converges().await;
    assert_eq!(read(&scratch.path("a")), "");
    fs::write(scratch.path("a"), "kept").unwrap();
    file.is_settled().await;
}

#[tokio::test]
async fn a_file_without_state_is_not_made() {
    let scratch = Scratch::new();
    let params = declared::File {
        state: String::new(),
        ..content("x")
    };
    let file = file(&scratch, "a", params);
    assert!(message(&file).await.contains("does not exist"));
    fs::write(scratch.path("a"), "").unwrap();
    file.converges().await;
}

#[tokio::test]
async fn a_mode_is_given_before_anybody_sees_the_file() {
    let scratch = Scratch::new();
    let params = declared::File {
        mode: "u=rw,go=".to_owned(),
        ..content("secret")
    };
    let file = file(&scratch, "a", params);
    file.converges().await;
    assert_eq!(mode(&scratch.path("a")), 0o600);
    fs::set_permissions(scratch.path("a"), fs::Permissions::from_mode(0o644)).unwrap();
    file.converges().await;
    assert_eq!(mode(&scratch.path("a")), 0o600);
}

#[tokio::test]
async fn octal_modes_settle_on_directories() {
    let scratch = Scratch::new();
    let params = declared::File {
        mode: "2750".to_owned(),
        ..exists()
    };
    file(&scratch, "d/", params).converges().await;
    assert_eq!(mode(&scratch.path("d")), 0o2750);
}

#[tokio::test]
async fn owners_are_looked_up_and_unknown_ones_are_an_error() {
    let scratch = Scratch::new();
    let owned_by = |owner: &str| declared::File {
        owner: owner.to_owned(),
        ..content("x")
    };
    let own = nix::unistd::getuid().to_string();
    file(&scratch, "a", owned_by(&own)).converges().await;
    let unknown = file(&scratch, "a", owned_by("no-such-user"));
    assert_eq!(message(&unknown).await, "there is no user `no-such-user`");
    if nix::unistd::getuid().is_root() {
        file(&scratch, "a", owned_by("4321")).converges().await;
        assert_eq!(fs::metadata(scratch.path("a")).unwrap().uid(), 4321);
    }
}

#[tokio::test]
async fn noop_tells_that_a_missing_file_with_an_owner_would_change() {
    let scratch = Scratch::new();
    let params = declared::File {
        owner: "0".to_owned(),
        mode: "0644".to_owned(),
        ..exists()
    };
    for path in ["a", "d/"] {
        let file = file(&scratch, path, params.clone());
        assert_eq!(file.noop().await.unwrap(), Outcome::Changed);
    }
}

#[tokio::test]
async fn absence_is_brought_about() {
    let scratch = Scratch::new();
    tree(&scratch, &[("a", "x"), ("d/below", "x")]);
    symlink("nowhere", scratch.path("dangling")).unwrap();
    file(&scratch, "a", absent()).converges().await;
    file(&scratch, "dangling", absent()).converges().await;
    assert!(fs::symlink_metadata(scratch.path("dangling")).is_err());
    let directory = file(&scratch, "d/", absent());
    let error = directory.apply().await.unwrap_err().to_string();
    let hint = "is not empty: `recurse` permits removing what is in it";
    assert!(error.ends_with(hint), "{error}");
    let recursive = declared::File {
        recurse: true,
        ..absent()
    };
    file(&scratch, "d/", recursive).converges().await;
    assert!(!scratch.path("d").exists());
}

#[tokio::test]
async fn absence_ignores_owner_and_mode() {
    let scratch = Scratch::new();
    tree(&scratch, &[("a", "x")]);
    let params = declared::File {
        owner: "0".to_owned(),
        mode: "0644".to_owned(),
        ..absent()
    };
    file(&scratch, "a", params).converges().await;
}

#[tokio::test]
async fn the_root_is_never_removed() {
    let scratch = Scratch::new();
    let params = declared::File {
        recurse: true,
        force: true,
        ..absent()
    };
    let root: Subject<File> = scratch.resource("/", params);
    assert!(message(&root).await.contains("never removed"));
}

#[tokio::test]
async fn a_directory_gives_way_to_a_file_only_by_force() {
    for params in [content("x"), exists()] {
        let scratch = Scratch::new();
        tree(&scratch, &[("a/below", "x")]);
        let polite = file(&scratch, "a", params.clone());
        assert!(message(&polite).await.contains("`force` permits"));
        let forced = declared::File {
            force: true,
            ..params
        };
        file(&scratch, "a", forced).converges().await;
        assert!(scratch.path("a").is_file());
    }
}

#[tokio::test]
async fn a_file_gives_way_to_a_directory_only_by_force() {
    let scratch = Scratch::new();
    tree(&scratch, &[("d", "x")]);
    let polite = file(&scratch, "d/", exists());
    assert!(message(&polite).await.contains("`force` permits"));
    let forced = declared::File {
        force: true,
        ..exists()
    };
    file(&scratch, "d/", forced).converges().await;
    assert!(scratch.path("d").is_dir());
}

#[tokio::test]
async fn directories_are_made_with_their_parents_only_if_recursive() {
    let scratch = Scratch::new();
    let shallow = file(&scratch, "p/q/d/", exists());
    assert!(shallow.apply().await.is_err());
    let params = declared::File {
        recurse: true,
        mode: "u=rwx,go=".to_owned(),
        ..exists()
    };
    file(&scratch, "p/q/d/", params).converges().await;
    assert_eq!(mode(&scratch.path("p/q/d")), 0o700);
}

#[tokio::test]
async fn links_are_made_replaced_and_removed() {
    let scratch = Scratch::new();
    let link_to = |text: &str| declared::File {
        symlink: true,
        mode: "0600".to_owned(),
        ..copy_of(text)
    };
    file(&scratch, "l", link_to("missing/target"))
        .converges()
        .await;
    file(&scratch, "l", link_to("/etc/passwd"))
        .converges()
        .await;
    assert_eq!(
        fs::read_link(scratch.path("l")).unwrap(),
        Path::new("/etc/passwd")
    );
    tree(&scratch, &[("plain", "x")]);
    let polite = file(&scratch, "plain", link_to("x"));
    assert!(message(&polite).await.contains("`force` permits"));
    let forced = declared::File {
        force: true,
        ..link_to("x")
    };
    file(&scratch, "plain", forced).converges().await;
    let gone = declared::File {
        symlink: true,
        ..absent()
    };
    file(&scratch, "l", gone).converges().await;
}

#[tokio::test]
async fn a_source_file_is_copied_with_its_mode() {
    let scratch = Scratch::new();
    tree(&scratch, &[("source", "hello")]);
    fs::set_permissions(scratch.path("source"), fs::Permissions::from_mode(0o751)).unwrap();
    let file = file(&scratch, "copy", copy_of(&scratch.text("source")));
    file.converges().await;
    assert_eq!(read(&scratch.path("copy")), "hello");
    assert_eq!(mode(&scratch.path("copy")), 0o751);
    // A mode alone is no reason to copy again.
    fs::set_permissions(scratch.path("copy"), fs::Permissions::from_mode(0o600)).unwrap();
    file.is_settled().await;
    fs::remove_file(scratch.path("source")).unwrap();
    assert!(message(&file).await.contains("source"));
}

#[tokio::test]
async fn what_comes_from_a_closed_file_is_not_shown() {
    let scratch = Scratch::new();
    let source = scratch.path("source");
    fs::write(&source, "secret").unwrap();
    for mode in [0o600, 0o644] {
        fs::set_permissions(&source, Permissions::from_mode(mode)).unwrap();
        let fragments = declared::File {
            fragments: vec![scratch.text("source")],
            ..exists()
        };
        for params in [copy_of(&scratch.text("source")), fragments] {
            let copy = file(&scratch, "copy", params);
            let context = copy.check_context().reporting(Changes::wanted());
            let outcome = copy.resource.check_apply(&copy.params, &context).await;
            assert_eq!(outcome.unwrap(), Outcome::Changed);
            let content = if mode == 0o600 {
                Excerpt::Private
            } else {
                Excerpt::Text("secret".to_owned())
            };
            let changes = context.changes().take();
            assert!(
                matches!(&changes[0], Change::Content { new, .. } if *new == content),
                "{changes:?}"
            );
            fs::remove_file(scratch.path("copy")).unwrap();
        }
    }
}

#[test]
fn a_source_tree_may_be_deep() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().thread_stack_size(256 * 1024).build();
    runtime.unwrap().block_on(async {
        let scratch = Scratch::new();
        let deepest = vec!["d"; 200].join("/");
        fs::create_dir_all(scratch.path("source").join(&deepest)).unwrap();
        let params = copy_of(&scratch.text("source/"));
        file(&scratch, "copy/", params).converges().await;
        assert!(scratch.path("copy").join(&deepest).is_dir());
    });
}

#[tokio::test]
async fn a_source_tree_is_copied_and_extras_stay() {
    let scratch = Scratch::new();
    tree(
        &scratch,
        &[
            ("s/a", "1"),
            ("s/sub/b", "2"),
            ("s/empty/", ""),
            ("d/extra", "kept"),
            ("d/a", "wrong"),
        ],
    );
    symlink("a", scratch.path("s/link")).unwrap();
    file(&scratch, "d/", copy_of(&scratch.text("s/")))
        .converges()
        .await;
    assert_eq!(read(&scratch.path("d/a")), "1");
    assert_eq!(read(&scratch.path("d/sub/b")), "2");
    assert!(scratch.path("d/empty").is_dir());
    assert_eq!(read(&scratch.path("d/extra")), "kept");
    assert_eq!(
        fs::read_link(scratch.path("d/link")).unwrap(),
        Path::new("a")
    );
}

#[tokio::test]
async fn what_a_killed_copy_has_left_goes_with_the_next_one() {
    let scratch = Scratch::new();
    tree(
        &scratch,
        &[("s/a", "new"), ("d/a", "old"), ("d/.mgmt-1-stale", "ne")],
    );
    let stale = scratch.path("d/.mgmt-1-stale");
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options()
        .write(true)
        .open(&stale)
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
    file(&scratch, "d/", copy_of(&scratch.text("s/")))
        .converges()
        .await;
    assert!(!stale.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_a_tree_at_the_same_time_is_no_error() {
    let scratch = Scratch::new();
    let names: Vec<_> = (0..200).map(|i| (format!("s/a/b/f{i}"), "1")).collect();
    let entries: Vec<_> = names
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    tree(&scratch, &entries);
    let params = declared::File {
        mode: "0755".to_owned(),
        purge: true,
        ..copy_of(&scratch.text("s/"))
    };
    let copy = file(&scratch, "d/", params);
    copy.converges().await;
    let place = scratch.path("d");
    let rival = std::thread::spawn(move || {
        for round in 0..30 {
            // Which is disturbed itself.
            let _ = fs::remove_dir_all(place.join(["a", "a/b", "."][round % 3]));
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    while !rival.is_finished() {
        copy.apply().await.unwrap();
    }
    rival.join().unwrap();
    copy.apply().await.unwrap();
    copy.is_settled().await;
    assert_eq!(fs::read_dir(scratch.path("d/a/b")).unwrap().count(), 200);
}

#[tokio::test]
async fn a_missing_source_tree_is_an_error_and_empties_nothing() {
    let scratch = Scratch::new();
    tree(&scratch, &[("d/precious", "x")]);
    let params = declared::File {
        purge: true,
        ..copy_of(&scratch.text("typo/"))
    };
    let file = file(&scratch, "d/", params);
    assert!(message(&file).await.contains("typo"));
    assert!(scratch.path("d/precious").exists());
}

#[tokio::test]
async fn types_in_a_tree_change_only_by_force() {
    let scratch = Scratch::new();
    tree(
        &scratch,
        &[
            ("s/x/below", "1"),
            ("s/y", "2"),
            ("d/x", "file"),
            ("d/y/below", "dir"),
        ],
    );
    let polite = file(&scratch, "d/", copy_of(&scratch.text("s/")));
    assert!(message(&polite).await.contains("should be a directory"));
    let forced = declared::File {
        force: true,
        ..copy_of(&scratch.text("s/"))
    };
    file(&scratch, "d/", forced).converges().await;
    assert_eq!(read(&scratch.path("d/x/below")), "1");
    assert_eq!(read(&scratch.path("d/y")), "2");
}

#[tokio::test]
async fn a_purge_spares_what_is_managed() {
    let scratch = Scratch::new();
    tree(
        &scratch,
        &[
            ("d/managed", "1"),
            ("d/unmanaged", "2"),
            ("d/half/managed", "3"),
            ("d/half/unmanaged", "4"),
            ("d/whole/of/it", "5"),
            ("d/other/of/it", "6"),
            ("x/", ""),
        ],
    );
    symlink("half", scratch.path("d/link")).unwrap();
    symlink("half", scratch.path("d/useless")).unwrap();
    let managed = [
        "d/",
        "d/managed",
        "d/half/managed",
        "d/other/",
        "d/link/managed",
    ];
    scratch
        .services
        .managed
        .exchange([], managed.iter().map(|path| scratch.text(path)));
    let params = declared::File {
        purge: true,
        recurse: true,
        ..exists()
    };
    // However the path is written.
    file(&scratch, ".//x/..//d/", params).converges().await;
    assert!(scratch.path("d/managed").exists());
    assert!(scratch.path("d/half/managed").exists());
    assert!(scratch.path("d/other/of/it").exists());
    assert!(!scratch.path("d/unmanaged").exists());
    assert!(!scratch.path("d/half/unmanaged").exists());
    assert!(!scratch.path("d/whole").exists());
    assert!(scratch.path("d/link").is_symlink());
    assert!(!scratch.path("d/useless").is_symlink());
}

#[tokio::test]
async fn a_purge_spares_what_is_managed_by_its_real_path() {
    let scratch = Scratch::new();
    tree(&scratch, &[("d/managed", "1"), ("d/unmanaged", "2")]);
    symlink("d", scratch.path("link")).unwrap();
    let managed = [scratch.text("d/managed")];
    scratch.services.managed.exchange([], managed);
    let params = declared::File {
        purge: true,
        recurse: true,
        ..exists()
    };
    file(&scratch, "link/", params).converges().await;
    assert!(scratch.path("d/managed").exists());
    assert!(!scratch.path("d/unmanaged").exists());
}

#[tokio::test]
async fn a_purge_spares_what_is_managed_through_a_link() {
    let scratch = Scratch::new();
    tree(&scratch, &[("d/a/managed", "1"), ("d/unmanaged", "2")]);
    symlink("managed", scratch.path("d/a/itself")).unwrap();
    symlink("d/a", scratch.path("link")).unwrap();
    let managed = ["link/managed", "link/itself"].map(|path| scratch.text(path));
    scratch.services.managed.exchange([], managed);
    let params = declared::File {
        purge: true,
        recurse: true,
        ..exists()
    };
    file(&scratch, "d/", params).converges().await;
    assert!(scratch.path("d/a/managed").exists());
    assert!(scratch.path("d/a/itself").is_symlink());
    assert!(!scratch.path("d/unmanaged").exists());
}

#[test]
fn a_purge_spares_what_is_mounted_further_down() {
    namespaces::run_test(
        &["--user", "--map-root-user", "--mount"],
        "",
        concat!(module_path!(), "::inside_with_a_mount"),
    );
}

#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_with_a_mount() {
    let scratch = Scratch::new();
    tree(
        &scratch,
        &[("d/old/mnt 1/", ""), ("d/old/a", "1"), ("d/b", "2")],
    );
    let mount = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).arg(scratch.path("d/old/mnt 1"));
        assert!(command.status().unwrap().success());
    };
    mount("mount", &["-t", "tmpfs", "none"]);
    fs::write(scratch.path("d/old/mnt 1/in"), "3").unwrap();
    let params = declared::File {
        purge: true,
        recurse: true,
        ..exists()
    };
    let directory = file(&scratch, "d/", params);
    directory.converges().await;
    assert!(scratch.path("d/old/mnt 1/in").exists());
    assert!(!scratch.path("d/old/a").exists() && !scratch.path("d/b").exists());
    mount("umount", &[]);
    directory.converges().await;
    assert!(!scratch.path("d/old").exists());
}

#[tokio::test]
async fn a_directory_without_state_is_neither_made_nor_replaced() {
    let scratch = Scratch::new();
    let params = declared::File {
        purge: true,
        recurse: true,
        force: true,
        ..declared::File::default()
    };
    let directory = file(&scratch, "d/", params);
    directory.is_settled().await;
    assert!(!scratch.path("d").exists());
    tree(&scratch, &[("d/a", "1")]);
    directory.converges().await;
    fs::remove_dir(scratch.path("d")).unwrap();
    fs::write(scratch.path("d"), "").unwrap();
    assert!(message(&directory).await.contains("is no directory"));
    assert!(scratch.path("d").is_file());
}

#[tokio::test]
async fn a_copy_of_a_sparse_file_is_sparse() {
    let scratch = Scratch::new();
    const LENGTH: u64 = 8 * 1024 * 1024 + 17;
    for tail in ["", "end"] {
        let mut source = fs::File::create(scratch.path("source")).unwrap();
        source.write_all(b"begin").unwrap();
        source.set_len(LENGTH).unwrap();
        source.seek(SeekFrom::End(0)).unwrap();
        source.write_all(tail.as_bytes()).unwrap();
        drop(source);
        file(&scratch, "copy", copy_of(&scratch.text("source")))
            .converges()
            .await;
        let (source, copy) = (scratch.path("source"), scratch.path("copy"));
        assert_eq!(fs::read(&source).unwrap(), fs::read(&copy).unwrap());
        assert!(fs::metadata(&copy).unwrap().blocks() * 512 < LENGTH / 2);
    }
}

#[tokio::test]
async fn a_missing_parent_is_named() {
    let scratch = Scratch::new();
    let missing = format!("there is no directory `{}`", scratch.text("no"));
    let error = file(&scratch, "no/parent/a", content("x")).apply().await;
    let error = error.unwrap_err().to_string();
    assert!(error.ends_with(&missing), "{error}");
    let error = file(&scratch, "no/", exists());
    error.converges().await;
    let error = file(&scratch, "no/parent/d/", exists()).apply().await;
    assert!(
        error
            .unwrap_err()
            .to_string()
            .ends_with("`recurse` does not say to create it")
    );
}

#[tokio::test]
async fn system_directories_are_not_purged() {
    let scratch = Scratch::new();
    let params = declared::File {
        purge: true,
        recurse: true,
        ..exists()
    };
    // Only told, never applied: a mistake here must not cost the machine its configuration.
    let link = format!("{}/", scratch.text("link"));
    symlink("/etc", scratch.path("link")).unwrap();
    for path in ["/", "/etc/", "/usr/", "/usr/../", "/usr/..//etc/./", &link] {
        let file: Subject<File> = scratch.resource(path, params.clone());
        assert!(file.noop().await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn fragments_are_joined_in_order() {
    let scratch = Scratch::new();
    tree(
        &scratch,
        &[
            ("first", "1\n"),
            ("parts/b", "3\n"),
            ("parts/a", "2\n"),
            ("parts/sub/x", "no"),
        ],
    );
    let params = declared::File {
        fragments: vec![scratch.text("first"), scratch.text("parts/")],
        ..exists()
    };
    let file = file(&scratch, "a", params);
    file.converges().await;
    assert_eq!(read(&scratch.path("a")), "1\n2\n3\n");
    tree(&scratch, &[("parts/c", "4\n")]);
    file.converges().await;
    assert_eq!(read(&scratch.path("a")), "1\n2\n3\n4\n");
    fs::remove_file(scratch.path("first")).unwrap();
    assert!(message(&file).await.contains("first"));
}

#[tokio::test]
async fn a_pipe_among_the_fragments_is_an_error_and_no_wait() {
    let scratch = Scratch::new();
    nix::unistd::mkfifo(&scratch.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let params = declared::File {
        fragments: vec![scratch.text("pipe")],
        ..exists()
    };
    tree(&scratch, &[("a", "")]);
    let file = file(&scratch, "a", params);
    assert!(message(&file).await.contains("is not a regular file"));
}

#[tokio::test]
async fn outside_changes_are_events() {
    let scratch = Scratch::new();
    tree(&scratch, &[("source", "x")]);
    let file = file(&scratch, "copy", copy_of(&scratch.text("source")));
    let mut watching = file.watch().await;
    file.apply().await.unwrap();
    watching.event().await;
    watching.drain();
    fs::write(scratch.path("source"), "y").unwrap();
    watching.event().await;
    file.converges().await;
    assert_eq!(read(&scratch.path("copy")), "y");
    watching.end().await;
}

#[tokio::test]
async fn a_watched_tree_tells_of_what_is_below() {
    let scratch = Scratch::new();
    let params = declared::File {
        recurse: true,
        ..exists()
    };
    let file = file(&scratch, "d/", params);
    let mut watching = file.watch().await;
    file.apply().await.unwrap();
    watching.event().await;
    tree(&scratch, &[("d/x/y/z", "")]);
    watching.event().await;
    watching.end().await;
}

#[tokio::test]
async fn another_path_has_to_be_watched_anew() {
    let scratch = Scratch::new();
    let file = file(&scratch, "a", content("x"));
    assert!(!file.resource.must_rewatch(&content("x"), &content("y")));
    let elsewhere = declared::File {
        path: scratch.text("b"),
        ..content("x")
    };
    assert!(file.resource.must_rewatch(&content("x"), &elsewhere));
}

#[tokio::test]
async fn a_cancelled_copy_says_so() {
    let scratch = Scratch::new();
    tree(&scratch, &[("source", "x")]);
    let file = file(&scratch, "copy", copy_of(&scratch.text("source")));
    file.cancel.cancel();
    let error = file.apply().await.unwrap_err();
    assert!(matches!(error, ResourceError::Cancelled));
    assert!(!scratch.path("copy").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_files_converge_together() {
    let scratch = Scratch::new();
    let files: Vec<_> = (0..1000)
        .map(|i| file(&scratch, &format!("f{i}"), content(&format!("content {i}"))))
        .collect();
    let all = |files: &[Subject<File>]| {
        let runs: Vec<_> = files
            .iter()
            .map(|file| {
                let (resource, params) = (file.resource.clone(), file.params.clone());
                let context = file.check_context();
                tokio::spawn(async move { resource.check_apply(&params, &context).await })
            })
            .collect();
        futures::future::join_all(runs)
    };
    let start = std::time::Instant::now();
    for outcome in all(&files).await {
        assert_eq!(outcome.unwrap().unwrap(), Outcome::Changed);
    }
    println!("1000 new files: {:?}", start.elapsed());
    let start = std::time::Instant::now();
    for outcome in all(&files).await {
        assert_eq!(outcome.unwrap().unwrap(), Outcome::Unchanged);
    }
    println!("1000 checks: {:?}", start.elapsed());
    assert_eq!(read(&scratch.path("f999")), "content 999");
}

#[tokio::test]
async fn a_directory_that_somebody_else_holds_is_waited_for() {
    let scratch = Scratch::new();
    let alone: Subject<File> = scratch.resource(&scratch.text("d/f"), content("x"));
    alone.apply().await.unwrap_err();
    let directory = format!("{}/", scratch.text("d"));
    scratch.services.managed.exchange([], [directory]);
    let file: Subject<File> = scratch.resource(&scratch.text("d/f"), content("x"));
    let (applied, made) = tokio::join!(file.apply(), async {
        tokio::task::yield_now().await;
        fs::create_dir(scratch.path("d"))
    });
    made.unwrap();
    assert_eq!(applied.unwrap(), Outcome::Changed);
    assert_eq!(fs::read_to_string(scratch.path("d/f")).unwrap(), "x");
}
