//! What people are told about the graphs that the engine was offered.

use mgmt_compiler::diagnostic::Diagnostic;
use mgmt_compiler::files::Sources;
use mgmt_compiler::render::Findings;

use crate::engine::Problem;
use crate::frontend::Report;

/// Tells people what is wrong with graphs, and what somebody should look at.
pub(super) struct Teller {
    /// Who shows it.
    report: Report,
    /// The warnings about the running graph.
    told: Vec<Problem>,
}

impl Teller {
    pub(super) fn new(report: Report) -> Self {
        Self {
            report,
            told: Vec::new(),
        }
    }

    /// Why a graph does not run.
    pub(super) fn rejected(&self, problems: &[Problem], sources: &Sources) {
        let problems: Vec<_> = problems.iter().map(Problem::error).collect();
        self.tell(&problems, sources);
    }

    /// What is to be said about the graph that runs now, as far as it was not said about the one before.
    pub(super) fn committed(&mut self, warnings: Vec<Problem>, sources: &Sources) {
        let new = warnings.iter().filter(|it| !self.told.contains(it));
        let new: Vec<_> = new.map(Problem::warning).collect();
        self.tell(&new, sources);
        self.told = warnings;
    }

    fn tell(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        if diagnostics.is_empty() {
            return;
        }
        (self.report)(Findings {
            diagnostics,
            sources,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use mgmt_compiler::diagnostic::Code;
    use mgmt_compiler::graph::Resource;
    use mgmt_stdlib::resources::noop;

    use super::*;

    #[test]
    fn a_warning_is_told_once_while_it_holds() {
        let shown: Arc<Mutex<Vec<String>>> = Arc::default();
        let report: Report = {
            let shown = Arc::clone(&shown);
            Arc::new(move |findings: Findings<'_>| {
                let texts = findings.diagnostics.iter();
                let texts = texts.map(|it| format!("{} {}", it.code, it.message));
                shown.lock().unwrap().extend(texts);
            })
        };
        let new = || std::mem::take(&mut *shown.lock().unwrap());
        let problem = |name: &str| {
            let resource = Resource::new(name, noop::Noop::default());
            Problem::new(&resource, Code::IGNORED_META, "in vain")
        };
        let sources = Sources::default();
        let mut teller = Teller::new(report);
        let mut committed = |names: &[&str]| {
            let warnings = names.iter().map(|name| problem(name)).collect();
            teller.committed(warnings, &sources);
            new()
        };
        assert_eq!(committed(&["a"]), ["W0807 noop[a]: in vain"]);
        assert_eq!(committed(&["a", "b"]), ["W0807 noop[b]: in vain"]);
        assert_eq!(committed(&[]), [""; 0]);
        assert_eq!(committed(&["a"]), ["W0807 noop[a]: in vain"]);
        teller.rejected(&[problem("c")], &sources);
        assert_eq!(new(), ["W0807 noop[c]: in vain"]);
    }
}
