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
    ("accounts::groups_settle", groups_settle),
    ("accounts::errors_say_what_to_do", errors_say_what_to_do),
    ("accounts::a_lock_is_waited_for", a_lock_is_waited_for),
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
    host.stop(agent);
    host.converge(&user.replace("uid =>", "allowduplicateuid => true,\n\tuid =>"));
    assert_eq!(host.run("id -u deploy"), "4100");
}

/// However the groups of an account are written, there comes an end.
fn groups_settle() {
    let host = Host::boot("settle");
    host.run("groupadd --gid 5000 one; groupadd --gid 5000 --non-unique same");
    let account = |parameters: &str| {
        format!("user \"deploy\" {{\n\tstate => \"exists\",\n\t{parameters},\n}}\n")
    };
    for parameters in [
        "gid => 100, groups => [\"users\", \"adm\", \"adm\"]",
        "groups => [\"same\"]",
        "group => \"same\", groups => [\"users\"]",
    ] {
        host.converge(&account(parameters));
        let log = host.converge(&account(parameters));
        assert!(!log.contains("ran `"), "{parameters}: {log}");
    }
    assert_eq!(host.run("id -G deploy"), "5000 100");
}

fn errors_say_what_to_do() {
    let host = Host::boot("errors");
    host.run(
        "useradd busy; useradd other; systemd-run --quiet --uid=busy sleep infinity; \
         mkdir -p /run/later; while ! pgrep -u busy; do sleep 0.02; done",
    );
    let cases = [
        (
            "user \"busy\" { state => \"absent\", }",
            "; `loginctl terminate-user busy` ends all that the user runs",
        ),
        (
            "user \"lonely\" { state => \"exists\", groups => [\"nobodies\"], }",
            "group 'nobodies' does not exist; a `group` resource can make it",
        ),
        (
            "group \"other\" { state => \"absent\", }",
            "that account has to go, or to get another main group, before",
        ),
        (
            "group \"taken\" { state => \"exists\", gid => 0, }",
            "the gid 0 belongs to the group `root`",
        ),
    ];
    let program: String = cases.iter().map(|(line, _)| format!("{line}\n")).collect();
    let agent = host.agent(&program, &[]);
    for (_, text) in cases {
        agent.wait_for_log(text);
    }
    drop(agent);
    let log = host.run(
        "timeout 8 setpriv --reuid=nobody --regid=nogroup --clear-groups \
         mgmt run --tmp-prefix --converged-timeout=0 lang 'user \"new\" { state => \"exists\", }' 2>&1",
    );
    assert!(log.contains("; that takes root"), "{log}");
}

fn a_lock_is_waited_for() {
    let host = Host::boot("lock");
    // `lckpwdf`, which all of these programs call before they change anything.
    host.write(
        "/root/lock",
        "use Fcntl; open(F, '>>', '/etc/.pwd.lock') or die; my $lock = pack('s s q q i', F_WRLCK, 0, 0, 0, 0); fcntl(F, F_SETLK, $lock) or die; \
         open(L, '>', '/run/locked'); close(L); sleep 60;",
    );
    host.run("systemd-run --quiet --unit=lock perl /root/lock");
    host.wait_until("test -e /run/locked");
    let agent = host.agent("user \"deploy\" { state => \"exists\", }\n", &[]);
    host.wait_until("pgrep useradd");
    host.run("systemctl stop lock");
    agent.wait_for_log("ran `useradd`");
}
