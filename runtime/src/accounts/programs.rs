//! The programs that change local accounts and groups (resources-host.md §1.13, §6.11).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;

use crate::process::{Captured, Command, Program, Runner};
use crate::resource::{Change, ResourceError, Services};

/// Where the programs are if the agent's `PATH` leaves them out.
const SYSTEM_PROGRAMS: &str = "/usr/sbin:/sbin";
/// Another program changes the same files, which takes a moment.
const RETRY: Duration = Duration::from_millis(100);
const TRIES: usize = 100;
/// What the programs say if another one is at the same files, and if they may not change them.
const LOCKED: &str = "cannot lock";
const REFUSED: &str = "Permission denied";
/// What the programs end with if they can not lock a file.
const BUSY: [i32; 2] = [1, 10];

/// A call of such a program.
#[derive(Debug, PartialEq, Eq)]
pub struct AccountCommand {
    /// Its name.
    pub program: &'static str,
    /// Its arguments.
    pub args: Vec<String>,
}

impl AccountCommand {
    /// What a plan says of it.
    pub fn in_words(&self) -> Change {
        Change::Step(format!("run `{} {}`", self.program, self.args.join(" ")))
    }

    /// The account or group that it is for.
    fn name(&self) -> &str {
        self.args.last().map_or("", String::as_str)
    }
}

/// Runs such a program. Those of one agent run one after the other, since they lock the files they change.
///
/// # Errors
/// What the program says, if it fails. `Cancelled` if it is cancelled.
pub async fn change(
    services: &Services,
    cancel: &CancellationToken,
    change: &AccountCommand,
) -> Result<(), ResourceError> {
    let program = change.program;
    let mut search = services.search_path.as_ref().to_owned();
    if !search.is_empty() {
        search.push(":");
    }
    search.push(SYSTEM_PROGRAMS);
    let search: Arc<_> = search.into();
    let command = Command {
        program: Program::with_args(program, &change.args, &search),
        env: BTreeMap::from([
            ("LC_ALL".to_owned(), "C".to_owned()),
            ("PATH".to_owned(), search.to_string_lossy().into_owned()),
        ]),
        directory: None,
        identity: None,
        stop: Signal::SIGTERM,
    };
    let _turn = tokio::select! {
        turn = services.account_work.lock() => turn,
        () = cancel.cancelled() => return Err(ResourceError::Cancelled),
    };
    let mut tries = 1;
    loop {
        let captured = Runner::default().run(&command, cancel).await?;
        if captured.status.success() {
            return Ok(());
        }
        let said = said(&captured);
        let busy = captured
            .status
            .code()
            .is_some_and(|code| BUSY.contains(&code));
        let busy = busy && said.contains(LOCKED) && !said.contains(REFUSED);
        if !busy || tries == TRIES {
            let hint = hint(&said, change.name());
            return Err(ResourceError::message(format!(
                "`{program}` fails: {said}{hint}"
            )));
        }
        if tries == 1 {
            tracing::info!("`{program}` waits for another program that changes accounts");
        }
        tries += 1;
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            () = cancel.cancelled() => return Err(ResourceError::Cancelled),
        }
    }
}

/// Refuses to change an entry that is not in a local file but comes from a directory service.
///
/// # Errors
/// If there is no such entry.
pub fn must_be_local(kind: &str, name: &str, file: &Path) -> Result<(), ResourceError> {
    let text = fs::read(file).map_err(ResourceError::path("read", file))?;
    let is_entry = |line: &[u8]| {
        line.strip_prefix(name.as_bytes())
            .is_some_and(|rest| rest.starts_with(b":"))
    };
    if text.split(|byte| *byte == b'\n').any(is_entry) {
        return Ok(());
    }
    Err(ResourceError::message(format!(
        "`{name}` is not a local {kind}: it is not in `{}`, so it can not be changed here",
        file.display()
    )))
}

/// What can be done about a complaint, to be read on after it.
fn hint(said: &str, name: &str) -> String {
    if said.contains(REFUSED) {
        "; that takes root".to_owned()
    } else if said.contains(LOCKED) {
        "; another program changes accounts, or has left its lock behind".to_owned()
    } else if said.contains("is currently used by process") {
        format!("; `loginctl terminate-user {name}` ends all that the user runs")
    } else if said.contains("cannot remove the primary group") {
        "; that account has to go, or to get another main group, before".to_owned()
    } else if said.contains("group") && said.contains("does not exist") {
        "; a `group` resource can make it".to_owned()
    } else {
        String::new()
    }
}

/// What a program has complained of.
fn said(captured: &Captured) -> String {
    let text = captured.stderr.as_deref().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let text = text.trim().trim_end_matches('.').to_owned();
    if text.is_empty() {
        captured.status.to_string()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::resource::harness::Scratch;

    /// A scratch in which `program` is this shell script.
    fn with_program(script: &str) -> Scratch {
        let mut scratch = Scratch::new();
        let path = scratch.path("program");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        scratch.services.search_path = path.parent().unwrap().as_os_str().into();
        scratch
    }

    async fn run(scratch: &Scratch) -> Result<(), ResourceError> {
        let call = AccountCommand {
            program: "program",
            args: vec!["a b".to_owned(), scratch.text("log")],
        };
        change(&scratch.services, &CancellationToken::new(), &call).await
    }

    #[tokio::test]
    async fn a_failure_says_what_the_program_says() {
        let scratch = with_program("echo \"program: $1 is bad\" >&2; exit 9");
        let error = run(&scratch).await.unwrap_err().to_string();
        assert_eq!(error, "`program` fails: program: a b is bad");
    }

    #[tokio::test]
    async fn a_busy_file_is_waited_for() {
        let scratch = with_program(
            "echo \"$LC_ALL\" >> \"$2\"\n\
             runs=0; while read -r _; do runs=$((runs + 1)); done < \"$2\"\n\
             [ $runs = 3 ] || { echo 'cannot lock /etc/passwd' >&2; exit 1; }",
        );
        run(&scratch).await.unwrap();
        assert_eq!(
            fs::read_to_string(scratch.path("log")).unwrap(),
            "C\nC\nC\n"
        );
    }

    #[tokio::test]
    async fn who_may_not_does_not_wait() {
        let scratch = with_program(
            "echo run >> \"$2\"\n\
             echo 'program: Permission denied.' >&2\n\
             echo 'program: cannot lock /etc/passwd; try again later.' >&2; exit 1",
        );
        let error = run(&scratch).await.unwrap_err().to_string();
        assert!(error.ends_with("; that takes root"), "{error}");
        assert_eq!(fs::read_to_string(scratch.path("log")).unwrap(), "run\n");
    }

    #[test]
    fn entries_are_found_by_their_whole_name() {
        let scratch = Scratch::new();
        fs::write(scratch.path("passwd"), "root:x:0:0::/root:/bin/sh\nab:x\n").unwrap();
        let is_local = |name| must_be_local("account", name, &scratch.path("passwd"));
        assert!(is_local("ab").is_ok());
        let error = is_local("a").unwrap_err().to_string();
        assert!(error.starts_with("`a` is not a local account"), "{error}");
    }
}
