//! What happens at the limits of the system.

use std::process::Command;

use mgmt_tests::agent::{Agent, binary, eventually};
use mgmt_tests::running::Running;

/// In a user namespace with a limit of its own, which any user may make.
#[test]
fn few_inotify_watches_are_warned_of_and_hold_nothing_up() {
    let file = |name: &str| {
        format!(
            "file \"@DIR@/{name}/a\" {{\n\tstate => \"exists\",\n\tcontent => \"{name}\",\n}}\n"
        )
    };
    let agent = Agent::new(&(0..50).map(|i| file(&i.to_string())).collect::<String>());
    for i in 0..50 {
        std::fs::create_dir(agent.path(i.to_string())).unwrap();
    }
    let script = "echo 10 > /proc/sys/user/max_inotify_watches; exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "sh", "-euc", script])
        .arg(binary("mgmt"))
        .args(["run", "--prefix"])
        .arg(agent.path("prefix"))
        .arg(agent.path("site.mcl"));
    let running = Running::start(&mut command);
    running.wait_for_log("`sysctl fs.inotify.max_user_watches=");
    eventually("all files are there", || {
        (0..50).all(|i| agent.read(format!("{i}/a")) == Some(i.to_string()))
    });
    let log = running.log();
    assert_eq!(log.matches("max_user_watches=").count(), 1, "{log}");
}
