//! Commands, for real.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

fn search() -> Arc<OsStr> {
    OsStr::new("/usr/bin:/bin").into()
}

fn shell(text: &str) -> Command {
    Command {
        program: Program::text(text, "/bin/sh", &search()),
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        directory: None,
        identity: None,
        stop: Signal::SIGTERM,
    }
}

async fn run(command: &Command) -> Result<Captured, ResourceError> {
    timeout(
        PATIENCE,
        Runner::default().run(command, &CancellationToken::new()),
    )
    .await
    .expect("the command ends")
}

/// Ends the given way when the command has written something.
struct Trigger<F: FnMut() + Send>(F);

impl<F: FnMut() + Send> Sink for Trigger<F> {
    fn take(&mut self, _stream: Stream, _bytes: &[u8]) {
        (self.0)();
    }
}

#[tokio::test]
async fn both_streams_are_captured() {
    let captured = run(&shell("echo one; echo two >&2; exit 3")).await.unwrap();
    assert_eq!(captured.status.code(), Some(3));
    assert_eq!(captured.stdout.as_deref(), Some(&b"one\n"[..]));
    assert_eq!(captured.stderr.as_deref(), Some(&b"two\n"[..]));
    assert_eq!(captured.output.map(|output| output.len()), Some(8));
    let silent = run(&shell("exit 0")).await.unwrap();
    assert_eq!(silent.output, None);
}

#[tokio::test]
async fn all_of_a_long_output_is_captured() {
    let captured = run(&shell("seq 100000; seq 100000 >&2")).await.unwrap();
    assert_eq!(captured.stdout.map(|stdout| stdout.len()), Some(588_895));
    assert_eq!(captured.stderr.map(|stderr| stderr.len()), Some(588_895));
}

#[tokio::test]
async fn the_environment_is_just_what_is_given() {
    let mut command = shell("");
    command.program = Program::text("env", "", &search());
    command.env = BTreeMap::from([
        ("B".to_owned(), "2".to_owned()),
        ("A".to_owned(), "1".to_owned()),
    ]);
    let captured = run(&command).await.unwrap();
    assert_eq!(captured.stdout.as_deref(), Some(&b"A=1\nB=2\n"[..]));
}

#[tokio::test]
async fn there_is_nothing_to_read_and_a_directory_to_be_in() {
    let mut command = shell("cat; pwd");
    command.directory = Some(PathBuf::from("/usr"));
    let captured = run(&command).await.unwrap();
    assert_eq!(captured.stdout.as_deref(), Some(&b"/usr\n"[..]));
    command.directory = Some(PathBuf::from("/no/such/directory"));
    let error = run(&command).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "can't start `/bin/sh`: there is no working directory `/no/such/directory`"
    );
}

#[tokio::test]
async fn a_missing_program_is_an_error() {
    let mut command = shell("");
    command.program = Program::text("no-such-program -x", "", &search());
    let error = run(&command).await.unwrap_err().to_string();
    assert!(error.contains("`no-such-program`"), "{error}");
    assert!(!error.contains("-x"), "{error}");
}

#[tokio::test]
async fn a_file_that_can_not_be_run_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    };
    file("closed", "#!/bin/sh\n", 0o644);
    file("text", "echo hello\n", 0o755);
    file("script", "#!/no/such/shell\n", 0o755);
    for (name, why) in [
        ("missing", "there is no such file"),
        ("closed", "it is not executable"),
        ("", "it is a directory"),
        (
            "text",
            "it is neither a program of this machine nor a script",
        ),
        ("script", "it is there, but not the interpreter"),
    ] {
        let mut command = shell("");
        let path = dir.path().join(name).display().to_string();
        command.program = Program::text(&path, "", &search());
        let error = run(&command).await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("can't start `{path}`: {why}")),
            "{error}"
        );
    }
    let mut command = shell("");
    command.directory = Some(dir.path().join("closed"));
    let error = run(&command).await.unwrap_err().to_string();
    assert!(error.ends_with("is no directory"), "{error}");
}

#[tokio::test]
async fn a_foreign_signal_is_an_error() {
    let error = run(&shell("kill -KILL $$")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the command `/bin/sh` was killed by SIGKILL"
    );
}

#[tokio::test]
async fn background_descendants_are_not_waited_for() {
    let captured = run(&shell("echo started; sleep 1000 & echo $!"))
        .await
        .unwrap();
    let text = String::from_utf8(captured.stdout.unwrap()).unwrap();
    let (first, pid) = text.trim().split_once('\n').unwrap();
    assert_eq!(first, "started");
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn who_goes_on_writing_in_the_background_is_not_listened_to() {
    let captured = run(&shell("yes & yes >&2 & yes & yes >&2 & echo started"))
        .await
        .unwrap();
    assert!(captured.status.success());
}

#[tokio::test]
async fn cancelling_signals_the_group_and_waits() {
    // A status of zero does not help: it was stopped. The shell may tell of its killed child, which is not
    // what is counted here.
    let command = shell(
        "exec 2>/dev/null; trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done",
    );
    let cancel = CancellationToken::new();
    let mut writes = 0;
    let mut sink = Trigger(|| {
        writes += 1;
        cancel.cancel();
    });
    let runner = Runner::default();
    let run = runner.run_into(&command, &cancel, &mut sink);
    let error = timeout(PATIENCE, run).await.unwrap().unwrap_err();
    assert!(matches!(error, ResourceError::Cancelled));
    assert_eq!(writes, 2);
}

#[tokio::test]
async fn interrupting_kills_and_nothing_starts_again() {
    let command = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    let cancel = CancellationToken::new();
    let runner = Runner::default();
    let mut sink = Trigger(|| {
        cancel.cancel();
        runner.interrupt();
    });
    let run = runner.run_into(&command, &cancel, &mut sink);
    let error = timeout(PATIENCE, run).await.unwrap().unwrap_err();
    assert!(matches!(error, ResourceError::Cancelled));
    let again = runner.run(&shell("true"), &CancellationToken::new()).await;
    assert!(matches!(again, Err(ResourceError::Cancelled)));
}

#[tokio::test]
async fn a_command_runs_as_another_user() {
    let Ok(Some(identity)) = Identity::new("nobody", "") else {
        // Only root can.
        return;
    };
    let mut command = shell("id -un; id -gn; cat /proc/self/status | grep CapEff");
    command.directory = Some(PathBuf::from("/"));
    command.identity = Some(identity);
    let captured = run(&command).await.unwrap();
    let text = String::from_utf8(captured.stdout.unwrap()).unwrap();
    assert!(
        text.starts_with("nobody\nnogroup\n") || text.starts_with("nobody\nnobody\n"),
        "{text}"
    );
    assert!(text.contains("0000000000000000"), "{text}");
    // We are still who we were.
    assert!(rustix::process::geteuid().is_root());
}
