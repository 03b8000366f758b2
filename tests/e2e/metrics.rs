//! The metrics of a running agent, and where they are served.

use std::collections::BTreeMap;
use std::net::TcpStream;

use mgmt_tests::agent::{Agent, eventually};
use mgmt_tests::http;
use nix::sys::signal::Signal;

fn start(program: &str, flags: &[&str]) -> (Agent, String) {
    let flags = [flags, &["--prometheus", "--prometheus-listen=127.0.0.1:0"]].concat();
    let agent = Agent::new(program).run(&flags);
    agent.wait_for_log("/metrics");
    let log = agent.log();
    let (_, address) = log.split_once("metrics: http://").unwrap();
    let address = address.split("/metrics").next().unwrap().to_owned();
    (agent, address)
}

/// Every series that is not nought.
fn counted(address: &str) -> BTreeMap<String, f64> {
    let (status, text) = http::get(address, "/metrics");
    assert_eq!(status, 200, "{text}");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .filter(|(_, value)| *value != 0.0)
        .collect()
}

fn value(address: &str, series: &str) -> f64 {
    counted(address).get(series).copied().unwrap_or_default()
}

#[test]
fn failures_come_and_go_in_the_metrics() {
    let program = "exec \"later\" {\n\tcmd => \"/usr/bin/test\",\n\targs => [\"-e\", \"@DIR@/there\"],\n\
                   \tMeta:retry => -1,\n\tMeta:delay => 10,\n\tBefore => File[\"@DIR@/after\"],\n}\n\
                   file \"@DIR@/after\" {\n\tstate => \"exists\",\n}\n";
    let (agent, address) = start(program, &["--converger-timeout=0"]);
    let soft = "{kind=\"exec\",failure=\"soft\"}";
    let failing = format!("mgmt_failures{soft}");
    let failed =
        "mgmt_checkapply_total{kind=\"exec\",apply=\"true\",eventful=\"true\",errorful=\"true\"}";
    eventually("it has failed twice", || value(&address, failed) >= 2.0);
    assert_eq!(value(&address, &failing), 1.0);
    std::fs::write(agent.path("there"), "").unwrap();
    eventually("everything is done", || {
        value(&address, "mgmt_converged") == 1.0
    });
    let counted = counted(&address);
    assert_eq!(counted.get(&failing), None);
    // However often it was tried, it began to fail once.
    assert_eq!(
        counted.get(&format!("mgmt_failures_total{soft}")),
        Some(&1.0)
    );
    assert_eq!(counted.get("mgmt_resources{kind=\"file\"}"), Some(&1.0));
    assert!(agent.path("after").exists());
    agent.save("");
    eventually("nothing is managed", || {
        value(&address, "mgmt_resources{kind=\"exec\"}") == 0.0
    });
    assert_eq!(value(&address, "mgmt_graph_switches_total"), 2.0);
}

#[test]
fn a_graph_that_is_refused_is_counted_and_changes_nothing() {
    let good = "file \"@DIR@/a\" {\n\tstate => \"exists\",\n}\n";
    let (agent, address) = start(good, &[]);
    eventually("the file is there", || agent.path("a").exists());
    assert_eq!(value(&address, "mgmt_graph_rejections_total"), 0.0);
    // A directory can not be undone, which shows when the resource is to be made.
    agent.save(
        &good
            .replace("/a\"", "/d/\"")
            .replace("}", "\tMeta:reverse => true,\n}"),
    );
    agent.wait_for_log("the running graph stays as it is");
    assert_eq!(value(&address, "mgmt_graph_rejections_total"), 1.0);
    assert_eq!(value(&address, "mgmt_graph_switches_total"), 1.0);
    std::fs::remove_file(agent.path("a")).unwrap();
    eventually("the former graph runs on", || agent.path("a").exists());
    assert!(!agent.path("d").exists());
}

/// Monitoring is a special case (engine.md §11): whoever may change nothing tells what is the matter.
#[test]
fn noop_watches_without_touching() {
    let program = "file \"@DIR@/a\" {\n\tstate => \"exists\",\n\tcontent => \"a\\n\",\n}\n";
    let (agent, address) = start(program, &["--noop", "--converger-timeout=0"]);
    let looked = |eventful: bool| {
        let labels =
            format!("kind=\"file\",apply=\"false\",eventful=\"{eventful}\",errorful=\"false\"");
        value(&address, &format!("mgmt_checkapply_total{{{labels}}}"))
    };
    eventually("the file is missing", || looked(true) >= 1.0);
    assert!(!agent.path("a").exists());
    std::fs::write(agent.path("a"), "a\n").unwrap();
    eventually("it is as it should be", || looked(false) >= 1.0);
    let before = looked(true);
    std::fs::write(agent.path("a"), "other\n").unwrap();
    eventually("it is not", || looked(true) > before);
    assert_eq!(agent.read("a").as_deref(), Some("other\n"));
    let changes =
        "mgmt_checkapply_total{kind=\"file\",apply=\"true\",eventful=\"true\",errorful=\"false\"}";
    assert_eq!(value(&address, changes), 0.0);
}

#[test]
fn the_server_ends_with_the_agent() {
    let (mut agent, address) = start("", &[]);
    let (status, _) = http::get(&address, "/");
    assert_eq!(status, 404);
    // Who is connected and says nothing does not hold it up for long.
    let _idle = TcpStream::connect(&address).unwrap();
    agent.signal(Signal::SIGTERM);
    assert_eq!(agent.wait().code(), Some(0));
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn an_address_that_is_taken_ends_the_start() {
    let (agent, address) = start("", &[]);
    let flag = format!("--prometheus-listen={address}");
    let second = agent.command(
        "mgmt",
        &["run", "--tmp-prefix", "--prometheus", &flag, "site.mcl"],
    );
    assert_eq!(second.status.code(), Some(1));
    let log = String::from_utf8_lossy(&second.stderr);
    assert!(
        log.contains(&address) && log.contains("choose another port"),
        "{log}"
    );
    let third = agent.command(
        "mgmt",
        &[
            "run",
            "--prometheus",
            "--prometheus-listen=9233",
            "site.mcl",
        ],
    );
    assert_eq!(third.status.code(), Some(2));
    let log = String::from_utf8_lossy(&third.stderr);
    assert!(log.contains("expected an address with a port"), "{log}");
}
