//! `exec`, for real.

use std::collections::BTreeMap;
use std::time::Duration;

use mgmt_stdlib::value::Value;

use super::*;
use crate::resource::harness::{Scratch, Subject, sent};

const SHELL: &str = "/bin/sh";

fn shell(cmd: impl Into<String>) -> declared::Exec {
    declared::Exec {
        cmd: cmd.into(),
        shell: SHELL.to_owned(),
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        ..declared::Exec::default()
    }
}

fn exec(scratch: &Scratch, params: declared::Exec) -> Subject<Exec> {
    scratch.resource("e", params)
}

/// Appends to a file, so that runs can be counted.
fn counting(scratch: &Scratch) -> declared::Exec {
    shell(format!("echo run >> {}", scratch.text("runs")))
}

fn runs(scratch: &Scratch) -> usize {
    fs::read_to_string(scratch.path("runs")).map_or(0, |text| text.lines().count())
}

fn text(text: &str) -> Option<Value> {
    Some(Value::from(text))
}

#[tokio::test]
async fn the_command_is_run_and_its_output_sent() {
    let scratch = Scratch::new();
    let exec = exec(&scratch, shell("echo out; echo err >&2"));
    assert_eq!(exec.noop().await.unwrap(), Outcome::Changed);
    let (outcome, values) = exec.send().await.unwrap();
    assert_eq!(outcome, Outcome::Changed);
    assert_eq!(sent(&values, "stdout"), text("out\n"));
    assert_eq!(sent(&values, "stderr"), text("err\n"));
    assert!(sent(&values, "output").is_some());
}

#[tokio::test]
async fn the_name_is_split_into_words() {
    let scratch = Scratch::new();
    let exec: Subject<Exec> = scratch.resource("/bin/echo 'a  b'", declared::Exec::default());
    let (_, values) = exec.send().await.unwrap();
    assert_eq!(sent(&values, "stdout"), text("'a b'\n"));
    let params = declared::Exec {
        cmd: "/bin/echo".to_owned(),
        args: vec!["a  b".to_owned()],
        ..declared::Exec::default()
    };
    let (_, values) = scratch.resource::<Exec>("e", params).send().await.unwrap();
    assert_eq!(sent(&values, "stdout"), text("a  b\n"));
}

#[tokio::test]
async fn a_silent_run_sends_nothing_old() {
    let scratch = Scratch::new();
    let (_, values) = exec(&scratch, shell("echo loud")).send().await.unwrap();
    assert_eq!(sent(&values, "output"), text("loud\n"));
    let (_, values) = exec(&scratch, shell("true")).send().await.unwrap();
    assert_eq!(sent(&values, "output"), None);
}

#[tokio::test]
async fn what_was_skipped_sends_what_was_kept_or_the_substitute() {
    let scratch = Scratch::new();
    let skipped = declared::Exec {
        nifcmd: "true".to_owned(),
        send_stdout: Some(Str::from("substitute")),
        ..shell("echo kept")
    };
    let (outcome, values) = exec(&scratch, skipped.clone()).send().await.unwrap();
    assert_eq!(outcome, Outcome::Unchanged);
    assert_eq!(sent(&values, "stdout"), text("substitute"));
    exec(&scratch, shell("echo kept")).apply().await.unwrap();
    let (_, values) = exec(&scratch, skipped).send().await.unwrap();
    assert_eq!(sent(&values, "stdout"), text("kept\n"));
}

#[tokio::test]
async fn a_failure_is_an_error_and_keeps_nothing() {
    let scratch = Scratch::new();
    let exec = exec(&scratch, shell("echo secret; exit 7"));
    let error = exec.apply().await.unwrap_err().to_string();
    assert_eq!(error, "the command failed with exit status 7");
    let skipped = declared::Exec {
        nifcmd: "true".to_owned(),
        ..shell("")
    };
    let (_, values) = self::exec(
        &scratch,
        declared::Exec {
            cmd: "x".into(),
            ..skipped
        },
    )
    .send()
    .await
    .unwrap();
    assert_eq!(sent(&values, "output"), None);
}

#[tokio::test]
async fn guards_decide() {
    type Change = fn(&mut declared::Exec);
    let cases: [(&str, Change, bool); 8] = [
        ("ifcmd fails", |exec| exec.ifcmd = "false".into(), false),
        ("ifcmd succeeds", |exec| exec.ifcmd = "true".into(), true),
        (
            "ifequals",
            |exec| {
                exec.ifcmd = "/bin/echo x".into();
                exec.ifequals = Some(Str::from("x\n"));
            },
            false,
        ),
        (
            "ifequals without the end of line",
            |exec| {
                exec.ifcmd = "/bin/echo x".into();
                exec.ifequals = Some(Str::from("x"));
            },
            true,
        ),
        (
            "an empty output equals an empty text",
            |exec| {
                exec.ifcmd = "true".into();
                exec.ifequals_stdout = Some(Str::from(""));
            },
            false,
        ),
        ("nifcmd fails", |exec| exec.nifcmd = "false".into(), true),
        ("nifcmd succeeds", |exec| exec.nifcmd = "true".into(), false),
        ("creates", |exec| exec.creates = "/etc/passwd".into(), false),
    ];
    for (case, change, expected) in cases {
        let scratch = Scratch::new();
        let mut params = counting(&scratch);
        change(&mut params);
        let outcome = exec(&scratch, params).apply().await.unwrap();
        assert_eq!(outcome == Outcome::Changed, expected, "{case}");
        assert_eq!(runs(&scratch) == 1, expected, "{case}");
    }
}

#[tokio::test]
async fn a_guard_that_can_not_run_or_is_killed_is_an_error() {
    let scratch = Scratch::new();
    for guard in ["no-such-program", "/etc/passwd"] {
        let params = declared::Exec {
            ifcmd: guard.to_owned(),
            ..counting(&scratch)
        };
        assert!(exec(&scratch, params).apply().await.is_err(), "{guard}");
    }
    let params = declared::Exec {
        nifcmd: "kill -KILL $$".to_owned(),
        nifshell: SHELL.to_owned(),
        ..counting(&scratch)
    };
    let error = exec(&scratch, params).apply().await.unwrap_err();
    assert!(error.to_string().contains("was killed by SIGKILL"));
    assert_eq!(runs(&scratch), 0);
}

#[tokio::test]
async fn newer_files_force_a_run_against_the_guards() {
    let scratch = Scratch::new();
    let params = declared::Exec {
        mtimes: vec![scratch.text("input")],
        ifcmd: "false".to_owned(),
        ..counting(&scratch)
    };
    let exec = exec(&scratch, params);
    assert!(exec.apply().await.is_err());
    fs::write(scratch.path("input"), "").unwrap();
    assert_eq!(exec.apply().await.unwrap(), Outcome::Changed);
    assert_eq!(exec.apply().await.unwrap(), Outcome::Unchanged);
    let later = SystemTime::now() + Duration::from_secs(60);
    let input = fs::File::options()
        .write(true)
        .open(scratch.path("input"))
        .unwrap();
    input.set_modified(later).unwrap();
    assert_eq!(exec.apply().await.unwrap(), Outcome::Changed);
    assert_eq!(runs(&scratch), 2);
}

#[tokio::test]
async fn a_failed_donecmd_is_a_failure() {
    let scratch = Scratch::new();
    let params = declared::Exec {
        donecmd: "exit 4".to_owned(),
        doneshell: SHELL.to_owned(),
        ..counting(&scratch)
    };
    let error = exec(&scratch, params).apply().await.unwrap_err();
    assert_eq!(error.to_string(), "`donecmd` failed with exit status 4");
    assert_eq!(runs(&scratch), 1);
}

#[tokio::test]
async fn refresh_only_waits_for_notifications() {
    let scratch = Scratch::new();
    let params = declared::Exec {
        refresh_only: true,
        ..counting(&scratch)
    };
    let exec = exec(&scratch, params);
    exec.is_settled().await;
    assert_eq!(exec.refresh().await.unwrap(), Outcome::Changed);
    assert_eq!(runs(&scratch), 1);
}

#[tokio::test]
async fn a_cancelled_command_is_stopped() {
    let scratch = Scratch::new();
    let exec = exec(&scratch, shell("sleep 1000"));
    let (result, ()) = tokio::join!(exec.apply(), async {
        tokio::task::yield_now().await;
        exec.cancel.cancel();
    });
    assert!(matches!(result, Err(ResourceError::Cancelled)));
}

#[tokio::test]
async fn lines_of_the_watch_command_are_events() {
    let scratch = Scratch::new();
    nix::unistd::mkfifo(&scratch.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let params = declared::Exec {
        watchcmd: format!("exec cat {} >&2", scratch.text("pipe")),
        watchshell: SHELL.to_owned(),
        ..shell("true")
    };
    let exec = exec(&scratch, params);
    let mut watching = exec.watch().await;
    let mut pipe = tokio::fs::File::options()
        .write(true)
        .open(scratch.path("pipe"))
        .await
        .unwrap();
    for _ in 0..3 {
        tokio::io::AsyncWriteExt::write_all(&mut pipe, b"event\n")
            .await
            .unwrap();
        tokio::io::AsyncWriteExt::flush(&mut pipe).await.unwrap();
        watching.event().await;
    }
    watching.end().await;
}

#[tokio::test]
async fn the_end_of_the_watch_command_is_a_failure() {
    let scratch = Scratch::new();
    let params = declared::Exec {
        watchcmd: "true".to_owned(),
        ..shell("true")
    };
    let error = exec(&scratch, params).watch().await.failure().await;
    assert_eq!(error.to_string(), "`watchcmd` has ended with exit status 0");
}

#[tokio::test]
async fn watched_files_are_events() {
    let scratch = Scratch::new();
    let params = declared::Exec {
        watchfiles: vec![scratch.text("watched")],
        creates: scratch.text("created"),
        ..shell("true")
    };
    let exec = exec(&scratch, params);
    let mut watching = exec.watch().await;
    for path in ["watched", "created"] {
        fs::write(scratch.path(path), "").unwrap();
        watching.event().await;
        watching.drain();
    }
    watching.end().await;
}

#[tokio::test]
async fn nothing_is_watched_if_nothing_is_given() {
    let scratch = Scratch::new();
    exec(&scratch, shell("true")).watch().await.end().await;
}

#[tokio::test]
async fn what_ends_the_watching_of_paths_is_told() {
    let scratch = Scratch::new();
    let params = declared::Exec {
        watchcmd: "exec sleep 1000".to_owned(),
        watchshell: SHELL.to_owned(),
        watchfiles: vec![scratch.text("watched")],
        ..counting(&scratch)
    };
    let watching = exec(&scratch, params).watch().await;
    scratch.services.paths.break_down();
    let error = watching.failure().await.to_string();
    assert!(error.starts_with("can't watch any path"), "{error}");
}
