//! The page of `mgmt run --ui` in a real browser, which `tests/ui/*.mjs` drive. Where Chromium, Node or npm are not
//! installed the tests are counted as ignored, and that is told. Pictures are kept in `target/ui`.

use std::env;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use mgmt_tests::agent::{Agent, binary, workspace};

/// Something of each: what is fine, what is private, what fails, what it blocks, and who is notified.
const PROGRAM: &str = r#"file "@DIR@/work/" {
	state => "exists",
}
file "@DIR@/work/motd" {
	state => "exists",
	content => "welcome\n",
	mode => "0644",
}
file "@DIR@/work/secret" {
	state => "exists",
	content => "hunter2\n",
	mode => "0600",
}
noop "told" {}
File["@DIR@/work/motd"] -> Noop["told"]
exec "react" {
	cmd => "/bin/true",
	refresh_only => true,
	Listen => File["@DIR@/work/motd"],
}
exec "failing" {
	cmd => "exit 3",
	shell => "/bin/sh",
}
file "@DIR@/work/after" {
	state => "exists",
}
Exec["failing"] -> File["@DIR@/work/after"]
value "answer" {
	any => 42,
}
print "one" {
	msg => "one",
}
print "two" {
	msg => "two",
}
file "@DIR@/work/another" {
	state => "exists",
	content => "another\n",
	mode => "0644",
}
"#;

const NEEDED: &[&str] = &["chromium", "node", "npm"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = NEEDED.iter().find(|program| !is_installed(program));
    if let Some(program) = missing {
        eprintln!("the tests of the page are skipped: `{program}` is not installed");
    }
    let trial = |name: &str, test: fn() -> Result<(), Failed>| {
        Trial::test(name, test).with_ignored_flag(missing.is_some())
    };
    let trials = vec![
        trial("live", live),
        trial("large", large),
        trial("moving", moving),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn live() -> Result<(), Failed> {
    let agent = start(PROGRAM, &["--hostname", "h1"]);
    let directory = agent.path("").display().to_string();
    let pid = agent.pid().to_string();
    drive(
        &agent,
        "live.mjs",
        &[&directory, &pictures()?.display().to_string(), &pid],
    )
}

fn large() -> Result<(), Failed> {
    let mut program = String::from("file \"@DIR@/work/\" {\n\tstate => \"exists\",\n}\n");
    for number in 0..999 {
        write!(
            program,
            "file \"@DIR@/work/f{number}\" {{\n\tstate => \"exists\",\n}}\n"
        )?;
    }
    write_chains(&mut program, 9000)?;
    let agent = start(
        &program,
        &["--no-autogroup", "--log", "warn,mgmt_runtime::ui=info"],
    );
    drive(&agent, "large.mjs", &[&pictures()?.display().to_string()])
}

/// So many resources of the kind `noop`, in rows of ten.
fn write_chains(program: &mut String, count: usize) -> fmt::Result {
    for number in 0..count {
        writeln!(program, "noop \"n{number}\" {{}}")?;
        if number % 10 > 0 {
            writeln!(program, "Noop[\"n{}\"] -> Noop[\"n{number}\"]", number - 1)?;
        }
    }
    Ok(())
}

fn moving() -> Result<(), Failed> {
    let mut program = String::from(
        "import \"datetime\"\nimport \"fmt\"\n\n$now = fmt.printf(\"%d\", datetime.now())\nnoop \"tick ${now}\" {}\n",
    );
    write_chains(&mut program, 10_000)?;
    let agent = start(
        &program,
        &["--no-autogroup", "--log", "warn,mgmt_runtime::ui=info"],
    );
    let pid = agent.pid().to_string();
    drive(
        &agent,
        "moving.mjs",
        &[&pictures()?.display().to_string(), &pid],
    )
}

fn start(program: &str, flags: &[&str]) -> Agent {
    let mut arguments = vec!["--ui=127.0.0.1:0"];
    arguments.extend(flags);
    let agent = Agent::new(program).run(&arguments);
    agent.wait_for_log("look at http://");
    agent
}

/// Where pictures are kept.
fn pictures() -> Result<PathBuf, Failed> {
    let profile = binary("mgmt");
    let target = profile.ancestors().nth(2).unwrap_or(Path::new("target"));
    let directory = target.join("ui");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// Lets a script look at the page.
fn drive(agent: &Agent, script: &str, arguments: &[&str]) -> Result<(), Failed> {
    let address = agent
        .read("prefix/ui.address")
        .ok_or("the agent says where it is")?;
    let url = format!("http://{}/", address.trim());
    let output = Command::new("node")
        .arg(scripts()?.join(script))
        .arg(url)
        .args(arguments)
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    if output.status.success() {
        eprint!("{out}");
        return Ok(());
    }
    let log: Vec<String> = agent
        .log()
        .lines()
        .rev()
        .take(40)
        .map(String::from)
        .collect();
    Err(format!(
        "{script}: {}\n{out}\n{error}\n{}",
        output.status,
        log.join("\n")
    )
    .into())
}

/// The scripts, with what they need beside them. The tests run at once, and one of them installs it.
fn scripts() -> Result<PathBuf, Failed> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = workspace().join("tests/ui");
    let wanted = fs::read(directory.join("package-lock.json"))?;
    let installed = directory.join("node_modules/.mgmt-lock");
    if fs::read(&installed).ok().as_ref() != Some(&wanted) {
        let output = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&directory)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        fs::write(installed, wanted)?;
    }
    Ok(directory)
}
