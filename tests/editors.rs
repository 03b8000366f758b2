//! Real editors drive the real `mgmt-lsp`: Neovim and Emacs without a screen, and the protocol layer of VS Code under
//! Node. Kate's highlighter colours a program. Where one of them is not installed its test is counted as ignored, and
//! that is told. Of Helix and Zed, which do not run without a screen, the configuration is looked at.

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
        trial("emacs", &["emacs"], emacs),
        trial("vscode", &["node", "npm"], vscode),
        trial("kate", &["kate-syntax-highlighter"], kate),
        trial("helix", &[], helix),
        trial("zed", &[], zed),
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

fn emacs() -> Result<(), Failed> {
    let server = binary("mgmt-lsp");
    let directory = tempfile::tempdir()?;
    // What is wrong this script types itself.
    let program = PROGRAM.replace("$greting", "$greeting");
    fs::write(directory.path().join("site.mcl"), program)?;
    let package = editors().join("emacs");
    let output = Command::new("emacs")
        .args(["-Q", "--batch", "-L"])
        .arg(&package)
        .arg("-l")
        .arg(package.join("test/client.el"))
        .current_dir(directory.path())
        .env("PATH", search_path(&server)?)
        .env("HOME", directory.path())
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if output.status.success() && told.ends_with("ok the test reaches its end\n") {
        return Ok(());
    }
    Err(failure(&output, "emacs"))
}

fn kate() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let program = directory.path().join("site.mcl");
    fs::write(&program, PROGRAM)?;
    let definitions = directory.path().join("org.kde.syntax-highlighting/syntax");
    fs::create_dir_all(&definitions)?;
    fs::copy(editors().join("kate/mcl.xml"), definitions.join("mcl.xml"))?;
    let output = Command::new("kate-syntax-highlighter")
        .args(["--output-format", "ansi", "--syntax-trace", "format"])
        .arg(&program)
        .env("XDG_DATA_HOME", directory.path())
        .env("QT_QPA_PLATFORM", "offscreen")
        .output()?;
    // Under each line stand the names of the colours of its parts.
    let told = String::from_utf8_lossy(&output.stdout);
    let colours = [
        "Variable", "Operator", "String", "Comment", "Resource", "Field",
    ];
    match colours.iter().find(|colour| !told.contains(**colour)) {
        None if output.status.success() => Ok(()),
        missing => Err(failure(&output, &format!("kate: {missing:?}"))),
    }
}

/// Parses a file of an editor's configuration.
fn table(path: &str) -> Result<toml::Table, Failed> {
    Ok(fs::read_to_string(editors().join(path))?.parse()?)
}

/// Ends the test with a reason unless something is so.
fn ensure(is_so: bool, what: impl Into<String>) -> Result<(), Failed> {
    if is_so {
        Ok(())
    } else {
        Err(what.into().into())
    }
}

fn helix() -> Result<(), Failed> {
    let config = table("helix/languages.toml")?;
    let language = &config["language"][0];
    // Helix refuses what it does not know: <https://docs.helix-editor.com/languages.html>.
    let known = [
        "name",
        "scope",
        "injection-regex",
        "file-types",
        "comment-token",
        "indent",
        "roots",
        "language-servers",
        "auto-format",
    ];
    for key in language.as_table().into_iter().flat_map(toml::Table::keys) {
        ensure(
            known.contains(&key.as_str()),
            format!("`{key}` is not known"),
        )?;
    }
    ensure(
        language["file-types"][0].as_str() == Some("mcl"),
        "the file type",
    )?;
    for server in language["language-servers"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let name = server.as_str().unwrap_or_default();
        let command = config["language-server"][name]["command"].as_str();
        ensure(command == Some("mgmt-lsp"), format!("no server `{name}`"))?;
    }
    let grammar = &config["grammar"][0];
    ensure(
        grammar["name"] == language["name"],
        "the grammar is of another language",
    )?;
    let source = grammar["source"]["path"].as_str().unwrap_or_default();
    ensure(
        is_grammar(source.split("/mgmt/").last().unwrap_or_default()),
        source,
    )
}

fn zed() -> Result<(), Failed> {
    let extension = table("zed/extension.toml")?;
    let language = table("zed/languages/mcl/config.toml")?;
    // <https://zed.dev/docs/extensions/languages>
    for key in [
        "id",
        "name",
        "version",
        "schema_version",
        "authors",
        "description",
    ] {
        ensure(extension.contains_key(key), format!("`{key}` is missing"))?;
    }
    let servers = extension["language_servers"]
        .as_table()
        .into_iter()
        .flatten();
    for (server, about) in servers {
        let languages = about["languages"].as_array().into_iter().flatten();
        let unknown = languages.into_iter().find(|it| **it != language["name"]);
        ensure(unknown.is_none(), format!("{server}: {unknown:?}"))?;
    }
    let grammar = language["grammar"].as_str().unwrap_or_default();
    let grammar = &extension["grammars"][grammar];
    for key in ["repository", "rev", "path"] {
        ensure(grammar.get(key).is_some(), format!("`{key}` is missing"))?;
    }
    ensure(
        is_grammar(grammar["path"].as_str().unwrap_or_default()),
        "the grammar is elsewhere",
    )?;
    let colours = fs::read_to_string(editors().join("zed/languages/mcl/highlights.scm"))?;
    ensure(colours.contains("@comment"), "there are no colours")
}

/// Whether there is a generated parser at a path in the tree.
fn is_grammar(path: &str) -> bool {
    workspace().join(path).join("src/parser.c").is_file()
}

fn failure(output: &Output, what: &str) -> Failed {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    format!("{what}: {}\n{out}\n{error}", output.status).into()
}
