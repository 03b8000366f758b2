//! Many small files, by mgmt and by others: from start to converged and ended. The output is a table for the README.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mgmt_tests::agent::binary;

use crate::samples::Samples;
use crate::{content, files};

const SIZES: [usize; 2] = [1_000, 10_000];

/// A program that manages files.
struct Tool {
    name: &'static str,
    /// The name of its policy file.
    policy: &'static str,
    /// The policy for so many files in a directory.
    text: fn(usize, &str) -> String,
    /// The program and its arguments, given the path of the policy and a directory of its own.
    command: fn(&Path, &Path) -> Command,
    /// How often it is measured with a thousand files.
    runs: usize,
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "mgmt",
        policy: "site.mcl",
        text: files,
        command: |policy, own| {
            let mut command = Command::new(binary("mgmt"));
            command
                .args(["run", "--converger-timeout=0", "--converged-exit"])
                .arg("--prefix")
                .arg(own)
                .arg(policy);
            command
        },
        runs: 10,
    },
    Tool {
        name: "cf-agent",
        policy: "site.cf",
        text: |count, directory| {
            let promise = |i| {
                format!(
                    "    \"{directory}/f{i}\"\n      create => \"true\",\n      content => \"{}\";\n",
                    content(i)
                )
            };
            let promises: String = (0..count).map(promise).collect();
            format!(
                "body common control\n{{\n  bundlesequence => {{ \"all\" }};\n}}\n\
                 bundle agent all\n{{\n  files:\n{promises}}}\n"
            )
        },
        command: |policy, _| {
            let mut command = Command::new("cf-agent");
            // Without locks: with them it would do nothing when run again within a minute.
            command.arg("--no-lock").arg("--file").arg(policy);
            command
        },
        runs: 10,
    },
    Tool {
        name: "puppet apply",
        policy: "site.pp",
        text: |count, directory| {
            let resource = |i| {
                format!(
                    "file {{ '{directory}/f{i}':\n  ensure => file,\n  content => \"{}\",\n}}\n",
                    content(i).escape_default()
                )
            };
            (0..count).map(resource).collect()
        },
        command: |policy, own| {
            let mut command = Command::new("puppet");
            command.arg("apply");
            command.arg("--vardir").arg(own.join("var"));
            command.arg("--confdir").arg(own.join("conf"));
            command.arg(policy);
            command
        },
        runs: 3,
    },
];

/// What there is before the run.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// An empty directory, and nothing in the page cache, not even the programs.
    Cold,
    /// An empty directory.
    Warm,
    /// All files, as they shall be.
    Done,
    /// All files, and one is not as it shall be.
    OneChanged,
}

impl Before {
    const ALL: [Self; 4] = [Self::Cold, Self::Warm, Self::Done, Self::OneChanged];

    fn describe(self) -> &'static str {
        match self {
            Self::Cold => "none there, page cache dropped",
            Self::Warm => "none there",
            Self::Done => "nothing to do",
            Self::OneChanged => "one has been changed",
        }
    }
}

/// One of the runs of a tool.
struct Run<'a> {
    tool: &'a Tool,
    count: usize,
    before: Before,
    scratch: &'a Path,
}

impl Run<'_> {
    /// From the start to the end.
    fn measure(&self) -> Duration {
        let Self { tool, scratch, .. } = self;
        let (out, own) = (scratch.join("out"), scratch.join("own"));
        match self.before {
            Before::Cold | Before::Warm => {
                fs::remove_dir_all(&out).ok();
                fs::create_dir(&out).unwrap();
            }
            Before::OneChanged => fs::write(out.join("f7"), "somebody else's\n").unwrap(),
            Before::Done => {}
        }
        fs::create_dir_all(&own).unwrap();
        // What others have written is not this program's burden.
        assert!(Command::new("sync").status().unwrap().success());
        if self.before == Before::Cold {
            fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
        }
        let mut command = (tool.command)(&scratch.join(tool.policy), &own);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status().unwrap();
        let elapsed = start.elapsed();
        assert!(status.success(), "{}: {status}", tool.name);
        for i in 0..self.count {
            let found = fs::read_to_string(out.join(format!("f{i}"))).unwrap();
            assert_eq!(found, content(i), "{}", tool.name);
        }
        elapsed
    }
}

impl Tool {
    /// What it says of its version; nothing if it is not installed.
    fn version(&self) -> Option<String> {
        let own = Path::new("/nonexistent");
        let program = (self.command)(own, own).get_program().to_owned();
        let output = Command::new(program).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let number = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
        let version = text.split_whitespace().find(number).unwrap_or_default();
        output.status.success().then(|| version.to_owned())
    }
}

pub(crate) fn measure() {
    let (installed, missing): (Vec<_>, Vec<_>) = TOOLS
        .iter()
        .map(|tool| (tool, tool.version()))
        .partition(|(_, version)| version.is_some());
    for (tool, _) in missing {
        println!("{} is not installed", tool.name);
    }
    println!("\nFrom the start to converged and ended; the median of some runs.\n");
    let names = installed.iter().map(|(tool, version)| {
        let version = version.as_deref().unwrap_or_default();
        format!(" {} {version} |", tool.name)
    });
    println!("| files | |{}", names.collect::<String>());
    println!("|---|---|{}", "---|".repeat(installed.len()));
    for count in SIZES {
        let scratch = tempfile::tempdir().unwrap();
        let out = scratch.path().join("out").display().to_string();
        for (tool, _) in &installed {
            let policy = scratch.path().join(tool.policy);
            fs::write(&policy, (tool.text)(count, &out)).unwrap();
            // CFEngine does not trust what others may write.
            fs::set_permissions(&policy, Permissions::from_mode(0o600)).unwrap();
        }
        for before in Before::ALL {
            let dropped = before != Before::Cold || nix::unistd::Uid::effective().is_root();
            let mut row = format!("| {count} | {} |", before.describe());
            let mut ours = None;
            for (tool, _) in &installed {
                let run = |before| Run {
                    tool,
                    count,
                    before,
                    scratch: scratch.path(),
                };
                if !dropped {
                    row += " only root can measure it |";
                    continue;
                }
                // The first run finds everything; what it takes is not counted.
                run(Before::Warm).measure();
                let runs = (tool.runs * SIZES[0] / count).max(2);
                let median = Samples::take(runs, || run(before).measure()).median();
                row += &match ours {
                    None => format!(" {} |", rounded(median)),
                    Some(ours) => {
                        let times = median.div_duration_f64(ours);
                        format!(" {} ({times:.1} x) |", rounded(median))
                    }
                };
                ours.get_or_insert(median);
            }
            println!("{row}");
        }
    }
    println!();
}

/// Milliseconds without a fraction.
fn rounded(duration: Duration) -> String {
    format!("{:.0} ms", duration.as_secs_f64() * 1e3)
}
