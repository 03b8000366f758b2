//! Real editors drive the real `mgmt-lsp`: Neovim without a screen, and the protocol layer of VS Code under Node.
//! Where one of them is not installed its test is counted as ignored, and that is told.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Failed};
use mgmt_tests::agent::{binary, workspace};
use mgmt_tests::programs::trial;

/// With an error in line 6.
const PROGRAM: &str = "$greeting = \"hello\"\n\n# comment\nfile \"/tmp/x\" {\n\tstate => \"exists\",\n\
                       \tcontent => $greting,\n}\n";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial("neovim", &["nvim"], neovim),
        trial("vscode", &["node", "npm"], vscode),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn editors() -> PathBuf {
    workspace().join("lsp/editors")
}

/// `PATH` with the server on it.
fn search_path(server: &Path) -> Result<OsString, Failed> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = iter::once(server.parent().unwrap_or(server).to_owned());
    Ok(env::join_paths(directories.chain(env::split_paths(&path)))?)
}

fn neovim() -> Result<(), Failed> {
    let server = binary("mgmt-lsp");
    let directory = tempfile::tempdir()?;
    fs::write(directory.path().join("site.mcl"), PROGRAM)?;
    let report = directory.path().join("report");
    let plugin = editors().join("neovim");
    let output = Command::new("nvim")
        .args(["--headless", "-n", "-i", "NONE", "-u", "NONE", "--noplugin"])
        .arg("--cmd")
        .arg(format!("set runtimepath^={}", plugin.display()))
        .args(["--cmd", "filetype plugin on", "-S"])
        .arg(plugin.join("test/client.lua"))
        .current_dir(directory.path())
        .env("PATH", search_path(&server)?)
        .env("MGMT_NEOVIM_REPORT", &report)
        .env("XDG_STATE_HOME", directory.path())
        .env("XDG_CACHE_HOME", directory.path())
        .env("XDG_DATA_HOME", directory.path())
        .output()?;
    let report = fs::read_to_string(report).unwrap_or_default();
    if output.status.success() && report.ends_with("ok the test reaches its end\n") {
        return Ok(());
    }
    Err(failure(&output, &report))
}

fn vscode() -> Result<(), Failed> {
    let server = binary("mgmt-lsp");
    let extension = editors().join("vscode");
    for arguments in [
        &["ci", "--no-audit", "--no-fund"][..],
        &["run", "package"],
        &["test"],
    ] {
        let output = Command::new("npm")
            .args(arguments)
            .current_dir(&extension)
            .env("MGMT_LSP", &server)
            .output()?;
        if !output.status.success() {
            return Err(failure(&output, &arguments.join(" ")));
        }
    }
    Ok(())
}

fn failure(output: &Output, what: &str) -> Failed {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    format!("{what}: {}\n{out}\n{error}", output.status).into()
}
