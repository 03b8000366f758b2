//! The language corpus: every `lang/**/*.mcl` and `lang/**/*.txtar` is a test, and what it must give stands
//! beside it in a file `.out`. So is every wrong example of `mgmtc explain`, with `lang/explain/*.out`.
//! `MGMT_BLESS=1` writes these files anew; read the difference before committing.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use mgmt_compiler::diagnostic::EXPLANATIONS;
use mgmt_stdlib::catalog::Catalog;
use mgmt_tests::case::Case;
use similar::TextDiff;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("lang");
    let catalog =
        Arc::new(Catalog::standard().expect("the catalogue's own tests rule out duplicates"));
    let bless = env::var_os("MGMT_BLESS").is_some();
    let (mut cases, mut snapshots) = (Vec::new(), BTreeSet::new());
    files(
        &root,
        &mut |path| match path.extension().and_then(|extension| extension.to_str()) {
            Some("mcl" | "txtar") => cases.push(path),
            Some("out") => {
                snapshots.insert(path);
            }
            _ => {}
        },
    );
    let mut trials = Vec::new();
    let mut add = |snapshot: PathBuf, case: Result<Case, String>| {
        snapshots.remove(&snapshot);
        let name = snapshot.strip_prefix(&root).unwrap_or(&snapshot);
        let name = name.with_extension("").display().to_string();
        let catalog = Arc::clone(&catalog);
        let run = move || run(&case?, &snapshot, &catalog, bless);
        trials.push(Trial::test(name, run));
    };
    for path in cases {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string());
        let case = text.and_then(|text| Case::parse(&path, &text));
        add(path.with_extension("out"), case);
    }
    for explanation in EXPLANATIONS {
        for (i, example) in explanation.examples("mcl wrong").iter().enumerate() {
            let more = if i == 0 {
                String::new()
            } else {
                format!("-{}", i + 1)
            };
            let snapshot = root.join(format!("explain/{}{more}.out", explanation.code));
            add(snapshot, Ok(Case::program(example)));
        }
    }
    trials.push(Trial::test("every_snapshot_has_a_case", move || {
        if snapshots.is_empty() {
            return Ok(());
        }
        Err(Failed::from(format!("these have no case: {snapshots:#?}")))
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(case: &Case, snapshot: &Path, catalog: &Catalog, bless: bool) -> Result<(), Failed> {
    let outcome = case.outcome(catalog);
    let expected = fs::read_to_string(snapshot).unwrap_or_default();
    if outcome == expected {
        return Ok(());
    }
    if bless {
        if let Some(directory) = snapshot.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(snapshot, outcome)?;
        return Ok(());
    }
    let diff = TextDiff::from_lines(&expected, &outcome);
    Err(Failed::from(format!(
        "not what {} says:\n{}",
        snapshot.display(),
        diff.unified_diff().header("expected", "given")
    )))
}

/// Calls `found` for every file below a directory.
fn files(directory: &Path, found: &mut dyn FnMut(PathBuf)) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found(path);
        }
    }
}
