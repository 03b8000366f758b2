//! Throw-away hosts with a real systemd, for the tests of what needs one; see `tests/host/testhost`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::agent::{DEADLINE, binary, workspace};
use crate::running::Running;

/// A booted Debian. It has the `mgmt` of this build as `/usr/local/bin/mgmt`, no network but its own
/// loopback, and ends without a trace when it is dropped, or when this process ends in whatever way.
#[derive(Debug)]
pub struct Host {
    child: Child,
    /// The host lives until this is closed.
    lifeline: Option<ChildStdin>,
    /// The number of its first process.
    leader: u32,
    /// More variables for commands.
    environment: Vec<String>,
}

fn testhost() -> Command {
    Command::new(workspace().join("tests/host/testhost"))
}

/// Makes sure that hosts can be booted; the first time this takes a minute.
///
/// # Errors
/// Why there can be none here.
pub fn prepare() -> Result<(), String> {
    for step in ["probe", "base"] {
        let output = testhost()
            .arg(step)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("tests/host/testhost can not be run: {error}"))?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            return Err(reason.trim_end().to_owned());
        }
    }
    Ok(())
}

impl Host {
    /// Boots a host.
    ///
    /// # Panics
    /// If it does not come up, or can not run what is built here.
    #[track_caller]
    pub fn boot(name: &str) -> Self {
        let mgmt = binary("mgmt");
        let mut child = testhost()
            .args(["hold", name])
            .arg(format!("--bind-ro={}:/usr/local/bin/mgmt", mgmt.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("tests/host/testhost can be run");
        let lifeline = child.stdin.take();
        let mut leader = String::new();
        BufReader::new(child.stdout.take().expect("standard output is a pipe"))
            .read_line(&mut leader)
            .expect("testhost writes text");
        let leader = leader.trim().parse().expect("the host has booted");
        let host = Self {
            child,
            lifeline,
            leader,
            environment: Vec::new(),
        };
        let version = host.command(&["mgmt", "--version"]).output();
        let version = version.expect("commands can be run in the host");
        assert!(
            version.status.success(),
            "the release of Debian in TESTHOST_SUITE can not run what is built here: {}",
            String::from_utf8_lossy(&version.stderr)
        );
        host
    }

    /// Gives all commands one more variable, as `NAME=VALUE`.
    #[must_use]
    pub fn with_variable(mut self, variable: &str) -> Self {
        self.environment.push(variable.to_owned());
        self
    }

    /// A command that runs in the host as root, in `/root`.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--target={}", self.leader))
            .args(["--all", "--wdns=/root", "--", "env", "-i"])
            .args(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
            .args([
                "HOME=/root",
                "LANG=C.UTF-8",
                "DEBIAN_FRONTEND=noninteractive",
            ])
            .args(&self.environment)
            .args(words)
            .stdin(Stdio::null());
        command
    }

    /// Runs a shell script in the host and gives what it wrote, without the last line end.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        let output = self.try_run(script);
        output.unwrap_or_else(|error| panic!("`{script}` fails: {error}"))
    }

    /// The same.
    ///
    /// # Errors
    /// What it wrote, if it fails.
    pub fn try_run(&self, script: &str) -> Result<String, String> {
        let output = self.command(&["sh", "-euc", script]).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(format!(
                "{}\n{}",
                text(&output.stdout),
                text(&output.stderr)
            ))
        }
    }

    /// Waits until a shell script in the host succeeds. It is the host that tries again and again, since it
    /// takes several processes to enter it.
    ///
    /// # Panics
    /// If it does not come to succeed.
    #[track_caller]
    pub fn wait_until(&self, script: &str) {
        let patience = DEADLINE.as_secs().to_string();
        let again = r#"until sh -euc "$0" >/dev/null 2>&1; do sleep 0.02; done"#;
        let output = self
            .command(&["timeout", &patience, "sh", "-c", again, script])
            .output()
            .expect("commands can be run in the host");
        assert!(output.status.success(), "never happened: {script}");
    }

    /// Where a path of the host, which must not lead through links, is to be found from here.
    pub fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.leader))
    }

    /// Writes a file of the host, with its directories.
    ///
    /// # Panics
    /// If it can not be written.
    #[track_caller]
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        let directory = path.parent().expect("it has a directory");
        fs::create_dir_all(directory).expect("the directory can be made");
        fs::write(path, content).expect("it can be written");
    }

    /// Saves a program in the host as `/root/site.mcl`.
    #[track_caller]
    pub fn save(&self, program: &str) {
        self.write("/root/site.mcl.new", program);
        let (from, to) = ("/root/site.mcl.new", "/root/site.mcl");
        fs::rename(self.path(from), self.path(to)).expect("it can be renamed");
    }

    /// Runs a program in the host with `mgmt run`, on and on.
    #[track_caller]
    pub fn agent(&self, program: &str, flags: &[&str]) -> Running {
        self.save(program);
        let mut words = vec!["mgmt", "run", "--prefix=/var/lib/mgmt"];
        words.extend(flags);
        words.push("site.mcl");
        Running::start(&mut self.command(&words))
    }

    /// Asks an agent to end, and waits until it has done so in order.
    #[track_caller]
    pub fn stop(&self, mut agent: Running) {
        self.run("pkill -x mgmt");
        agent.wait();
    }

    /// Runs a program in the host until it has converged.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn converge(&self, program: &str) -> String {
        let mut agent = self.agent(program, &["--converged-timeout=0", "--max-runtime=60"]);
        let status = agent.wait();
        let log = agent.log();
        assert!(status.success(), "does not converge:\n{log}");
        log
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.lifeline = None;
        // It ends by itself now.
        let _ = self.child.wait();
    }
}
