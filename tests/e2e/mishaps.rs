//! What goes wrong on a host, as its operator sees it.

use std::fs;
use std::process::Command;

use mgmt_tests::agent::{Agent, binary, eventually};

#[test]
fn what_a_failing_watch_command_says_is_logged() {
    let agent = Agent::new(
        "exec \"w\" {\n\tcmd => \"/bin/true\",\n\twatchcmd => \"echo no such queue >&2; exit 3\",\n\
         \twatchshell => \"/bin/sh\",\n}\n",
    )
    .run(&[]);
    agent.wait_for_log("output of `watchcmd`: no such queue");
    agent.wait_for_log("`watchcmd` has ended with exit status 3");
}

#[test]
fn commands_inherit_no_descriptors() {
    let agent = Agent::new(
        "exec \"fds\" {\n\tcmd => \"ls /proc/self/fd > @DIR@/fds\",\n\tshell => \"/bin/sh\",\n\
         \tenv => {\"PATH\" => \"/usr/bin:/bin\"},\n}\n",
    );
    let script = "exec 7</dev/null \"$0\" run --tmp-prefix --converged-timeout=0 \"$1\"";
    let status = Command::new("sh")
        .args(["-c", script])
        .arg(binary("mgmt"))
        .arg(agent.path("site.mcl"))
        .status()
        .unwrap();
    assert!(status.success());
    // The fourth is the directory itself.
    assert_eq!(agent.read("fds").as_deref(), Some("0\n1\n2\n3\n"));
}

/// As when the disk of its log is full, or when who read it has gone.
#[test]
fn what_nobody_can_be_told_of_is_done_all_the_same() {
    for redirection in [">/dev/full 2>/dev/full", ">&- 2>&-", "2>&1 | true"] {
        let agent =
            Agent::new("file \"@DIR@/a\" {\n\tstate => \"exists\",\n\tcontent => \"a\",\n}\n");
        let script = format!(
            "{{ sleep 0.1; \"$0\" run --tmp-prefix --converged-timeout=0 site.mcl; echo $? >status; }} {redirection}"
        );
        let status = Command::new("sh")
            .args(["-c", &script])
            .arg(binary("mgmt"))
            .current_dir(agent.path(""))
            .status()
            .unwrap();
        assert!(status.success(), "{redirection}");
        agent.wait_for_text("status", "0\n");
        assert_eq!(agent.read("a").as_deref(), Some("a"), "{redirection}");
    }
}

#[test]
fn a_directory_that_goes_is_nothing_to_be_warned_of() {
    let agent = Agent::new(
        "file \"@DIR@/d/\" {\n\tstate => \"exists\",\n}\n\
         file \"@DIR@/d/a\" {\n\tstate => \"exists\",\n\tcontent => \"a\",\n}\n",
    )
    .run(&[]);
    for _ in 0..3 {
        agent.wait_for_text("d/a", "a");
        fs::rename(agent.path("d"), agent.path("gone")).unwrap();
        agent.wait_for_text("d/a", "a");
        fs::remove_dir_all(agent.path("gone")).unwrap();
        // It may be repaired while it is removed.
        let _ = fs::remove_dir_all(agent.path("d"));
    }
    eventually("it is there again", || agent.path("d/a").exists());
    let log = agent.log();
    assert!(
        !log.contains("warning") && !log.contains("inotify"),
        "{log}"
    );
}

#[test]
fn nothing_is_said_to_be_written_that_was_not() {
    let agent =
        Agent::new("file \"@DIR@/a\" {\n\tstate => \"exists\",\n\tcontent => \"new\",\n}\n");
    fs::write(agent.path("a"), "old").unwrap();
    let chattr = |change: &str| {
        let status = Command::new("chattr")
            .arg(change)
            .arg(agent.path("a"))
            .status();
        status.is_ok_and(|status| status.success())
    };
    // Only root may, and not on every file system.
    if !chattr("+i") {
        return;
    }
    let output = agent.command(
        "mgmt",
        &["run", "--tmp-prefix", "--converged-timeout=0", "site.mcl"],
    );
    assert!(chattr("-i"));
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(
        log.contains("is immutable: `chattr -i` permits changing it\n"),
        "{log}"
    );
    assert!(!log.contains("wrote"), "{log}");
}

#[test]
fn two_that_write_one_file_are_told_so() {
    let agent = Agent::new(
        "file \"@DIR@/a\" {\n\tstate => \"exists\",\n\tcontent => \"one\",\n}\n\
         file \"other\" {\n\tpath => \"@DIR@//a\",\n\tstate => \"exists\",\n\tcontent => \"two\",\n}\n",
    )
    .run(&[]);
    agent.wait_for_log("was overwritten by somebody else");
}

#[test]
fn a_warning_names_its_resource() {
    let agent = Agent::new("exec \"x\" {\n\tcmd => \"/bin/true\",\n\tifshell => \"/bin/sh\",\n}\n")
        .run(&[]);
    agent.wait_for_log("exec[x]: `ifshell` does nothing without `ifcmd`");
}

#[test]
fn a_command_that_wakes_itself_is_told_so() {
    let agent = Agent::new(
        "exec \"x\" {\n\tcmd => \"echo x >> @DIR@/d/a\",\n\tshell => \"/bin/sh\",\n\twatchfiles => [\"@DIR@/d/\"],\n}\n",
    );
    fs::create_dir(agent.path("d")).unwrap();
    let agent = agent.run(&[]);
    agent.wait_for_log("exec[x]: the command ran more than 10 times in a minute");
}
