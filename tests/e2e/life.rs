//! How an agent starts and ends.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::time::Duration;

use mgmt_tests::agent::{Agent, binary, eventually, is_running};
use mgmt_tests::running::Running;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

const FILE: &str = "file \"@DIR@/a\" {\n\tstate => \"exists\",\n\tcontent => \"a\\n\",\n}\n";

#[test]
fn each_signal_ends_a_run_well() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut agent = Agent::new(FILE).run(&[]);
        agent.wait_for_text("a", "a\n");
        agent.signal(signal);
        assert_eq!(agent.wait().code(), Some(0));
        assert!(agent.log().contains("goodbye!"));
    }
}

#[test]
fn a_terminal_that_is_closed_ends_a_run_well() {
    let agent = Agent::new(FILE);
    let mut command = Command::new("env");
    // The tests themselves may run without a terminal.
    command.arg("--default-signal=HUP").arg(binary("mgmt"));
    command.args(["run", "--tmp-prefix", "site.mcl"]);
    let mut running = Running::start(command.current_dir(agent.path("")));
    agent.wait_for_text("a", "a\n");
    kill(Pid::from_raw(running.pid().cast_signed()), Signal::SIGHUP).unwrap();
    assert_eq!(running.wait().code(), Some(0));
    assert!(running.log().contains("interrupted by SIGHUP"));
}

#[test]
fn who_is_to_live_on_without_a_terminal_does() {
    let agent = Agent::new(FILE);
    let script = "trap '' HUP; exec \"$0\" run --tmp-prefix site.mcl";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(binary("mgmt"));
    let mut running = Running::start(command.current_dir(agent.path("")));
    agent.wait_for_text("a", "a\n");
    let pid = Pid::from_raw(running.pid().cast_signed());
    for signal in [Signal::SIGHUP, Signal::SIGTERM] {
        kill(pid, signal).unwrap();
    }
    assert_eq!(running.wait().code(), Some(0));
    let log = running.log();
    assert!(log.contains("interrupted by SIGTERM"), "{log}");
    assert!(!log.contains("SIGHUP"), "{log}");
}

/// As when it is typed in, or comes from a server that does not answer.
#[test]
fn a_program_that_does_not_come_does_not_hold_up_the_end() {
    let mut agent = Agent::new("");
    fs::remove_file(agent.path("site.mcl")).unwrap();
    mkfifo(&agent.path("site.mcl"), Mode::S_IRWXU).unwrap();
    agent = agent.run(&[]);
    agent.wait_for_log("start:");
    agent.signal(Signal::SIGINT);
    assert_eq!(agent.wait().code(), Some(0));
    assert!(agent.log().contains("goodbye!"));
}

#[test]
fn a_picture_that_is_never_done_does_not_hold_up_the_end() {
    let agent = Agent::new(FILE);
    fs::write(
        agent.path("dot"),
        "#!/bin/sh\necho $$ >pid\nexec sleep 1000\n",
    )
    .unwrap();
    fs::set_permissions(agent.path("dot"), Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", agent.path("").display());
    let mut command = Command::new(binary("mgmt"));
    command
        .args(["run", "--tmp-prefix", "--graphviz=graph.dot", "site.mcl"])
        .env("PATH", path);
    let mut running = Running::start(command.current_dir(agent.path("")));
    let painter = agent.pid_in("pid");
    kill(Pid::from_raw(running.pid().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(running.wait().code(), Some(0));
    assert!(running.log().contains("is given up"), "{}", running.log());
    eventually("nobody paints any more", || !is_running(&painter));
}

/// Whoever gives up on a plan leaves nothing behind.
#[test]
fn a_plan_that_is_interrupted_ends_what_it_began() {
    let agent = Agent::new(
        "exec \"x\" {\n\tcmd => \"/bin/true\",\n\tifcmd => \"echo $$ >@DIR@/pid; sleep 1000\",\n\t\
         ifshell => \"/bin/sh\",\n}\n",
    );
    let temporary = agent.path("temporary");
    fs::create_dir(&temporary).unwrap();
    let prefix = agent.path("nothing").display().to_string();
    let mut command = Command::new(binary("mgmt"));
    command
        .args(["plan", "--prefix", &prefix, "site.mcl"])
        .env("TMPDIR", &temporary);
    let mut running = Running::start(command.current_dir(agent.path("")));
    let looking = agent.pid_in("pid");
    kill(Pid::from_raw(running.pid().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(running.wait().code(), Some(1));
    assert!(running.log().contains("interrupted"), "{}", running.log());
    eventually("nobody looks any more", || !is_running(&looking));
    assert_eq!(fs::read_dir(temporary).unwrap().count(), 0);
}

#[test]
fn a_log_says_who_speaks_and_how_far_it_is() {
    let program = format!(
        "{FILE}file \"@DIR@/d/\" {{ state => \"exists\", }}\nfile \"@DIR@/d/b\" {{ state => \"exists\", }}\n"
    );
    let mut agent = Agent::new(&program).run(&["--converged-timeout=0", "--log=debug"]);
    assert_eq!(agent.wait().code(), Some(0));
    let path = |name: &str| agent.path(name).display().to_string();
    let log = agent.log();
    let mut rest = &*log;
    for line in [
        "main: start: ".to_owned(),
        "main: running...".to_owned(),
        format!(
            "engine: autoedge: file[{}] -> file[{}]",
            path("d/"),
            path("d/b")
        ),
        "engine: graph: Vertices(3), Edges(1)".to_owned(),
        format!("engine: file[{}]: created ", path("a")),
        "main: converger: converged for 0 seconds".to_owned(),
        "main: converger: converged for 0 seconds, exiting!".to_owned(),
        "main: destroy...".to_owned(),
        "engine: waiting...".to_owned(),
        "main: goodbye!".to_owned(),
    ] {
        let Some((_, after)) = rest.split_once(&line) else {
            panic!("`{line}` is missing, or at another place:\n{log}");
        };
        rest = after;
    }
}

/// Each program notes its start; the second one would come after the first, and is polled: it has no watch that may
/// not be there yet when the first one runs.
fn chain(first: &str) -> String {
    format!(
        "exec \"first\" {{\n\tcmd => \"touch @DIR@/started; {first}\",\n\tshell => \"/bin/sh\",\n\
         \tBefore => File[\"@DIR@/second\"],\n}}\nfile \"@DIR@/second\" {{\n\tstate => \"exists\",\n\tMeta:poll => 1000,\n}}\n"
    )
}

fn run_chain(first: &str) -> Agent {
    let agent = Agent::new(&chain(first)).run(&[]);
    eventually("the first one runs", || agent.path("started").exists());
    agent
}

#[test]
fn the_first_signal_lets_what_is_running_complete_and_the_chain_run_to_its_end() {
    let mut agent = run_chain("while ! test -e @DIR@/go; do sleep 0.01; done");
    agent.signal(Signal::SIGINT);
    agent.wait_for_log("interrupted by ^C");
    fs::write(agent.path("go"), "").unwrap();
    assert_eq!(agent.wait().code(), Some(0));
    assert!(agent.path("second").exists());
}

#[test]
fn the_second_signal_cancels_what_is_running() {
    let mut agent = run_chain("exec sleep 1000");
    agent.signal(Signal::SIGINT);
    agent.wait_for_log("interrupted by ^C");
    agent.signal(Signal::SIGTERM);
    assert_eq!(agent.wait().code(), Some(0));
    let log = agent.log();
    assert!(log.contains("(soft interrupt)"), "{log}");
    assert!(!log.contains("Error"), "{log}");
    assert!(!agent.path("second").exists());
}

#[test]
fn the_third_signal_kills_what_does_not_listen() {
    let mut agent = run_chain("trap '' TERM INT; while true; do sleep 0.01; done");
    for rung in ["interrupted by ^C", "(soft interrupt)", "(hard interrupt)"] {
        agent.signal(Signal::SIGINT);
        agent.wait_for_log(rung);
    }
    assert_eq!(agent.wait().code(), Some(0));
}

/// A service manager signals once, and kills later. This takes as long as a rung does.
#[test]
fn a_single_sigterm_climbs_by_itself() {
    let start = std::time::Instant::now();
    let mut agent = run_chain("exec sleep 1000");
    agent.signal(Signal::SIGTERM);
    agent.wait_for_log("interrupted by the time limit (soft interrupt)");
    assert!(start.elapsed() >= Duration::from_secs(15));
    assert_eq!(agent.wait().code(), Some(0));
    assert!(!agent.path("second").exists());
}

#[test]
fn passwords_in_names_are_not_logged() {
    let program = "exec \"ssh://user:secret@host/\" {\n\tcmd => \"/bin/false\",\n}\n";
    for format in ["--log-format=text", "--log-format=json"] {
        let mut agent = Agent::new(program).run(&["--converged-timeout=0", format]);
        assert_eq!(agent.wait().code(), Some(0));
        let log = agent.log();
        assert!(log.contains("ssh://user:***@host/"), "{log}");
        assert!(!log.contains("secret"), "{log}");
    }
    let agent = Agent::new(program);
    for format in ["--format=human", "--format=json"] {
        let plan = agent.command("mgmt", &["plan", format, "site.mcl"]);
        let text = String::from_utf8_lossy(&plan.stdout);
        assert!(text.contains("ssh://user:***@host/"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn a_background_worker_lives_as_long_as_its_kind_is_in_the_graph() {
    let agent = Agent::new("test \"t\" {}\n").run(&["--log=debug"]);
    agent.wait_for_log("background(test): ready");
    agent.wait_for_log("background(test): tick");
    assert!(!agent.log().contains("background(test): ended"));
    agent.save("");
    agent.wait_for_log("background(test): ended");
}

#[test]
fn noop_changes_nothing() {
    let mut agent = Agent::new(FILE).run(&["--noop", "--converged-timeout=0"]);
    assert_eq!(agent.wait().code(), Some(0));
    assert_eq!(agent.read("a"), None);
}

/// This takes as long as a rung does.
#[test]
fn the_time_limit_also_ends_what_would_run_for_ever() {
    let mut agent = Agent::new(&chain("exec sleep 1000")).run(&["--max-runtime=1"]);
    agent.wait_for_log("the limit of --max-runtime is reached");
    agent.wait_for_log("interrupted by the time limit");
    assert_eq!(agent.wait().code(), Some(1));
    assert!(!agent.path("second").exists());
}

#[test]
fn the_time_limit_is_an_error() {
    let mut agent = Agent::new(FILE).run(&["--max-runtime=1"]);
    assert_eq!(agent.wait().code(), Some(1));
    assert!(agent.log().contains("--max-runtime"));
}

#[test]
fn an_exit_resource_gives_the_status() {
    let mut agent = Agent::new("exit \"now\" {\n\tcode => 42,\n}\n").run(&[]);
    assert_eq!(agent.wait().code(), Some(42));
}

#[test]
fn convergence_is_told() {
    let status = |agent: &Agent| agent.read("status");
    let mut agent = Agent::new(FILE).run(&[
        "--converger-timeout=0",
        "--converged-exit",
        "--converger-status-file=status",
    ]);
    assert_eq!(agent.wait().code(), Some(0));
    assert_eq!(status(&agent).as_deref(), Some("true\n"));
    assert_eq!(agent.read("a").as_deref(), Some("a\n"));
}

#[test]
fn failures_are_told_by_the_status_if_asked_for() {
    let program = format!(
        "exec \"no\" {{\n\tcmd => \"/bin/false\",\n\tBefore => File[\"@DIR@/a\"],\n}}\n{FILE}"
    );
    let mut agent = Agent::new(&program).run(&["--converged-timeout=0"]);
    assert_eq!(agent.wait().code(), Some(0));
    let flags = ["--converged-timeout=0", "--report-failures"];
    let mut agent = agent.run(&flags);
    assert_eq!(agent.wait().code(), Some(2));
    assert!(agent.log().contains("1 resources failed, 1 did not run"));
    agent.save(FILE);
    assert_eq!(agent.run(&flags).wait().code(), Some(0));
}

#[test]
fn two_agents_can_not_share_a_prefix() {
    let agent = Agent::new(FILE).run(&[]);
    agent.wait_for_text("a", "a\n");
    let second = agent.command("mgmt", &["run", "--prefix=prefix", "site.mcl"]);
    assert_eq!(second.status.code(), Some(1));
    let log = String::from_utf8_lossy(&second.stderr);
    assert!(log.contains("is used by another process"), "{log}");
}

#[test]
fn graphs_are_drawn() {
    let program = r#"
print "a" {}
print "b" {}
Print["a"] -> Print["b"]
file "@DIR@/d/" { state => "exists", }
file "@DIR@/d/f" { state => "exists", }
"#;
    let mut agent = Agent::new(program).run(&["--converged-timeout=0", "--graphviz=graph.dot"]);
    assert_eq!(agent.wait().code(), Some(0));
    let text = agent.read("graph.dot").unwrap_or_default();
    assert!(text.starts_with("digraph"), "{text}\n{}", agent.log());
    let edges: Vec<_> = text.lines().filter(|line| line.contains(" -> ")).collect();
    assert_eq!(edges.len(), 2, "declared and automatic: {text}");
}

/// As when a file is on a server that does not answer.
#[test]
fn a_look_that_takes_for_ever_does_not_hold_up_the_end() {
    let program = "import \"os\"\nfile \"@DIR@/a\" {\n\tstate => \"exists\",\n\t\
                   content => os.readfile(\"@DIR@/pipe\"),\n}\n";
    let mut agent = Agent::new(program);
    mkfifo(&agent.path("pipe"), Mode::S_IRWXU).unwrap();
    agent = agent.run(&[]);
    agent.wait_for_log("start:");
    agent.signal(Signal::SIGINT);
    agent.wait_for_log("goodbye!");
    assert_eq!(agent.wait().code(), Some(0));
}

/// As when it is checked out anew, or copied by a tool that removes it first.
#[test]
fn a_program_that_goes_and_comes_back_is_run() {
    let agent = Agent::new(FILE).run(&[]);
    agent.wait_for_text("a", "a\n");
    fs::remove_file(agent.path("site.mcl")).unwrap();
    agent.wait_for_log("the running one stays as it is");
    fs::create_dir(agent.path("site.mcl")).unwrap();
    fs::remove_dir(agent.path("site.mcl")).unwrap();
    agent.save(&FILE.replace("a\\n", "b\\n"));
    agent.wait_for_text("a", "b\n");
}

/// Under sudo, the program that makes the picture has no more rights than who called it.
#[test]
fn a_picture_is_made_with_the_rights_of_who_wants_it() {
    let agent = Agent::new("print \"a\" {}\n");
    // Only root can act for others.
    if fs::metadata(agent.path("site.mcl")).unwrap().uid() != 0 {
        return;
    }
    fs::set_permissions(agent.path(""), Permissions::from_mode(0o777)).unwrap();
    fs::write(
        agent.path("dot"),
        "#!/bin/sh\n{ id -u; id -g; cat \"$4\"; } >\"$3\"\n",
    )
    .unwrap();
    fs::set_permissions(agent.path("dot"), Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", agent.path("").display());
    let output = Command::new(binary("mgmt"))
        .args([
            "run",
            "--tmp-prefix",
            "--converged-timeout=0",
            "--graphviz=graph.dot",
            "site.mcl",
        ])
        .envs([
            ("PATH", &*path),
            ("SUDO_UID", "65533"),
            ("SUDO_GID", "65532"),
        ])
        .current_dir(agent.path(""))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    let picture = agent.read("graph.dot.png").unwrap_or_default();
    assert!(
        picture.starts_with("65533\n65532\ndigraph"),
        "{picture}\n{log}"
    );
}

#[test]
fn a_log_can_be_read_by_programs() {
    let mut agent =
        Agent::new("$unused = 1\n").run(&["--converged-timeout=0", "--log-format=json"]);
    assert_eq!(agent.wait().code(), Some(0));
    let log = agent.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line["code"] == "W0801" && line["line"] == 1)
    );
    assert!(
        lines
            .iter()
            .all(|line| line["time"].is_string() && line["component"].is_string())
    );
}

#[test]
fn lang_may_stand_before_the_program() {
    let agent = Agent::new(FILE);
    let arguments = [
        "run",
        "--tmp-prefix",
        "lang",
        "site.mcl",
        "--converged-timeout=0",
    ];
    let output = agent.command("mgmt", &arguments);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(agent.read("a").as_deref(), Some("a\n"));
    let entries = fs::read_dir(agent.path(".")).unwrap().count();
    assert_eq!(entries, 2, "only the program and its file are left");
    let output = agent.command("mgmt", &["check", "lang", "site.mcl"]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_status_is_false_again_when_something_changes() {
    let agent = Agent::new(FILE).run(&["--converger-timeout=0", "--converger-status-file=status"]);
    agent.wait_for_text("status", "true\n");
    agent.save(&FILE.replace("a\\n", "b\\n"));
    agent.wait_for_text("status", "true\nfalse\ntrue\n");
    assert_eq!(agent.read("a").as_deref(), Some("b\n"));
}

/// Whatever instant it is killed at, an agent leaves no file that is neither old nor new, and its successor
/// clears up.
#[test]
fn a_kill_leaves_nothing_by_halves() {
    const FILES: usize = 200;
    let program = |version: &str| {
        let mut program = format!(
            "file \"@DIR@/out/\" {{\n\tstate => \"exists\",\n}}\n$text = \"{}\"\n",
            version.repeat(1 << 16)
        );
        for i in 0..FILES {
            program += &format!(
                "file \"@DIR@/out/f{i}\" {{\n\tstate => \"exists\",\n\tcontent => \"{i} ${{text}}\",\n\
                 \tDepend => File[\"@DIR@/out/\"],\n}}\n"
            );
        }
        program
    };
    let whole = |version: &str, i: usize| format!("{i} {}", version.repeat(1 << 16));
    let mut agent = Agent::new("");
    let versions = ["a", "b", "c", "d"];
    for (version, written) in versions.iter().zip([200, 1, 60, 150]) {
        agent.save(&program(version));
        agent = agent.run(&[]);
        eventually("enough files are written", || {
            let new = |i: &usize| agent.read(format!("out/f{i}")) == Some(whole(version, *i));
            (0..FILES).filter(new).take(written).count() == written
        });
        agent.signal(Signal::SIGKILL);
        assert!(!agent.wait().success());
        for i in 0..FILES {
            let text = agent.read(format!("out/f{i}"));
            let is_whole = |version: &&str| text.as_ref() == Some(&whole(version, i));
            assert!(versions.iter().any(is_whole), "f{i} after {version}");
        }
    }
    let mut agent = agent.run(&["--converged-timeout=0"]);
    assert!(agent.wait().success());
    for i in 0..FILES {
        assert_eq!(agent.read(format!("out/f{i}")), Some(whole("d", i)), "{i}");
    }
    let count = fs::read_dir(agent.path("out")).unwrap().count();
    assert_eq!(count, FILES, "nothing but the files is left");
}
