//! The real Prometheus reads the metrics of the real agent.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed};
use mgmt_tests::agent::{Agent, eventually};
use mgmt_tests::http;
use mgmt_tests::programs::trial;
use mgmt_tests::running::Running;
use serde_json::Value;

/// One that is fine, one that fails for good, and one that the failed one keeps from running.
const PROGRAM: &str = "file \"@DIR@/fine\" {\n\tstate => \"exists\",\n}\n\
                       exec \"no\" {\n\tcmd => \"/bin/false\",\n\tBefore => File[\"@DIR@/never\"],\n}\n\
                       file \"@DIR@/never\" {\n\tstate => \"exists\",\n}\n";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial("promtool_finds_nothing", &["promtool"], linted),
        trial("prometheus_reads_the_metrics", &["prometheus"], scraped),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// An agent that has done what it can, and the address of its metrics.
fn agent() -> (Agent, String) {
    let agent = Agent::new(PROGRAM).run(&["--prometheus", "--prometheus-listen=127.0.0.1:0"]);
    agent.wait_for_log("blocked by exec[no]");
    agent.wait_for_text("fine", "");
    let address = between(&agent.log(), "metrics: http://", "/metrics");
    (agent, address)
}

fn between(text: &str, start: &str, end: &str) -> String {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split(end).next().unwrap().to_owned()
}

fn linted() -> Result<(), Failed> {
    let (_agent, address) = agent();
    let (status, metrics) = http::get(&address, "/metrics");
    assert_eq!(status, 200, "{metrics}");
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())?;
    let output = promtool.wait_with_output()?;
    assert!(output.status.success(), "{output:?}\n{metrics}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
    Ok(())
}

fn scraped() -> Result<(), Failed> {
    let (agent, address) = agent();
    let config = agent.path("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n\
         - {{job_name: mgmt, static_configs: [{{targets: ['{address}']}}]}}\n"
    );
    fs::write(&config, text)?;
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            agent.path("tsdb").display()
        ))
        .args(["--web.listen-address=127.0.0.1:0", "--log.format=json"]);
    let prometheus = Running::start(&mut command);
    prometheus.wait_for_log("\"Listening on\"");
    let server = prometheus
        .log()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| line["msg"] == "Listening on")
        .and_then(|line| Some(line["address"].as_str()?.to_owned()))
        .unwrap();
    let value = |query: &str| -> Option<String> {
        let query: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let (_, answer) = http::get(&server, &format!("/api/v1/query?query={query}"));
        // While it starts it says so in words.
        let answer: Value = serde_json::from_str(&answer).ok()?;
        Some(answer["data"]["result"][0]["value"][1].as_str()?.to_owned())
    };
    for (query, wanted) in [
        ("up{job=\"mgmt\"}", "1"),
        ("mgmt_resources{kind=\"file\"}", "2"),
        ("mgmt_resources{kind=\"svc\"}", "0"),
        ("mgmt_failures{kind=\"exec\",failure=\"hard\"}", "1"),
        ("mgmt_blocked{kind=\"file\"}", "1"),
        (
            "mgmt_checkapply_total{kind=\"exec\",apply=\"true\",eventful=\"true\",errorful=\"true\"}",
            "1",
        ),
        ("mgmt_graph_switches_total", "1"),
        ("mgmt_checkapply_duration_seconds_count{kind=\"exec\"}", "1"),
        ("time() - mgmt_graph_start_time_seconds < bool 600", "1"),
        (
            "mgmt_graph_start_time_seconds >= bool process_start_time_seconds",
            "1",
        ),
    ] {
        eventually(&format!("{query} is {wanted}"), || {
            value(query).as_deref() == Some(wanted)
        });
    }
    Ok(())
}
