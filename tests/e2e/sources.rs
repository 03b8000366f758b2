//! What functions look at wakes them, and ends with them.

use mgmt_tests::agent::{Agent, eventually, is_running};
use nix::sys::signal::Signal;

#[test]
fn each_line_of_a_command_is_a_value() {
    let agent = Agent::new(
        r#"
import "os"
$line = os.system("echo one; until test -e @DIR@/go; do sleep 0.02; done; echo two")
file "@DIR@/out" {
	state => "exists",
	content => "${line}\n",
}
"#,
    )
    .run(&[]);
    agent.wait_for_text("out", "one\n");
    std::fs::write(agent.path("go"), "").unwrap();
    agent.wait_for_text("out", "two\n");
}

/// Runs a command while `@DIR@/on` is there, and leaves its process id in `@DIR@/pid`.
const SWITCHED: &str = r#"
import "os"
if os.file_exists("@DIR@/on") {
	$pid = os.system("echo \$\$; sleep 1000")
	file "@DIR@/pid" {
		state => "exists",
		content => "${pid}\n",
	}
}
"#;

#[test]
fn a_source_without_consumers_stops() {
    let agent = Agent::new(SWITCHED);
    std::fs::write(agent.path("on"), "").unwrap();
    let agent = agent.run(&[]);
    let first = agent.pid_in("pid");
    assert!(is_running(&first));
    std::fs::remove_file(agent.path("on")).unwrap();
    eventually("the command ends", || !is_running(&first));
    // Until then the file is put right.
    agent.wait_for_log("graph: Vertices(0)");
    // And it starts again with its next consumer.
    std::fs::remove_file(agent.path("pid")).unwrap();
    std::fs::write(agent.path("on"), "").unwrap();
    assert_ne!(agent.pid_in("pid"), first);
}

/// A front end that is replaced is stopped (engine.md §10.3, X12).
#[test]
fn the_sources_of_a_replaced_program_end() {
    let agent = Agent::new(SWITCHED);
    std::fs::write(agent.path("on"), "").unwrap();
    let agent = agent.run(&[]);
    let first = agent.pid_in("pid");
    assert!(is_running(&first));
    agent.save("print \"another\" {}\n");
    agent.wait_for_log("print[another]");
    eventually("the command ends", || !is_running(&first));
}

#[test]
fn a_source_ends_with_the_agent() {
    let agent = Agent::new(SWITCHED);
    std::fs::write(agent.path("on"), "").unwrap();
    let mut agent = agent.run(&[]);
    let pid = agent.pid_in("pid");
    agent.signal(Signal::SIGTERM);
    assert_eq!(agent.wait().code(), Some(0));
    eventually("the command ends", || !is_running(&pid));
}

#[test]
fn a_value_of_any_type_comes_back() {
    let agent = Agent::new(
        r#"
import "fmt"
import "value"
value "list" {
	any => [1, 2],
}
$list struct{value []int; ready bool} = value.get("list")
file "@DIR@/out" {
	state => "exists",
	content => fmt.printf("%v %v\n", $list->ready, $list->value),
}
"#,
    )
    .run(&[]);
    agent.wait_for_text("out", "true [1, 2]\n");
}

#[test]
fn a_module_reads_its_own_files() {
    let agent = Agent::new("import \"lib/\"\ninclude lib.copy(\"@DIR@/out\")\n");
    std::fs::create_dir_all(agent.path("lib/files")).unwrap();
    std::fs::write(agent.path("lib/files/text"), "of the module\n").unwrap();
    let module = "import \"deploy\"\n\nclass copy($path) {\n\tfile \"${path}\" {\n\t\tstate => \"exists\",\n\t\t\
                  content => deploy.readfile(\"/files/text\"),\n\t}\n}\n";
    std::fs::write(agent.path("lib/main.mcl"), module).unwrap();
    let agent = agent.run(&[]);
    agent.wait_for_text("out", "of the module\n");
}

#[test]
fn a_resource_calls_a_function_of_the_program_as_it_is_now() {
    let agent = Agent::new(
        r#"
import "fmt"
import "os"
$greeting = os.readfile("@DIR@/greeting") <|> "nobody says "
$twice = func($n) { $n * 2 }
test "call" {
	func1 => func($n) { fmt.printf("%s%d", $greeting, $twice($n)) },
	onlyshow => ["Func1"],
}
test "looks" {
	func1 => func($n) { os.readfile("@DIR@/greeting") },
}
"#,
    )
    .run(&[]);
    agent.wait_for_log(r#"Func1: "nobody says 84""#);
    agent.wait_for_log("the call of `func1` with 42 failed: the function calls `os.readfile`, which looks at the machine");
    std::fs::write(agent.path("greeting"), "it is ").unwrap();
    agent.wait_for_log(r#"Func1: "it is 84""#);
}
