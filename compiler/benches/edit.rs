//! How long an editor waits for the analysis of a program of 20 files after an edit of one of them. Run with
//! `cargo bench -p mgmt-compiler --bench edit`.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::insight::{Insight, inspect};
use mgmt_compiler::load::ParseCache;
use mgmt_compiler::{Input, Options};
use mgmt_stdlib::catalog::Catalog;

fn main() {
    divan::main();
}

static CATALOG: LazyLock<Arc<Catalog>> =
    LazyLock::new(|| Arc::new(Catalog::standard().expect("no duplicates")));

const FILES: usize = 20;

/// A module of 10 lines for each of `blocks`.
fn module(prefix: &str, blocks: usize) -> String {
    let mut text = String::from("import \"fmt\"\n");
    for i in 0..blocks {
        let _ = write!(
            text,
            "$name_{i} = fmt.printf(\"n%d\", {i})\nfunc {prefix}f{i}($a, $b) {{\n\t$a + $b + {i}\n}}\nclass {prefix}c{i}($p) {{\n\tfile \"/tmp/${{p}}/{i}\" {{\n\t\tstate => \"exists\",\n\t\tcontent => fmt.printf(\"%s %d\", $name_{i}, {prefix}f{i}(1, 2)),\n\t}}\n}}\n"
        );
    }
    text
}

fn files(edited: &str) -> MemoryFiles {
    let mut main = String::new();
    let mut files = MemoryFiles::default();
    for i in 0..FILES {
        let _ = writeln!(main, "import \"lib{i}.mcl\"");
        let mut text = module(&format!("l{i}_"), 100);
        if i == 3 {
            text.push_str(edited);
        }
        files = files.with(format!("/p/lib{i}.mcl"), text);
    }
    for i in 0..FILES {
        let _ = writeln!(main, "include lib{i}.l{i}_c7(\"a\")");
    }
    files.with("/p/main.mcl", main)
}

fn look(files: &MemoryFiles, cache: &mut ParseCache) -> Insight {
    let input = Input::Path(PathBuf::from("/p/main.mcl"));
    inspect(&input, files, &CATALOG, &Options::default(), cache, &|| {
        true
    })
    .expect("it is wanted")
}

/// Until the names are known, or the types as well.
#[divan::bench(args = [false, true])]
fn edit_of_one_in_20_files(bencher: Bencher<'_, '_>, with_types: bool) {
    let worlds = [files(""), files("$x = 1\n")];
    let mut cache = ParseCache::default();
    let insight = look(&worlds[1], &mut cache);
    assert!(insight.diagnostics().is_empty());
    let mut at = 0;
    bencher.bench_local(move || {
        at += 1;
        let insight = look(&worlds[at % 2], &mut cache);
        if with_types {
            assert!(insight.types().is_some());
        }
        insight
    });
}
