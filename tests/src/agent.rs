//! Runs the real binaries, and waits for what they do.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{Write, pipe};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::running::Running;

/// Nothing that a test waits for takes longer, even on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A directory with a program in it, and perhaps an agent that runs it.
#[derive(Debug)]
pub struct Agent {
    directory: TempDir,
    running: Option<Running>,
}

/// The path of one of the workspace's binaries, which is built first if need be. `MGMT_BINARIES` names a
/// directory with others that are to be tested.
pub fn binary(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        if let Some(given) = env::var_os("MGMT_BINARIES") {
            return given.into();
        }
        // Tests are in `deps`, beside the binaries of the same profile.
        let test = env::current_exe().expect("the path of this test is known");
        let directory = test
            .ancestors()
            .nth(2)
            .expect("tests are two levels below the target directory");
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--quiet"])
            .args(["--bin", "mgmt", "--bin", "mgmtc", "--bin", "mgmt-lsp"])
            .current_dir(workspace());
        if directory.file_name() == Some(OsStr::new("release")) {
            build.arg("--release");
        }
        let status = build.status().expect("cargo can be run");
        assert!(status.success(), "the binaries can not be built");
        directory.to_owned()
    });
    directory.join(name)
}

/// The directory of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in the workspace")
}

/// Waits until a condition holds.
///
/// # Panics
/// If it does not come to hold.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "never happened: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether there is a process of this number.
pub fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

impl Agent {
    /// A program in a directory of its own; `@DIR@` in it stands for that directory.
    pub fn new(program: &str) -> Self {
        let agent = Self {
            directory: tempfile::tempdir().expect("a temporary directory can be made"),
            running: None,
        };
        agent.save(program);
        agent
    }

    /// One of `examples/`, with its directory `/tmp/mgmt-NAME` and other texts replaced.
    pub fn example(name: &str, replacements: &[(&str, &str)]) -> Self {
        let path = workspace().join(format!("examples/{name}.mcl"));
        let mut program = fs::read_to_string(&path)
            .expect("the example can be read")
            .replace(&format!("/tmp/mgmt-{name}"), "@DIR@/work");
        for (from, to) in replacements {
            assert!(program.contains(from), "{from} is not in {name}");
            program = program.replace(from, to);
        }
        Self::new(&program)
    }

    /// Replaces the program, also while it runs, as an editor does it: aside, then renamed.
    pub fn save(&self, program: &str) {
        let text = program.replace("@DIR@", &self.directory.path().display().to_string());
        let aside = self.path("site.mcl.new");
        fs::write(&aside, text).expect("the program can be written");
        fs::rename(aside, self.path("site.mcl")).expect("the program can be renamed");
    }

    /// A path in the directory.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The text of a file in the directory; nothing if it can not be read.
    pub fn read(&self, name: impl AsRef<Path>) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    /// Waits until a file in the directory has that text.
    #[track_caller]
    pub fn wait_for_text(&self, name: &str, text: &str) {
        eventually(&format!("`{name}` says {text:?}"), || {
            self.read(name).as_deref() == Some(text)
        });
    }

    /// Waits until a command has left its process number in a file in the directory.
    #[track_caller]
    pub fn pid_in(&self, name: &str) -> String {
        eventually("the command tells its process number", || {
            self.read(name).is_some_and(|pid| pid.ends_with('\n'))
        });
        self.read(name).unwrap_or_default().trim().to_owned()
    }

    /// Starts `mgmt run` on the program.
    #[must_use]
    pub fn run(mut self, flags: &[&str]) -> Self {
        let mut command = Command::new(binary("mgmt"));
        command
            .arg("run")
            .arg("--prefix")
            .arg(self.path("prefix"))
            .args(flags)
            .arg("site.mcl")
            .current_dir(self.directory.path())
            .env_remove("RUST_LOG");
        self.running = Some(Running::start(&mut command));
        self
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the agent was started")
    }

    /// What was logged up to now.
    pub fn log(&self) -> String {
        self.running().log()
    }

    /// Waits until something is in the log.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        self.running().wait_for_log(text);
    }

    /// Sends a signal to the agent.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid() as i32), signal).expect("the agent can be signalled");
    }

    /// The process number of the agent.
    pub fn pid(&self) -> u32 {
        self.running().pid()
    }

    /// Waits for the end of the agent.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        self.running.as_mut().expect("the agent was started").wait()
    }

    /// Runs one of the binaries in the directory to its end.
    pub fn command(&self, name: &str, arguments: &[&str]) -> Output {
        self.command_with_input(name, arguments, "")
    }

    /// The same, with a text on standard input, of which no more is taken than a pipe holds.
    pub fn command_with_input(&self, name: &str, arguments: &[&str], input: &str) -> Output {
        let (reader, mut writer) = pipe().expect("a pipe can be made");
        writer
            .write_all(input.as_bytes())
            .expect("what is written fits into the pipe");
        drop(writer);
        Command::new(binary(name))
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(reader)
            .output()
            .expect("the binary can be run")
    }
}
