//! Runs the real binaries, and waits for what they do.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write, pipe};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Nothing that a test waits for takes longer, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// So much of the log is shown when a test fails.
const MOST_LINES: usize = 100;

/// A directory with a program in it, and perhaps an agent that runs it.
#[derive(Debug)]
pub struct Agent {
    directory: TempDir,
    child: Option<Child>,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

/// The path of one of the workspace's binaries, which is built first if need be.
pub fn binary(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        // Tests are in `deps`, beside the binaries of the same profile.
        let test = env::current_exe().expect("the path of this test is known");
        let directory = test
            .ancestors()
            .nth(2)
            .expect("tests are two levels below the target directory");
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--quiet", "--bin", "mgmt", "--bin", "mgmtc"])
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

impl Agent {
    /// A program in a directory of its own; `@DIR@` in it stands for that directory.
    pub fn new(program: &str) -> Self {
        let agent = Self {
            directory: tempfile::tempdir().expect("a temporary directory can be made"),
            child: None,
            log: Arc::default(),
            readers: Vec::new(),
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

    /// Starts `mgmt run` on the program.
    #[must_use]
    pub fn run(mut self, flags: &[&str]) -> Self {
        let mut child = Command::new(binary("mgmt"))
            .arg("run")
            .arg("--prefix")
            .arg(self.path("prefix"))
            .args(flags)
            .arg("site.mcl")
            .current_dir(self.directory.path())
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("mgmt can be started");
        let lines = BufReader::new(child.stderr.take().expect("standard error is a pipe"));
        let log = Arc::clone(&self.log);
        self.readers.push(thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&line);
                log.push('\n');
            }
        }));
        self.child = Some(child);
        self
    }

    /// What was logged up to now.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until something is in the log.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        eventually(&format!("the log says {text:?}"), || {
            self.log().contains(text)
        });
    }

    /// Sends a signal to the agent.
    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("the agent was started");
        kill(Pid::from_raw(child.id() as i32), signal).expect("the agent can be signalled");
    }

    /// The process number of the agent.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the agent was started").id()
    }

    /// Waits for the end of the agent.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the agent was started");
        let mut status = None;
        eventually("the agent ends", || {
            status = child.try_wait().expect("the agent can be waited for");
            status.is_some()
        });
        for reader in self.readers.drain(..) {
            reader.join().expect("the reader does not panic");
        }
        status.unwrap_or_else(|| ExitStatus::from_raw(0))
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

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only if the agent has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
        if thread::panicking() {
            let log = self.log();
            let skipped = log.lines().count().saturating_sub(MOST_LINES);
            eprintln!("the agent logged, after {skipped} lines:");
            log.lines()
                .skip(skipped)
                .for_each(|line| eprintln!("{line}"));
        }
    }
}
