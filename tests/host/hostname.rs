//! `hostname` with a real systemd-hostnamed, and without.

use mgmt_tests::host::Host;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("hostname::sets_and_restores", sets_and_restores),
    ("hostname::each_name_for_itself", each_name_for_itself),
    ("hostname::does_without_hostnamed", does_without_hostnamed),
    ("hostname::writes_into_a_mount", writes_into_a_mount),
];

fn names(host: &Host) -> String {
    host.run("hostnamectl --pretty; hostnamectl --static; hostname")
}

fn sets_and_restores() {
    let host = Host::boot("before");
    let noop = "mgmt run --tmp-prefix --noop --converged-timeout=0 lang 'hostname \"after\" {}'";
    host.run(noop);
    assert_eq!(host.run("hostname; cat /etc/hostname"), "before\nbefore");

    let agent = host.agent("hostname \"after\" {}\n", &[]);
    host.wait_until("test $(hostname) = after");
    agent.wait_for_log("set the static host name");
    assert_eq!(names(&host), "after\nafter\nafter");
    assert_eq!(host.run("cat /etc/hostname"), "after");

    for meddling in [
        "hostname meddled",
        "echo meddled >/etc/hostname",
        "hostnamectl hostname meddled",
        "hostnamectl hostname --pretty meddled",
    ] {
        host.run(meddling);
        host.wait_until("test \"$(hostnamectl --pretty; hostnamectl --static; hostname)\" = \"$(printf 'after\\nafter\\nafter')\"");
    }
    drop(agent);
}

fn each_name_for_itself() {
    let host = Host::boot("before");
    host.converge(
        "hostname \"web1\" {\n\tpretty_hostname => \"The \\\"first\\\" web server\",\n\ttransient_hostname => \"\",\n}\n",
    );
    assert_eq!(
        host.run("hostnamectl --pretty; hostnamectl --static"),
        "The \"first\" web server\nweb1"
    );
    let log = host.converge("hostname \"web1\" {\n\tpretty_hostname => \"\",\n}\n");
    assert!(!log.contains("set the"), "{log}");

    // hostnamed never lets the transient name win over a static one.
    let program =
        "hostname \"dhcp\" {\n\tpretty_hostname => \"\",\n\tstatic_hostname => \"\",\n}\n";
    let agent = host.agent(program, &[]);
    agent.wait_for_log("manage `static_hostname` too");
}

fn does_without_hostnamed() {
    let host = Host::boot("before");
    host.run("systemctl mask --now systemd-hostnamed.service");
    host.write("/etc/machine-info", "CHASSIS=vm\n");
    let program = "hostname \"after\" {\n\tpretty_hostname => \"After that\",\n}\n";
    let agent = host.agent(program, &[]);
    agent.wait_for_log("set the transient host name to `after`");
    assert_eq!(host.run("hostname; cat /etc/hostname"), "after\nafter");
    assert_eq!(
        host.run("cat /etc/machine-info"),
        "CHASSIS=vm\nPRETTY_HOSTNAME=\"After that\""
    );
    host.run("hostname meddled");
    host.wait_until("test $(hostname) = after");
    host.stop(agent);
    let log = host.converge(program);
    assert!(!log.contains("set the"), "{log}");
}

/// Container managers mount the file, so that it can not be replaced.
fn writes_into_a_mount() {
    let host = Host::boot("before");
    host.run("cp /etc/hostname /run/hostname; mount --bind /run/hostname /etc/hostname");
    host.converge("hostname \"after\" {}\n");
    assert_eq!(names(&host), "after\nafter\nafter");
    assert_eq!(host.run("cat /run/hostname"), "after");
    let log = host.converge("hostname \"after\" {}\n");
    assert!(!log.contains("set the"), "{log}");
}
