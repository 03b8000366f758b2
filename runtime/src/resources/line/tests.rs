//! `line` on real files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use super::*;
use crate::resource::harness::Scratch;

fn line(scratch: &Scratch, state: &str, content: &str) -> declared::Line {
    declared::Line {
        file: scratch.text("file"),
        state: state.to_owned(),
        content: content.into(),
        trim: false,
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn a_line_is_added_and_removed() {
    let scratch = Scratch::new();
    let file = scratch.path("file");
    let adding = scratch.resource::<Line>("l", line(&scratch, "exists", "two"));
    adding.converges().await;
    assert_eq!(fs::read(&file).unwrap(), b"two\n");
    assert_eq!(mode(&file), 0o600);
    fs::write(&file, b"one \xff").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    adding.converges().await;
    assert_eq!(fs::read(&file).unwrap(), b"one \xff\ntwo\n");
    assert_eq!(mode(&file), 0o640);
    let removing = scratch.resource::<Line>("l", line(&scratch, "absent", "two"));
    removing.converges().await;
    assert_eq!(fs::read(&file).unwrap(), b"one \xff\n");
    fs::remove_file(&file).unwrap();
    removing.is_settled().await;
}

#[tokio::test]
async fn nothing_is_no_line() {
    let scratch = Scratch::new();
    scratch
        .resource::<Line>("l", line(&scratch, "exists", ""))
        .is_settled()
        .await;
    assert!(!scratch.path("file").exists());
}

#[tokio::test]
async fn a_change_is_an_event() {
    let scratch = Scratch::new();
    let adding = scratch.resource::<Line>("l", line(&scratch, "exists", "a"));
    let mut watching = adding.watch().await;
    fs::write(scratch.path("file"), "b\n").unwrap();
    watching.event().await;
    watching.end().await;
}

#[tokio::test]
async fn many_lines_of_a_file_take_turns() {
    let scratch = Scratch::new();
    let lines: Vec<_> = (0..20)
        .map(|i| scratch.resource::<Line>("l", line(&scratch, "exists", &i.to_string())))
        .collect();
    futures::future::join_all(lines.iter().map(|line| line.apply())).await;
    let text = fs::read_to_string(scratch.path("file")).unwrap();
    assert_eq!(text.lines().count(), 20);
}

#[test]
fn home_directories_are_found() {
    let root = Target::of("~root/.profile").unwrap();
    assert!(root.path.is_absolute() && root.path.ends_with(".profile"));
    let own = Target::of("~/x").unwrap();
    assert_eq!(own.home.unwrap().uid, Uid::effective());
    let error = Target::of("~no-such-user/x").err().unwrap().to_string();
    assert!(error.contains("`~no-such-user`"), "{error}");
}

#[test]
fn links_of_users_are_not_followed() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path("home")).unwrap();
    symlink("/etc", scratch.path("home/etc")).unwrap();
    fs::write(scratch.path("home/one"), "").unwrap();
    let target = |file: &str| {
        let mut user = User::from_uid(Uid::effective()).unwrap().unwrap();
        user.dir = scratch.path("home");
        Target {
            path: user.dir.join(file),
            home: Some(user),
        }
    };
    assert!(target("one").read().is_ok());
    let error = target("etc/passwd").read().unwrap_err().to_string();
    assert!(error.contains("is a link in a home directory"), "{error}");
    fs::hard_link(scratch.path("home/one"), scratch.path("home/two")).unwrap();
    assert_eq!(fs::metadata(scratch.path("home/one")).unwrap().nlink(), 2);
    assert!(target("one").read().is_err());
}

#[test]
fn in_a_home_directory_its_user_acts() {
    let Some(nobody) = User::from_name("nobody").unwrap() else {
        return;
    };
    // Only root can act as others.
    if !Uid::effective().is_root() {
        return;
    }
    let scratch = Scratch::new();
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    open(scratch.path("").as_path());
    for directory in ["home", "home/own", "home/foreign"] {
        fs::create_dir(scratch.path(directory)).unwrap();
        open(&scratch.path(directory));
    }
    let home = scratch.path("home");
    let give = |path: &Path| {
        chown(path, Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw())).unwrap();
    };
    give(&scratch.path("home/own"));
    let target = |file: &str| Target {
        path: home.join(file),
        home: Some(User {
            dir: home.clone(),
            ..nobody.clone()
        }),
    };
    // There, the user can make no links.
    assert_eq!(target("foreign/file").identity().unwrap(), None);
    let add = |file: &str| {
        let target = target(file);
        let user = target.identity().unwrap().unwrap();
        let edit = Edit {
            target: &target,
            block: Block::new(b"a", false).unwrap(),
            exists: true,
            apply: true,
        };
        user.run(|| edit.carry_out()).unwrap()
    };
    assert!(matches!(add("own/file"), Ok(Edited::Done)));
    assert!(matches!(add("own/file"), Ok(Edited::Unchanged)));
    let file = scratch.path("home/own/file");
    assert_eq!(fs::read(&file).unwrap(), b"a\n");
    assert_eq!(fs::metadata(&file).unwrap().uid(), nobody.uid.as_raw());
    assert_eq!(mode(&file), 0o600);
    give(&home);
    assert!(add("foreign/file").is_err());
    assert!(!scratch.path("home/foreign/file").exists());
}

#[tokio::test]
async fn what_is_no_file_is_an_error_and_no_wait() {
    let scratch = Scratch::new();
    let params = line(&scratch, "exists", "a");
    let status = Command::new("mkfifo").arg(&params.file).status();
    assert!(status.unwrap().success());
    let subject = scratch.resource::<Line>("l", params);
    let error = subject.apply().await.unwrap_err().to_string();
    assert!(error.ends_with("is not a regular file"), "{error}");
}

#[tokio::test]
async fn a_user_may_come_later() {
    let scratch = Scratch::new();
    let params = declared::Line {
        file: "~no-such-user/.profile".to_owned(),
        ..line(&scratch, "exists", "a")
    };
    let subject = scratch.resource::<Line>("l", params);
    let watching = subject.watch().await;
    let error = subject.apply().await.unwrap_err().to_string();
    assert!(error.starts_with("there is no user"), "{error}");
    watching.end().await;
}
