//! A thousand small files, by mgmt and by others: from start to converged and ended.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mgmt_tests::agent::binary;

use crate::samples::{Samples, ms};
use crate::{content, files};

const FILES: usize = 1000;

/// A program that manages files.
struct Tool {
    name: &'static str,
    /// The name of its policy file.
    policy: &'static str,
    /// The policy for files in a directory.
    text: fn(&str) -> String,
    /// The program and its arguments, given the path of the policy and a directory of its own.
    command: fn(&Path, &Path) -> Command,
    /// How often it is measured.
    runs: usize,
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "mgmt",
        policy: "site.mcl",
        text: |directory| files(FILES, directory),
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
        text: |directory| {
            let promise = |i| {
                format!(
                    "    \"{directory}/f{i}\"\n      create => \"true\",\n      content => \"{}\";\n",
                    content(i)
                )
            };
            let promises: String = (0..FILES).map(promise).collect();
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
        text: |directory| {
            let resource = |i| {
                format!(
                    "file {{ '{directory}/f{i}':\n  ensure => file,\n  content => \"{}\",\n}}\n",
                    content(i).escape_default()
                )
            };
            (0..FILES).map(resource).collect()
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
}

impl Tool {
    /// From the start to the end of one run.
    fn run(&self, before: Before, scratch: &Path) -> Duration {
        let (out, own) = (scratch.join("out"), scratch.join("own"));
        if before != Before::Done {
            fs::remove_dir_all(&out).ok();
            fs::create_dir(&out).unwrap();
        }
        fs::create_dir_all(&own).unwrap();
        // What others have written is not this program's burden.
        assert!(Command::new("sync").status().unwrap().success());
        if before == Before::Cold {
            fs::write("/proc/sys/vm/drop_caches", "3").unwrap();
        }
        let mut command = (self.command)(&scratch.join(self.policy), &own);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status().unwrap();
        let elapsed = start.elapsed();
        assert!(status.success(), "{}: {status}", self.name);
        for i in 0..FILES {
            let found = fs::read_to_string(out.join(format!("f{i}"))).unwrap();
            assert_eq!(found, content(i), "{}", self.name);
        }
        elapsed
    }

    fn is_installed(&self) -> bool {
        let own = Path::new("/nonexistent");
        let mut command = (self.command)(own, own);
        let mut version = Command::new(command.get_program());
        version.arg("--version").stdout(Stdio::null());
        command.stdin(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    }
}

pub(crate) fn measure() {
    println!("{FILES} small files, from start to converged and ended (median, fastest)");
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("out");
    let tools: Vec<&Tool> = TOOLS
        .iter()
        .filter(|tool| {
            let installed = tool.is_installed();
            if !installed {
                println!("  {} is not installed", tool.name);
            }
            installed
        })
        .collect();
    for tool in &tools {
        let policy = scratch.path().join(tool.policy);
        fs::write(&policy, (tool.text)(&out.display().to_string())).unwrap();
        // CFEngine does not trust what others may write.
        fs::set_permissions(&policy, Permissions::from_mode(0o600)).unwrap();
    }
    for (before, what) in [
        (Before::Warm, "empty directory, warm"),
        (Before::Done, "nothing to do, warm"),
        (Before::Cold, "empty directory, page cache dropped"),
    ] {
        if before == Before::Cold && !nix::unistd::Uid::effective().is_root() {
            println!("  {what}: only root can measure it");
            continue;
        }
        println!("  {what}");
        let mut ours = None;
        for tool in &tools {
            // The first run finds everything; what it takes is not counted.
            tool.run(Before::Warm, scratch.path());
            let samples = Samples::take(tool.runs, || tool.run(before, scratch.path()));
            let median = samples.median();
            let ours = *ours.get_or_insert(median);
            println!(
                "    {:<14}{:>12}{:>12}   {:.1} x",
                tool.name,
                ms(median),
                ms(samples.min()),
                median.as_secs_f64() / ours.as_secs_f64(),
            );
        }
    }
    println!();
}
