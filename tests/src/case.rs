//! One case of the language corpus: a program, and what comes of it as text.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use mgmt_compiler::commands::compile_shown;
use mgmt_compiler::diagnostic::Diagnostic;
use mgmt_compiler::evaluator::Evaluator;
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::first::first_graph;
use mgmt_compiler::graph::{GraphFormat, ResourceGraph, format};
use mgmt_compiler::render::{MessageFormat, Terminal, render};
use mgmt_compiler::{Compilation, Input, Options};
use mgmt_stdlib::catalog::{Catalog, Claims, Host};

/// The files of a program in memory, rooted at `/`.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the case pins, from its first line.
    pub rule: String,
    files: MemoryFiles,
    input: Input,
}

impl Case {
    /// A case from the text of its file. `.mcl` is a program of one file; `.txtar` holds several, each after
    /// a line `-- path --`, and starts from `metadata.yaml` or `main.mcl`.
    ///
    /// # Errors
    /// If the first line is no comment that names a rule and a section.
    pub fn parse(path: &Path, text: &str) -> Result<Self, String> {
        let rule = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# "))
            .filter(|line| line.contains('§'))
            .ok_or("the first line must be a comment that names the rule and its section (§)")?
            .to_owned();
        let mut files = MemoryFiles::default();
        let input = if path
            .extension()
            .is_some_and(|extension| extension == "txtar")
        {
            for (name, text) in archive(text) {
                files = files.with(Path::new("/").join(name), text);
            }
            Input::Path("/".into())
        } else {
            files = files.with("/main.mcl", text);
            Input::Path("/main.mcl".into())
        };
        Ok(Self { rule, files, input })
    }

    /// A program of one file.
    pub fn program(text: &str) -> Self {
        Self {
            rule: String::new(),
            files: MemoryFiles::default().with("/main.mcl", text),
            input: Input::Path("/main.mcl".into()),
        }
    }

    /// The diagnostics as they are shown to people, then the graph as `mgmtc graph` prints it.
    pub fn outcome(&self, catalog: &Catalog) -> String {
        let (compilation, graph) = self.run(catalog);
        let findings = compilation.findings();
        let mut out = render(MessageFormat::Human, &[findings], Terminal::PLAIN);
        if let Some(graph) = graph {
            out.push_str(&format(&graph, catalog, GraphFormat::Text));
        }
        out
    }

    /// What is wrong with the program, also while it runs.
    pub fn diagnostics(&self, catalog: &Catalog) -> Vec<Diagnostic> {
        self.run(catalog).0.diagnostics
    }

    /// The resources that the program denotes.
    ///
    /// # Errors
    /// The diagnostics as they are shown to people, if one of them is an error.
    pub fn graph(&self, catalog: &Catalog) -> Result<Arc<ResourceGraph>, String> {
        let (compilation, graph) = self.run(catalog);
        let findings = compilation.findings();
        graph.ok_or_else(|| render(MessageFormat::Human, &[findings], Terminal::PLAIN))
    }

    /// Compiles the program.
    pub fn compile(&self, catalog: &Catalog) -> Compilation {
        let options = Options {
            hostname: HOSTNAME.to_owned(),
            module_path: Some("/modules".into()),
        };
        compile_shown(&self.input, &self.files, catalog, &options, Path::new("/"))
    }

    fn run(&self, catalog: &Catalog) -> (Compilation, Option<Arc<ResourceGraph>>) {
        let mut compilation = self.compile(catalog);
        let Some(program) = compilation.program.take() else {
            return (compilation, None);
        };
        match first_graph(&mut Evaluator::new(program), &FixedHost::default()) {
            Ok(graph) => {
                compilation.foretell(&graph);
                (compilation, Some(graph))
            }
            Err(diagnostic) => {
                compilation.fail(*diagnostic);
                (compilation, None)
            }
        }
    }
}

/// The files of an archive: what stands before the first marker is a comment.
pub fn archive(text: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let marker = line
            .trim_end()
            .strip_prefix("-- ")
            .and_then(|rest| rest.strip_suffix(" --"));
        match (marker, files.last_mut()) {
            (Some(name), _) => files.push((name, String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => {}
        }
    }
    files
}

const HOSTNAME: &str = "h1";

/// A machine on which nothing changes.
#[derive(Debug, Default)]
pub struct FixedHost(Claims);

impl Host for FixedHost {
    fn hostname(&self) -> &str {
        HOSTNAME
    }
    fn claim(&self, name: &str) -> bool {
        self.0.claim(name)
    }
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn args(&self) -> Vec<String> {
        vec!["mgmt".to_owned(), "run".to_owned()]
    }
    fn env(&self) -> Vec<(String, String)> {
        vec![("HOME".to_owned(), "/root".to_owned())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_hold_files_after_their_markers() {
        assert_eq!(
            archive("# comment\n-- a.mcl --\none\ntwo\n-- b/c.mcl --\nthree"),
            [
                ("a.mcl", "one\ntwo\n".to_owned()),
                ("b/c.mcl", "three".to_owned())
            ]
        );
    }

    #[test]
    fn a_case_names_its_rule() {
        assert!(Case::parse(Path::new("a.mcl"), "noop \"x\" {}\n").is_err());
        let case = Case::parse(
            Path::new("a.mcl"),
            "# names are strings (language.md §8.2)\n",
        )
        .unwrap();
        assert_eq!(case.rule, "names are strings (language.md §8.2)");
    }
}
