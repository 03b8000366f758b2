//! Programs whose sources fail and recover (typing-and-evaluation.md §6): `<|>` with real files.

use std::fs;

use mgmt_tests::agent::{Agent, eventually};

#[track_caller]
fn wait_for_bytes(agent: &Agent, name: &str, bytes: &[u8]) {
    eventually(&format!("{name} holds {bytes:?}"), || {
        fs::read(agent.path(name)).is_ok_and(|content| content == bytes)
    });
}

/// Renames a file with that content into place.
fn replace(agent: &Agent, name: &str, content: &[u8]) {
    let aside = agent.path("aside");
    fs::write(&aside, content).unwrap();
    fs::rename(aside, agent.path(name)).unwrap();
}

#[test]
fn a_file_that_comes_and_goes() {
    let mut agent = Agent::new(
        "import \"os\"\nfile \"@DIR@/out\" {\n\tstate => \"exists\",\n\tcontent => os.readfile(\"@DIR@/in\") <|> \"default\",\n}\n",
    )
    .run(&[]);
    wait_for_bytes(&agent, "out", b"default");
    for round in 0..3u8 {
        fs::write(agent.path("in"), [b'a', round]).unwrap();
        wait_for_bytes(&agent, "out", &[b'a', round]);
        // What is no text is passed on as it is.
        replace(&agent, "in", b"\xff\x00binary\n");
        wait_for_bytes(&agent, "out", b"\xff\x00binary\n");
        fs::remove_file(agent.path("in")).unwrap();
        wait_for_bytes(&agent, "out", b"default");
    }
    assert!(!agent.log().contains("error"), "{}", agent.log());

    // Only a missing file can be caught: what can not be read ends the run, and leaves the machine as it is.
    fs::create_dir(agent.path("in")).unwrap();
    assert_eq!(agent.wait().code(), Some(1));
    let log = agent.log();
    assert!(log.contains("error reading file"), "{log}");
    assert!(log.contains("site.mcl:4:"), "{log}");
    wait_for_bytes(&agent, "out", b"default");
}

/// The failing value is used in three ways, and each fails or recovers on its own.
#[test]
fn what_is_read_may_be_no_number() {
    let agent = Agent::new(
        r#"import "convert"
import "fmt"
import "os"
import "strings"
$port = convert.str_to_int(strings.trim_space(os.readfile("@DIR@/port")))
class shown($name, $value) {
	file "@DIR@/${name}" {
		state => "exists",
		content => fmt.printf("%d\n", $value),
	}
}
include shown("or-80", $port <|> 80)
include shown("next", ($port <|> 80) + 1)
include shown("first", [$port][0] <|> -1)
"#,
    )
    .run(&[]);
    let expect = |port: &str, next: &str, first: &str| {
        agent.wait_for_text("or-80", port);
        agent.wait_for_text("next", next);
        agent.wait_for_text("first", first);
    };
    expect("80\n", "81\n", "-1\n");
    replace(&agent, "port", b"8080\n");
    expect("8080\n", "8081\n", "8080\n");
    replace(&agent, "port", b"http\n");
    expect("80\n", "81\n", "-1\n");
    replace(&agent, "port", b"443");
    expect("443\n", "444\n", "443\n");
    fs::remove_file(agent.path("port")).unwrap();
    expect("80\n", "81\n", "-1\n");
}

/// Elements of a loop fail one by one, and the fallback of one is a source itself.
#[test]
fn each_iteration_recovers_for_itself() {
    let agent = Agent::new(
        r#"import "os"
for $i, $name in ["a", "b", "c"] {
	file "@DIR@/out-${name}" {
		state => "exists",
		content => os.readfile("@DIR@/in-${name}") <|> os.readfile("@DIR@/in") <|> "none",
	}
}
"#,
    )
    .run(&[]);
    let expect = |texts: [&str; 3]| {
        for (name, text) in ["out-a", "out-b", "out-c"].into_iter().zip(texts) {
            agent.wait_for_text(name, text);
        }
    };
    expect(["none", "none", "none"]);
    replace(&agent, "in-b", b"b");
    expect(["none", "b", "none"]);
    replace(&agent, "in", b"all");
    expect(["all", "b", "all"]);
    fs::remove_file(agent.path("in-b")).unwrap();
    expect(["all", "all", "all"]);
    fs::remove_file(agent.path("in")).unwrap();
    expect(["none", "none", "none"]);
}

/// A value that nothing catches ends the run when it comes to fail, with its place.
#[test]
fn a_failure_that_nobody_catches() {
    let mut agent = Agent::new(
        "import \"os\"\nfile \"@DIR@/out\" {\n\tstate => \"exists\",\n\tcontent => os.readfile(\"@DIR@/in\"),\n}\n",
    );
    fs::write(agent.path("in"), "once").unwrap();
    agent = agent.run(&[]);
    agent.wait_for_text("out", "once");
    fs::remove_file(agent.path("in")).unwrap();
    assert_eq!(agent.wait().code(), Some(1));
    let log = agent.log();
    assert!(log.contains("no such file or directory"), "{log}");
    assert!(log.contains("site.mcl:4:"), "{log}");
    assert_eq!(agent.read("out").as_deref(), Some("once"));
}
