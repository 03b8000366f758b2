//! The hosts themselves.

use std::fs;
use std::process::{Command, Stdio};

use mgmt_tests::agent::{eventually, workspace};
use mgmt_tests::host::Host;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    (
        "boot::a_host_runs_systemd_and_mgmt",
        a_host_runs_systemd_and_mgmt,
    ),
    (
        "boot::hosts_of_one_name_do_not_meet",
        hosts_of_one_name_do_not_meet,
    ),
    (
        "boot::nothing_is_left_of_a_killed_host",
        nothing_is_left_of_a_killed_host,
    ),
    (
        "boot::the_unit_of_the_guide_runs_mgmt",
        the_unit_of_the_guide_runs_mgmt,
    ),
];

fn a_host_runs_systemd_and_mgmt() {
    let host = Host::boot("first");
    assert_eq!(host.run("cat /proc/1/comm; hostname"), "systemd\nfirst");
    assert_eq!(host.run("systemctl --failed --no-legend"), "");
    assert_eq!(host.run("ip -brief link | cut -d ' ' -f 1"), "lo");
    host.converge("file \"/root/a\" {\n\tstate => \"exists\",\n\tcontent => \"a\",\n}\n");
    assert_eq!(host.run("cat /root/a"), "a");
}

/// Of `docs/operating.md`.
fn the_unit_of_the_guide_runs_mgmt() {
    let guide = fs::read_to_string(workspace().join("docs/operating.md")).unwrap();
    let (_, unit) = guide.split_once("```ini\n").unwrap();
    let (unit, _) = unit.split_once("```").unwrap();
    let host = Host::boot("unit");
    host.write("/etc/systemd/system/mgmt.service", unit);
    host.write(
        "/etc/mgmt/main.mcl",
        r#"
file "/root/a" {
	state => "exists",
}
exec "work" {
	cmd => "touch /root/begun; sleep 1; touch /root/done",
	shell => "/bin/sh",
}
"#,
    );
    host.run("systemctl daemon-reload; systemctl enable --quiet --now mgmt");
    host.wait_until("test -e /root/a -a -e /root/begun");
    host.run("systemctl stop mgmt");
    host.run("test -e /root/done; test -d /var/lib/mgmt");
    assert_eq!(host.run("systemctl show -P Result mgmt"), "success");
}

fn hosts_of_one_name_do_not_meet() {
    let (a, b) = (Host::boot("same"), Host::boot("same"));
    let start = "systemd-run --quiet --unit=sleep sleep infinity";
    for host in [&a, &b] {
        host.run("test ! -e /root/mark; touch /root/mark");
        host.run(start);
    }
    a.run("systemctl stop sleep");
    assert_eq!(b.run("systemctl is-active sleep"), "active");
    drop(a);
    assert_eq!(b.run("systemctl is-active sleep"), "active");
}

/// Nobody but the kernel is there to clear up.
fn nothing_is_left_of_a_killed_host() {
    let mut child = Command::new(workspace().join("tests/host/testhost"))
        .args(["hold", "killed"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lifeline = child.stdin.take();
    let mut leader = String::new();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut lines, &mut leader).unwrap();
    let leader = format!("/proc/{}", leader.trim());
    assert!(fs::exists(&leader).unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    drop(lifeline);
    eventually("the host has ended", || !fs::exists(&leader).unwrap());
}
