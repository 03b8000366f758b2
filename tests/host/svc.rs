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
    ("svc::a_bad_unit_is_stopped", a_bad_unit_is_stopped),
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
    let pid = host.run(&format!("systemctl show nap --value -p MainPID; {end}"));
    host.wait_until(&format!(
        "systemctl is-active nap; ! systemctl show nap --value -p MainPID | grep -xE '0|{pid}'"
    ));
    let times = host
        .run("systemctl show nap -p ActiveEnterTimestampMonotonic,ActiveExitTimestampMonotonic");
    let time = |property: &str| {
        let mut lines = times.lines();
        let value = lines.find_map(|line| line.strip_prefix(property)?.strip_prefix('='));
        value.unwrap().parse::<u64>().unwrap()
    };
    time("ActiveEnterTimestampMonotonic") - time("ActiveExitTimestampMonotonic")
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
    host.stop(agent);
    // It may be so for good and, besides, until the next boot.
    host.run("systemctl enable --runtime nap");
    let log = host.converge(&svc("nap", "\tstartup => \"disabled\",\n"));
    assert_eq!(log.matches("disabled nap.service").count(), 1, "{log}");
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
        SLEEP.replace("ExecReload", "#"),
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
    let unit = |name: &str, text: &str| {
        host.write(&format!("/etc/systemd/system/{name}.service"), text);
    };
    unit("static", "[Service]\nExecStart=/bin/sleep infinity\n");
    unit("once", "[Service]\nType=oneshot\nExecStart=/bin/true\n");
    unit(
        "dies",
        "[Service]\nType=notify\nExecStart=/bin/sh -c 'exit 3'\n",
    );
    unit("lost", "[Service]\nType=exec\nExecStart=/no/such/program\n");
    unit(
        "slow",
        "[Service]\nType=notify\nTimeoutStartSec=1\nExecStart=/bin/sleep infinity\n",
    );
    unit(
        "never",
        "[Unit]\nConditionPathExists=!/etc\n[Service]\nExecStart=/bin/sleep infinity\n",
    );
    unit(
        "asserts",
        "[Unit]\nAssertPathExists=/nowhere\n[Service]\nExecStart=/bin/sleep infinity\n",
    );
    unit(
        "needs",
        "[Unit]\nRequires=late.service\nAfter=late.service\n[Service]\nExecStart=/bin/sleep infinity\n",
    );
    unit("late", "[Service]\nType=notify\nExecStart=/bin/false\n");
    unit(
        "often",
        "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=1\n[Service]\nType=notify\nExecStart=/bin/false\n",
    );
    unit("broken", "[Service]\nType=simple\n");
    host.run(
        "cd /etc/systemd/system; ln -s /dev/null masked.service; ln -s /dev/null hidden.service; \
         ln -s nowhere.service dangling.service; systemctl daemon-reload; ! systemctl start often",
    );
    let running = "state => \"running\"";
    let enabled = "startup => \"enabled\"";
    let cases = [
        (
            "naps",
            running,
            "there is no unit `naps.service`; did you mean `nap.service`?",
        ),
        (
            "masked",
            running,
            "`systemctl unmask masked.service` undoes that",
        ),
        ("hidden", enabled, "`systemctl unmask` undoes that"),
        ("static", enabled, "no `[Install]` section"),
        ("once", running, "RemainAfterExit=yes"),
        (
            "dies",
            running,
            "can't start `dies.service`: its main process ended with status 3; `journalctl -u dies.service` may tell more",
        ),
        (
            "lost",
            running,
            "systemd could not run its program (status 203)",
        ),
        (
            "slow",
            running,
            "can't start `slow.service`: it took too long",
        ),
        (
            "never",
            running,
            "inactive because `ConditionPathExists=!/etc` does not hold",
        ),
        (
            "asserts",
            running,
            "can't start `asserts.service`: `AssertPathExists=/nowhere` does not hold",
        ),
        (
            "needs",
            running,
            "can't start `needs.service`: something that it needs has failed",
        ),
        (
            "often",
            running,
            "`systemctl reset-failed often.service` permits it at once",
        ),
        (
            "broken",
            running,
            "`systemd-analyze verify broken.service` tells why",
        ),
        (
            "dangling",
            running,
            "the file of the unit `dangling.service` can not be used",
        ),
    ];
    let program: String = cases
        .iter()
        .map(|(name, parameter, _)| svc(name, &format!("\t{parameter},\n")))
        .collect();
    let agent = host.agent(&program, &[]);
    for (name, _, text) in cases {
        agent.wait_for_log(&format!("error: svc[{name}]"));
        agent.wait_for_log(text);
    }
}

/// What can not be started need not be good to be stopped.
fn a_bad_unit_is_stopped() {
    let host = with_unit("bad");
    host.run(
        "systemctl start nap; cd /etc/systemd/system; echo '[Service]' >nap.service; \
         ln -s nowhere.service dangling.service; mkdir directory.service; systemctl daemon-reload",
    );
    let stopped = "\tstate => \"stopped\",\n\tstartup => \"disabled\",\n";
    let names = ["nap", "dangling", "directory", "nowhere"];
    let program: String = names.iter().map(|name| svc(name, stopped)).collect();
    let log = host.converge(&program);
    assert!(!log.contains("error"), "{log}");
    host.run("! systemctl is-active nap");
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
    let program = svc("nap", "\tstate => \"running\",\n\tsession => true,\n");
    let mut agent = host.agent(&program, &["--converged-timeout=0", "--max-runtime=60"]);
    agent.wait();
    let hint = "after `loginctl enable-linger USER`";
    assert!(agent.log().contains(hint), "{}", agent.log());
    host.run("loginctl enable-linger root");
    host.wait_until("test -e /run/user/0/bus");
    host.converge(&program);
    let user = "XDG_RUNTIME_DIR=/run/user/0 systemctl --user";
    assert_eq!(host.run(&format!("{user} is-active nap")), "active");
    assert_eq!(host.run("systemctl is-active nap || true"), "inactive");
    let _agent = host.agent(&program, &[]);
    host.run(&format!("{user} stop nap"));
    host.wait_until(&format!("{user} is-active nap"));
}
