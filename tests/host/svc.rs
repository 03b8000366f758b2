//! `svc` with a real systemd.

use mgmt_tests::host::Host;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("svc::starts_and_stops", starts_and_stops),
    ("svc::is_started_again_at_once", is_started_again_at_once),
    ("svc::enables_and_disables", enables_and_disables),
    ("svc::a_notification_reloads", a_notification_reloads),
    (
        "svc::a_unit_can_come_with_its_service",
        a_unit_can_come_with_its_service,
    ),
    ("svc::a_unit_may_appear_later", a_unit_may_appear_later),
    ("svc::errors_say_what_to_do", errors_say_what_to_do),
    ("svc::only_root_may", only_root_may),
    (
        "svc::systemd_and_the_bus_may_restart",
        systemd_and_the_bus_may_restart,
    ),
    ("svc::services_of_a_user", services_of_a_user),
];

const SLEEP: &str = "\
[Service]
ExecStart=/bin/sleep infinity
ExecReload=/bin/sh -c 'echo reloaded >>/run/reloads'

[Install]
WantedBy=multi-user.target
";

fn svc(name: &str, parameters: &str) -> String {
    format!("svc \"{name}\" {{\n{parameters}}}\n")
}

fn with_unit(host: &str) -> Host {
    let host = Host::boot(host);
    host.write("/etc/systemd/system/nap.service", SLEEP);
    host
}

fn starts_and_stops() {
    let host = with_unit("starts");
    let noop = host.run("mgmt run --tmp-prefix --noop --converged-timeout=0 lang 'svc \"nap\" { state => \"running\", }' 2>&1");
    assert!(!noop.contains("started"), "{noop}");
    assert_eq!(host.run("systemctl is-active nap || true"), "inactive");

    let log = host.converge(&svc("nap", "\tstate => \"running\",\n"));
    assert!(log.contains("started"), "{log}");
    assert_eq!(host.run("systemctl is-active nap"), "active");
    let log = host.converge(&svc("nap.service", "\tstate => \"running\",\n"));
    assert!(!log.contains("started"), "{log}");

    let log = host.converge(&svc("nap", "\tstate => \"stopped\",\n"));
    assert!(log.contains("stopped"), "{log}");
    assert_eq!(host.run("systemctl is-active nap || true"), "inactive");
    let log = host.converge(&svc("nap", "\tstate => \"stopped\",\n"));
    assert!(!log.contains("stopped"), "{log}");
}

/// From the end of a service until it runs again, in microseconds, by systemd's own clock.
fn repair_time(host: &Host, end: &str) -> u64 {
    let show = |property: &str| host.run(&format!("systemctl show nap --value -p {property}"));
    let pid = show("MainPID");
    host.run(end);
    host.wait_until(&format!(
        "systemctl is-active nap; ! systemctl show nap --value -p MainPID | grep -xE '0|{pid}'"
    ));
    let time = |property: &str| {
        show(&format!("{property}Monotonic"))
            .parse::<u64>()
            .unwrap()
    };
    time("ActiveEnterTimestamp") - time("ActiveExitTimestamp")
}

fn is_started_again_at_once() {
    let host = with_unit("again");
    // systemd itself gives up on what is started too often.
    host.write(
        "/etc/systemd/system/nap.service.d/often.conf",
        "[Unit]\nStartLimitIntervalSec=0\n",
    );
    // And it forgets when a unit has stopped, unless somebody wants it.
    host.write(
        "/etc/systemd/system/keep.target",
        "[Unit]\nWants=nap.service\n",
    );
    host.run("systemctl start keep.target; systemctl stop nap");
    let agent = host.agent(&svc("nap", "\tstate => \"running\",\n"), &[]);
    agent.wait_for_log("started");
    let ends = ["systemctl stop nap", "systemctl kill --signal=KILL nap"];
    for end in ends {
        let mut times: Vec<_> = (0..10).map(|_| repair_time(&host, end)).collect();
        times.sort_unstable();
        eprintln!("repaired after `{end}` in microseconds: {times:?}");
        // It is a few milliseconds if the machine is not busy.
        assert!(times[times.len() / 2] < 500_000, "{times:?}");
    }
}

fn enables_and_disables() {
    let host = with_unit("enables");
    let enabled = |host: &Host| host.run("systemctl is-enabled nap || true");
    let agent = host.agent(&svc("nap", "\tstartup => \"enabled\",\n"), &[]);
    agent.wait_for_log("enabled nap.service");
    assert_eq!(enabled(&host), "enabled");
    assert_eq!(
        host.run("systemctl is-active nap || true"),
        "inactive",
        "`state` is not managed"
    );
    host.run("systemctl disable nap");
    host.wait_until("systemctl is-enabled nap");
    drop(agent);
    host.run("pkill mgmt; while pgrep mgmt; do :; done");
    let log = host.converge(&svc("nap", "\tstartup => \"disabled\",\n"));
    assert!(log.contains("disabled nap.service"), "{log}");
    assert_eq!(enabled(&host), "disabled");
    let log = host.converge(&svc("nap", "\tstartup => \"disabled\",\n"));
    assert!(!log.contains("disabled nap.service"), "{log}");
}

fn a_notification_reloads() {
    let host = with_unit("reloads");
    let program = |text: &str| {
        format!(
            "file \"/etc/nap.conf\" {{\n\tstate => \"exists\",\n\tcontent => \"{text}\",\n\tNotify => Svc[\"nap\"],\n}}\n{}",
            svc("nap", "\tstate => \"running\",\n")
        )
    };
    let agent = host.agent(&program("one"), &[]);
    agent.wait_for_log("started");
    assert!(
        host.try_run("test -e /run/reloads").is_err(),
        "a start serves a notification"
    );
    let pid = host.run("systemctl show nap --value -p MainPID");
    host.save(&program("two"));
    host.wait_until("test -e /run/reloads");
    assert_eq!(host.run("systemctl show nap --value -p MainPID"), pid);
    assert_eq!(host.run("cat /etc/nap.conf"), "two");

    // What can not be reloaded is restarted, and what was changed on the disk is read before.
    host.write(
        "/etc/systemd/system/nap.service",
        &SLEEP.replace("ExecReload", "#"),
    );
    host.save(&program("three"));
    host.wait_until(&format!(
        "p=$(systemctl show nap --value -p MainPID); test $p != 0 && test $p != {pid}"
    ));
    assert_eq!(host.run("wc -l </run/reloads"), "1");
}

fn a_unit_can_come_with_its_service() {
    let host = Host::boot("comes");
    let unit = SLEEP.replace('\n', "\\n");
    host.converge(&format!(
        "svc \"nap\" {{\n\tstate => \"running\",\n\tstartup => \"enabled\",\n}}\n\
         file \"/etc/systemd/system/nap.service\" {{\n\tstate => \"exists\",\n\tcontent => \"{unit}\",\n}}\n"
    ));
    assert_eq!(
        host.run("systemctl is-active nap; systemctl is-enabled nap"),
        "active\nenabled"
    );
    // Instances of templates work like any name.
    host.write("/etc/systemd/system/nap@.service", SLEEP);
    host.converge(&svc(
        "nap@noon",
        "\tstate => \"running\",\n\tstartup => \"enabled\",\n",
    ));
    assert_eq!(
        host.run("systemctl is-active nap@noon; systemctl is-enabled nap@noon"),
        "active\nenabled"
    );
}

fn a_unit_may_appear_later() {
    let host = Host::boot("appears");
    let agent = host.agent(
        &svc("nap", "\tstate => \"stopped\",\n"),
        &["--converger-timeout=0"],
    );
    agent.wait_for_log("converged for");
    host.write("/etc/systemd/system/nap.service", SLEEP);
    host.run("systemctl daemon-reload; systemctl start nap");
    host.wait_until("systemctl is-active nap | grep -q inactive");
    agent.wait_for_log("stopped");
}

fn errors_say_what_to_do() {
    let host = with_unit("errors");
    host.write(
        "/etc/systemd/system/static.service",
        "[Service]\nExecStart=/bin/sleep infinity\n",
    );
    host.write(
        "/etc/systemd/system/once.service",
        "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    );
    host.write(
        "/etc/systemd/system/dies.service",
        "[Service]\nType=notify\nExecStart=/bin/false\n",
    );
    host.write(
        "/etc/systemd/system/broken.service",
        "[Service]\nType=simple\n",
    );
    host.run("ln -s /dev/null /etc/systemd/system/masked.service; systemctl daemon-reload");
    let cases = [
        (
            "naps",
            "state => \"running\"",
            "there is no unit `naps.service`; did you mean `nap.service`?",
        ),
        ("masked", "state => \"running\"", "masked"),
        (
            "masked",
            "startup => \"enabled\"",
            "`systemctl unmask` undoes that",
        ),
        ("static", "startup => \"enabled\"", "no `[Install]` section"),
        ("once", "state => \"running\"", "RemainAfterExit=yes"),
        (
            "dies",
            "state => \"running\"",
            "`journalctl -u dies.service` may tell why",
        ),
        (
            "broken",
            "state => \"running\"",
            "`systemd-analyze verify broken.service` tells why",
        ),
    ];
    for (name, parameter, text) in cases {
        let agent = host.agent(&svc(name, &format!("\t{parameter},\n")), &[]);
        agent.wait_for_log(text);
        drop(agent);
        host.run("pkill mgmt; while pgrep mgmt; do :; done");
    }
}

fn only_root_may() {
    let host = with_unit("root");
    let log = host.run(
        "timeout 5 setpriv --reuid=nobody --regid=nogroup --clear-groups \
         mgmt run --tmp-prefix --converged-timeout=0 lang 'svc \"nap\" { state => \"running\", }' 2>&1 || true",
    );
    assert!(
        log.contains("that takes root, or a polkit rule that permits it"),
        "{log}"
    );
    assert_eq!(host.run("systemctl is-active nap || true"), "inactive");
}

fn systemd_and_the_bus_may_restart() {
    let host = with_unit("restarts");
    let agent = host.agent(&svc("nap", "\tstate => \"running\",\n"), &[]);
    agent.wait_for_log("started");
    for restart in ["systemctl daemon-reexec", "systemctl restart dbus.service"] {
        host.run(restart);
        host.run("systemctl stop nap");
        host.wait_until("systemctl is-active nap");
    }
}

fn services_of_a_user() {
    let host = Host::boot("user");
    host.write("/root/.config/systemd/user/nap.service", SLEEP);
    host.run("loginctl enable-linger root");
    host.wait_until("test -e /run/user/0/bus");
    let program = svc("nap", "\tstate => \"running\",\n\tsession => true,\n");
    host.converge(&program);
    let user = "XDG_RUNTIME_DIR=/run/user/0 systemctl --user";
    assert_eq!(host.run(&format!("{user} is-active nap")), "active");
    assert_eq!(host.run("systemctl is-active nap || true"), "inactive");
    let _agent = host.agent(&program, &[]);
    host.run(&format!("{user} stop nap"));
    host.wait_until(&format!("{user} is-active nap"));
}
