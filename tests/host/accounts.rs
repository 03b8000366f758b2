//! `user`, `group` and `line` on a real host.

use mgmt_tests::host::Host;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("accounts::come_change_and_go", come_change_and_go),
    ("accounts::are_repaired", are_repaired),
    (
        "accounts::a_number_belongs_to_one_account",
        a_number_belongs_to_one_account,
    ),
];

/// The example, with its group and account in this state.
fn example(state: &str) -> String {
    include_str!("../../examples/accounts.mcl").replacen("\"exists\"", &format!("\"{state}\""), 2)
}

fn come_change_and_go() {
    let host = Host::boot("accounts");
    let log = host.converge(&example("exists"));
    assert!(log.contains("ran `groupadd`"), "{log}");
    assert!(log.contains("ran `useradd`"), "{log}");
    assert_eq!(
        host.run("getent passwd deploy"),
        "deploy:x:4100:4100::/srv/deploy:/bin/bash"
    );
    assert_eq!(host.run("id -nG deploy"), "deploy adm");
    assert_eq!(host.run("cat /etc/cron.allow"), "deploy");

    let log = host.converge(&example("exists"));
    assert!(!log.contains("ran `"), "{log}");

    let changed = example("exists")
        .replace("\"adm\"", "\"users\"")
        .replace("gid => 4100", "gid => 4200");
    let log = host.converge(&changed);
    assert!(log.contains("ran `groupmod`"), "{log}");
    assert!(log.contains("ran `usermod`"), "{log}");
    assert_eq!(host.run("id -nG deploy"), "deploy users");
    assert_eq!(host.run("getent group deploy"), "deploy:x:4200:");

    // The account goes before its main group, whatever the order in the program.
    host.converge(&example("absent"));
    host.run("! getent passwd deploy; ! getent group deploy");
}

fn are_repaired() {
    let host = Host::boot("repaired");
    let agent = host.agent(&example("exists"), &[]);
    agent.wait_for_log("ran `useradd`");
    host.wait_until("grep deploy /etc/cron.allow");
    host.run("usermod --shell /bin/sh deploy");
    host.wait_until("getent passwd deploy | grep /bin/bash");
    host.run("gpasswd --delete deploy adm");
    host.wait_until("id -nG deploy | grep adm");
    host.run("userdel deploy");
    host.wait_until("id -nG deploy | grep adm");
    host.run("sed -i /deploy/d /etc/cron.allow");
    host.wait_until("grep deploy /etc/cron.allow");
}

fn a_number_belongs_to_one_account() {
    let host = Host::boot("number");
    host.run("useradd --uid 4100 other");
    let user = "user \"deploy\" {\n\tstate => \"exists\",\n\tuid => 4100,\n}\n";
    let agent = host.agent(user, &[]);
    agent.wait_for_log("the uid 4100 belongs to the account `other`");
    drop(agent);
    host.run("pkill mgmt; while pgrep mgmt; do :; done");
    host.converge(&user.replace("uid =>", "allowduplicateuid => true,\n\tuid =>"));
    assert_eq!(host.run("id -u deploy"), "4100");
}
