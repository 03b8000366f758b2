//! `mgmt plan` tells what a run would do, does nothing, and agrees with the run that follows.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use mgmt_tests::agent::Agent;
use serde_json::{Value, json};

const PROGRAM: &str = r#"
file "@DIR@/work/" {
	state => "exists",
}
file "@DIR@/work/text" {
	state => "exists",
	content => "one\ntwo\nthree\n",
	mode => "u=rw,go=r",
	Depend => File["@DIR@/work/"],
}
file "@DIR@/work/secret" {
	state => "exists",
	content => "hush\n",
	mode => "u=rw,go=",
	Depend => File["@DIR@/work/"],
}
exec "once" {
	cmd => "/usr/bin/touch @DIR@/work/done",
	creates => "@DIR@/work/done",
	Depend => File["@DIR@/work/"],
}
print "hello" {}
"#;

/// The exit status and the plan, for people or as JSON.
fn plan(agent: &Agent, flags: &[&str]) -> (Option<i32>, String) {
    let prefix = agent.path("prefix").display().to_string();
    let mut arguments = vec!["plan", "--prefix", &prefix];
    arguments.extend(flags);
    arguments.push("site.mcl");
    let output = agent.command("mgmt", &arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text + &error)
}

fn run(agent: Agent) -> Agent {
    let mut agent = agent.run(&["--converged-timeout", "0"]);
    assert!(agent.wait().success(), "{}", agent.log());
    agent
}

#[test]
fn a_plan_tells_what_a_run_does() {
    let agent = Agent::new(PROGRAM);
    let (status, text) = plan(&agent, &[]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("create the directory"), "{text}");
    assert!(text.contains("run `/usr/bin/touch"), "{text}");
    assert!(text.contains("4 to change, 1 unchanged"), "{text}");
    assert!(!text.contains("hush"), "{text}");
    assert!(!agent.path("work").exists());

    let agent = run(agent);
    let (status, text) = plan(&agent, &[]);
    assert_eq!((status, &*text), (Some(0), "0 to change, 5 unchanged\n"));
}

#[test]
fn a_plan_shows_the_difference() {
    let agent = run(Agent::new(PROGRAM));
    fs::write(agent.path("work/text"), "one\n2\nthree\n").unwrap();
    fs::set_permissions(agent.path("work/text"), Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(agent.path("work/secret"), Permissions::from_mode(0o644)).unwrap();
    let (status, text) = plan(&agent, &[]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("mode: 0600 -> 0644"), "{text}");
    assert!(text.contains("mode: 0644 -> 0600"), "{text}");
    // It is readable for its owner alone now.
    assert!(!text.contains("-2"), "{text}");
    fs::set_permissions(agent.path("work/text"), Permissions::from_mode(0o644)).unwrap();
    let (_, text) = plan(&agent, &[]);
    for line in ["     one", "    -2", "    +two", "     three"] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert_eq!(agent.read("work/text").as_deref(), Some("one\n2\nthree\n"));
}

#[test]
fn a_plan_is_data_for_programs() {
    let agent = run(Agent::new(PROGRAM));
    fs::write(agent.path("work/text"), "other\n").unwrap();
    let (status, text) = plan(&agent, &["--format", "json"]);
    assert_eq!(status, Some(2), "{text}");
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["pending"], 1);
    let resources = plan["resources"].as_array().unwrap();
    let changed: Vec<_> = resources
        .iter()
        .filter(|resource| resource["verdict"] == "change")
        .collect();
    let [changed] = changed[..] else {
        panic!("{text}")
    };
    assert_eq!(changed["kind"], "file");
    assert_eq!(changed["place"]["line"], 5);
    assert_eq!(changed["changes"][0]["old"], json!({ "text": "other\n" }));
}

#[test]
fn the_manual_shows_the_json() {
    let agent = run(Agent::new(PROGRAM));
    fs::write(agent.path("work/text"), "other\n").unwrap();
    fs::set_permissions(agent.path("work/text"), Permissions::from_mode(0o664)).unwrap();
    let (_, text) = plan(&agent, &["--format", "json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    let manual = include_str!("../../docs/operating.md");
    let (_, example) = manual.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let example: Value = serde_json::from_str(example).unwrap();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&told), keys(&example));
    let changed = |plan: &Value| {
        let resources = plan["resources"].as_array().unwrap();
        resources
            .iter()
            .find(|each| each["verdict"] == "change")
            .unwrap()
            .clone()
    };
    let (told, example) = (changed(&told), changed(&example));
    assert_eq!(keys(&told), keys(&example));
    for (told, example) in
        [(0, 0), (1, 1)].map(|(a, b)| (&told["changes"][a], &example["changes"][b]))
    {
        assert_eq!(keys(told), keys(example));
    }
}

#[test]
fn what_would_be_notified_and_what_is_noop_is_told_apart() {
    let agent = Agent::new(
        r#"file "@DIR@/config" {
	state => "exists",
	content => "new\n",
}
exec "reload" {
	cmd => "/bin/true",
	refresh_only => true,
	Listen => File["@DIR@/config"],
}
file "@DIR@/kept" {
	state => "exists",
	Meta:noop => true,
}
exec "not reached" {
	cmd => "/bin/true",
	refresh_only => true,
	Listen => File["@DIR@/kept"],
}
exec "two\nlines" {
	cmd => "/bin/true\n/bin/echo x",
	shell => "/bin/sh",
}
"#,
    );
    let (status, text) = plan(&agent, &[]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("~ exec[reload]"), "{text}");
    assert!(
        text.contains("/ file[") && !text.contains("not reached"),
        "{text}"
    );
    assert!(
        text.contains("3 to change, 1 unchanged, 1 noop\n"),
        "{text}"
    );
    assert!(
        text.contains("run `/bin/true\n      /bin/echo x`"),
        "{text}"
    );
    let (_, text) = plan(&agent, &["--all"]);
    assert!(text.contains("= exec[not reached]"), "{text}");
}

#[test]
fn what_is_no_text_is_told_by_its_size() {
    let agent = Agent::new(
        "file \"@DIR@/x\" {\n\tstate => \"exists\",\n\tcontent => \"text\",\n\tmode => \"0644\",\n}\n",
    );
    let path = agent.path("x");
    fs::write(&path, b"\xff\x00\x01").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let (_, text) = plan(&agent, &[]);
    assert!(text.contains("3 bytes -> 4 bytes"), "{text}");
    fs::write(&path, "text\r\n\u{1b}]0;title\u{7}").unwrap();
    let (_, text) = plan(&agent, &[]);
    assert!(
        text.contains("-text\\r\n    -\\u{1b}]0;title\\u{7}"),
        "{text}"
    );
    assert!(
        text.contains("    +text\n    \\ No newline at end of file"),
        "{text}"
    );
}

#[test]
fn a_plan_does_not_disturb_an_agent_that_runs() {
    let agent = Agent::new(PROGRAM).run(&[]);
    agent.wait_for_text("work/text", "one\ntwo\nthree\n");
    let (status, text) = plan(&agent, &[]);
    assert!(matches!(status, Some(0 | 2)), "{text}");
}

#[test]
fn what_can_not_be_checked_is_an_error_and_its_followers_are_not_checked() {
    let agent = Agent::new(
        "file \"@DIR@/a\" {\n\tcontent => \"x\",\n}\nnoop \"after\" {\n\tDepend => File[\"@DIR@/a\"],\n}\n",
    );
    let (status, text) = plan(&agent, &[]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("does not exist"), "{text}");
    assert!(text.contains("2 failed"), "{text}");

    let agent = Agent::new("file \"/tmp/x\" {\n\tmode => 1,\n}\n");
    let (status, text) = plan(&agent, &[]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("site.mcl:2"), "{text}");
}

#[test]
fn what_waits_for_an_earlier_change_is_not_known_yet() {
    let agent = Agent::new(
        "file \"@DIR@/origin\" {\n\tstate => \"exists\",\n\tcontent => \"x\",\n}\n\
         file \"@DIR@/copy\" {\n\tstate => \"exists\",\n\tsource => \"@DIR@/origin\",\n}\n",
    );
    let (status, text) = plan(&agent, &[]);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("not known yet"), "{text}");
    assert!(text.contains("2 to change, 0 unchanged\n"), "{text}");
}

/// The verdict on a resource, and the names of those that it depends on.
fn verdict_on(json: &Value, name: &str) -> (String, Vec<String>) {
    let resources = json["resources"].as_array().unwrap();
    let named = resources
        .iter()
        .find(|it| it["name"].as_str().is_some_and(|it| it.ends_with(name)));
    let named = named.unwrap_or_else(|| panic!("{name} is in {json}"));
    let after = named["after"].as_array().into_iter().flatten();
    let base = |it: &Value| {
        let name = it["name"].as_str().unwrap();
        name.rsplit('/').next().unwrap().to_owned()
    };
    (
        named["verdict"].as_str().unwrap().to_owned(),
        after.map(base).collect(),
    )
}

#[test]
fn what_an_earlier_change_may_touch_is_neither_unchanged_nor_certain() {
    let program = r#"
file "@DIR@/switch" { state => "exists", content => "on\n", }
exec "guarded" {
	cmd => "/usr/bin/touch @DIR@/guarded",
	ifcmd => "/usr/bin/grep -q on @DIR@/switch",
	Depend => File["@DIR@/switch"],
}
exec "reaction" {
	cmd => "/bin/true",
	refresh_only => true,
	Listen => Exec["guarded"],
}
file "@DIR@/made" { state => "exists", }
exec "makes" {
	cmd => "/usr/bin/touch @DIR@/made",
	creates => "@DIR@/made",
	Depend => File["@DIR@/made"],
}
file "@DIR@/other" {
	state => "exists",
	content => "same\n",
	Depend => File["@DIR@/switch"],
}
file "@DIR@/copy" { state => "exists", source => "@DIR@/switch", }
line "in the switch" {
	file => "@DIR@/switch",
	content => "on",
	state => "exists",
}
"#;
    let agent = Agent::new(program);
    fs::write(agent.path("switch"), "off\n").unwrap();
    fs::write(agent.path("copy"), "off\n").unwrap();
    fs::write(agent.path("other"), "same\n").unwrap();
    let (status, text) = plan(&agent, &["--format", "json"]);
    assert_eq!(status, Some(2), "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    let unknown = |after: &[&str]| {
        let after = after.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        ("unknown".to_owned(), after)
    };
    assert_eq!(verdict_on(&json, "/switch").0, "change", "{text}");
    assert_eq!(verdict_on(&json, "guarded"), unknown(&["switch"]), "{text}");
    assert_eq!(
        verdict_on(&json, "reaction"),
        unknown(&["guarded"]),
        "{text}"
    );
    // It is there by then.
    assert_eq!(verdict_on(&json, "makes"), unknown(&["made"]), "{text}");
    // Nothing that changes has to do with it.
    assert_eq!(verdict_on(&json, "/other").0, "unchanged", "{text}");
    assert_eq!(verdict_on(&json, "/copy"), unknown(&["switch"]), "{text}");
    assert_eq!(
        verdict_on(&json, "in the switch"),
        unknown(&["switch"]),
        "{text}"
    );
    let (_, text) = plan(&agent, &[]);
    assert!(text.contains("may change: depends on file["), "{text}");

    // Nothing comes before the command any more, which its guard always lets run.
    let agent = run(agent);
    let (status, text) = plan(&agent, &["--format", "json"]);
    assert_eq!(status, Some(2), "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(verdict_on(&json, "guarded").0, "change", "{text}");
    for settled in ["/switch", "makes", "/copy", "in the switch"] {
        assert_eq!(verdict_on(&json, settled).0, "unchanged", "{text}");
    }
}

#[test]
fn an_owner_who_is_to_be_created_is_no_error() {
    let agent = Agent::new(
        "user \"mgmt-nobody-yet\" {\n\tstate => \"exists\",\n}\n\
         file \"@DIR@/home\" {\n\tstate => \"exists\",\n\towner => \"mgmt-nobody-yet\",\n}\n",
    );
    let (status, text) = plan(&agent, &["--format", "json"]);
    assert_eq!(status, Some(2), "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_ne!(verdict_on(&json, "/home").0, "failed", "{text}");
}
